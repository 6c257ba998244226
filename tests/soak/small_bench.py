"""`bench` on trials of a second: few figures, and a stand-in for the slow, exact measures.

`python -m tests.soak.small_bench run ...`; worker processes have the stand-in too.
"""

import time
from typing import Any

from bench.records.writing import Measured
from bench.training import executors

from ..bench import tiny

MEASURING = 0.1  # seconds: long enough to be killed in
FEW = ("samples", "quality")
ARGUMENTS = (
    *("--dataset", "ring8", "--models", "gan,wgangp", "--seeds", "2", "--set", "width=4"),
    *("--set", "latent_dim=3", "--set", "backbone=mlp", "--images", "4800", "--evaluations", "3"),
    *("--batch-size", "16", "--probes", "all", "--checkpoint-every", "0.1"),
)
begin_worker = executors.begin_worker


def evaluate(*arguments: Any, **options: Any) -> Any:
    time.sleep(MEASURING)
    found, absent = tiny.sole(tiny.evaluate(*arguments, **options))
    return [([*found, Measured("emd", found[1].value, "points", 2500, "true:2500")], absent)]


def begin_small_worker(gpu: str | None = None) -> None:
    begin_worker(gpu)
    from bench.training import under_way

    vars(under_way)["evaluate"] = evaluate


def main() -> None:
    from bench.cli import main
    from bench.plots import figures
    from bench.training import under_way

    figures.FIGURES = {name: figures.FIGURES[name] for name in FEW}
    vars(under_way)["evaluate"] = evaluate
    executors.begin_worker = begin_small_worker
    main()


if __name__ == "__main__":
    from tests.soak import small_bench  # by its name: workers cannot import what `__main__` defines

    small_bench.main()
