# make compare    train, measure and compare the five models on real digits (no download of data)
# make test       lint, types and tests, in a few minutes
# Both set up a virtual environment in .venv on first use.
#
# Any option of `bench run` can follow: make compare ARGS="--models dcgan,wgangp --seeds 9"

PYTHON ?= python3
PRECISION ?= fp32
ARGS ?=
BIN := .venv/bin
BENCHES ?= tests/benchmarks
KILLS ?= 100
SOAK ?= --damages 25 --plans 3000 --starts 100
RUN := results/benchmarks/$(shell date +%F-%H%M).json
READY := .venv/.ready
# Makes a larger processor compute as one with AVX2 alone; tests of what depends on that.
COMMON := ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
ON_COMMON := tests/bench/test_common_processor.py tests/gan_zoo/test_single_channel.py \
  tests/gan_zoo/test_layouts.py tests/gan_zoo/test_piecewise.py tests/gan_zoo/test_by_hand.py
WORKERS := $(shell $(PYTHON) -c "import os; print(max(1, len(os.sched_getaffinity(0))))" 2>/dev/null || echo 1)

.PHONY: setup compare test test-all docs soak bench bench-gpu calibrate notebook tuned clean
.DEFAULT_GOAL := compare

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

# Three seeds, then more where the answer is open, for half an hour; --seeds N gives N and stops.
LOOKING = $(if $(findstring --seeds,$(ARGS)),,--until-decided --within 30)

compare: $(READY)
	$(BIN)/bench run --precision $(PRECISION) $(LOOKING) $(ARGS)

# One thread a process: two processes of one thread do more than one of two.
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not slow"
	$(COMMON) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not slow" $(ON_COMMON)

# The slow tests too, those of the page in a browser, of the notebook, on a Ray cluster, and of other
# programs' formats.
MORE = browser,cluster,docs,live,notebook,tensorboard,mlflow,wandb

test-all: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(MORE)]'
	@command -v chromium > /dev/null || \
	  echo "No chromium: the tests of the page in a browser will be skipped (apt-get install chromium)"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

# The documents as a site, site/index.html; a broken link is an error. First, the tables and the
# picture in docs/ that are made from the code and the results are made anew.
docs: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	$(BIN)/python -m tests.documents
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# What docs/reliability.md reports; hours. What was tried goes into soak.json.
soak: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.soak --kills $(KILLS) $(SOAK)

bench: $(READY)
	mkdir -p results/benchmarks
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(BENCHES) --benchmark-only \
	  --benchmark-json=$(RUN)
	$(BIN)/python tests/benchmarks/table.py results/benchmarks

# What docs/cost.md says of GPUs: six minutes on one, and LONG=1 adds the long run.
bench-gpu: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.gpu \
	  results/benchmarks/gpu/$(shell date +%F-%H%M).json $(if $(LONG),--long)

# Execute examples/compare.ipynb, a few minutes, and keep its pictures.
notebook: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[notebook]'
	$(BIN)/python -m tests.notebook

# Simulate error and power of the rules of inference again (docs/statistics.md).
calibrate: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.calibration

# The published searches (docs/tuning.md): half an hour on points, five hours of a core on digits.
# The same command goes on where it stopped.
TUNE := $(BIN)/bench tune --device cpu --report-seeds 11,12,13,14,15,16
tuned: $(READY)
	$(TUNE) experiments/ring8.toml --batch-size 64 --evaluations 1 --out results/reference-tuned/ring8
	$(TUNE) experiments/mnist5k.toml --out results/reference-tuned/mnist5k

clean:
	rm -rf .venv site .mypy_cache .ruff_cache .pytest_cache .benchmarks
