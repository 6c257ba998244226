"""`import bench`: what the command line does, from Python, without a trace in the process."""

import inspect
import json
import logging
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import matplotlib.figure
import pandas as pd
import pytest
import torch
from PIL import Image

import bench
import gan_zoo
from bench.api.arguments import parsed
from bench.cli.run import run as command
from bench.datasets.storage import cache_dir
from bench.plots.figures import FIGURES

from . import tiny

ROOT = Path(__file__).parents[2]
PUBLISHED = ["reference-mnist5k", "reference-mnist5k-decided", "reference-ring8", "reference-notes"]
SMALL: dict[str, Any] = {
    "dataset": "ring8",
    "images": 960,
    "evaluations": 2,
    "batch_size": 16,
    "jobs": 1,
    "set": {"width": 4, "latent_dim": 3, "backbone": "mlp"},
}


# A script's first lines: its report has one figure.
QUICK = "import bench\nfrom bench.plots import figures\nall = figures.FIGURES\n"
QUICK += "figures.FIGURES = {'quality': all['quality']}\n"
quick, records_alone = tiny.quick, tiny.records_alone


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bench.Results:
    with tiny.in_short(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = tmp_path_factory.mktemp("api") / "r"
        return bench.run(models=["gan", gan_zoo.WGANGP], seeds=2, out=root, **SMALL)


@pytest.fixture(scope="module")
def digits() -> bench.Results:
    return bench.load(ROOT / "results" / "reference-mnist5k")


def test_it_has_the_options_of_the_command_line() -> None:
    options = {parameter.name: parameter for parameter in command.params}
    renamed = {"datasets": "dataset", "values": "set"}
    asked = {renamed.get(str(name), str(name)) for name in options} - {"dry_run", "live"}
    own = inspect.signature(bench.run).parameters
    assert set(own) - {"progress"} == asked
    # Without a word from Python, click gives what it gives to an empty command line.
    quiet = {n: p.default for n, p in own.items() if n not in ("experiment", "progress")}
    assert parsed(command, quiet) == command.make_context("run", []).params


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"models": ["gan", gan_zoo.WGANGP]}, ["--models", "gan,wgangp"]),
        ({"seeds": [5], "images": 64e3}, ["--seeds", "5,", "--images", "64000"]),
        ({"seeds": range(2), "dataset": ("a5", "b")}, ["--seeds=0,1,", "--dataset=a5,b"]),
        ({"set": {"width": 9, "a.betas": (0.0, 0.9)}}, ["--set=width=9", "--set=a.betas=0.0,0.9"]),
        ({"set": "width=16", "retry": "failed"}, ["--set", "width=16", "--retry", "failed"]),
        ({"check": False, "until_decided": True}, ["--no-check", "--until-decided"]),
        ({"stack": 4, "deterministic": False}, ["--stack", "4", "--no-deterministic"]),
        ({"out": Path("-x"), "within": 0.5}, ["--out=-x", "--within", "0.5"]),
    ],
)  # fmt: skip
def test_values_of_python_are_those_of_the_command_line(
    values: dict[str, Any], words: list[str]
) -> None:
    assert parsed(command, values) == command.make_context("run", words).params


def test_it_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    class Mine(gan_zoo.GAN): ...

    for values, said in (
        ({"models": "gann"}, "did you mean 'gan'"),
        ({"retries": -1}, "-1 is not in the range"),
        ({"experiment": "none.toml"}, "none.toml"),
        ({"models": Mine}, "cannot import it: write it to a file of its own"),
        ({"max_seeds": 5}, "goes with --until-decided"),
        ({"seeds": True}, "seeds takes a value, not True"),
        ({"seeds": 1.5}, "seeds are a number of them"),
        ({"check": "no"}, "check is True or False, not 'no'"),
        ({"models": "WGANGP"}, "did you mean 'wgangp'"),
    ):
        with pytest.raises(ValueError, match=said) as error:
            bench.run(**values, out=tmp_path / "none")
        assert isinstance(error.value, bench.InputError)
        assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_it_leaves_no_trace_and_says_nothing(
    small: bench.Results,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def state() -> tuple[object, ...]:
        handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
        return torch.get_num_threads(), dict(os.environ), handlers, torch.get_rng_state().tolist()

    torch.set_num_threads(3)
    before = state()
    noted = pytest.warns(UserWarning, match="only differences above about")
    with tiny.in_short(), caplog.at_level(logging.INFO, "bench"), noted as told:
        again = bench.run(
            models="gan,wgangp", seeds=[0, 1], out=tmp_path / "r", data_dir=cache_dir(), **SMALL
        )
    assert state() == before
    torch.set_num_threads(1)
    assert told[0].filename == __file__
    assert capfd.readouterr() == ("", "")
    assert "4 trials: gan, wgangp on ring8, seeds 0, 1" in caplog.text
    for table in ("curves", "evaluations"):  # twice in one process, the same bits
        one, two = (getattr(each, table).drop(columns="seconds") for each in (small, again))
        timed = one["metric"].str.startswith("cost/")
        pd.testing.assert_frame_equal(one[~timed], two[~timed], check_exact=True)


def test_it_goes_on_and_tells_of_failures(small: bench.Results, tmp_path: Path) -> None:
    (tmp_path / "breaks.py").write_text(
        "from gan_zoo.gan import VanillaGAN\nclass Breaks(VanillaGAN):\n"
        "    def generator_loss(self, batch):\n        raise RuntimeError('on purpose')\n"
    )
    with tiny.in_short(), pytest.warns(UserWarning, match="1 of 1 trials failed"):
        results = bench.run(
            models=f"{tmp_path}/breaks.py", seeds=1, out=tmp_path / "r", check=False, **SMALL
        )
    assert results.trials["reason"].tolist() == ["RuntimeError: on purpose"]
    assert repr(results).startswith(f"{tmp_path / 'r'}: 1 trial: 1 failed\nring8, 960 images")
    before = small.trials["seconds"].tolist()
    with tiny.in_short():
        again = bench.run(models="gan,wgangp", seeds=2, out=small.path, **SMALL)
    assert again.trials["seconds"].tolist() == before  # nothing was trained anew


@pytest.mark.usefixtures("quick", "records_alone")
def test_several_data_sets(tmp_path: Path) -> None:
    asked = SMALL | {"dataset": ["ring8", "grid25"], "images": 160, "evaluations": 1}
    results = bench.run(models="gan", seeds=1, out=tmp_path, **asked)
    assert results.pivot("sum").index.tolist() == [("grid25", 0), ("ring8", 0)]
    assert results.final("sum")["dataset"].tolist() == ["ring8", "grid25"]
    for ask in (lambda: results.plot("losses"), lambda: results.samples("gan")):
        with pytest.raises(bench.InputError, match="which data set\\? dataset='ring8' or 'grid25'"):
            ask()
    assert list(results.samples("gan", dataset="grid25")) == [0, 160]
    with pytest.raises(bench.InputError, match="no data set here 'grid'; did you mean 'grid25'"):
        results.plot("losses", dataset="grid")
    with pytest.raises(bench.InputError, match="no metric 'measured'"):  # no EMD of the stand-in
        results.final()
    with pytest.raises(bench.InputError, match=r"`bench report .*` writes it"):
        _ = results.summary


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_natural_line_gives_the_reported_number(name: str) -> None:
    results = bench.load(ROOT / "results" / name)
    summary = results.summary.set_index("model")
    for metric in ("fid", "emd", "kid", "modes", "precision"):
        if metric not in results.metrics:
            continue
        reported = summary[f"{metric}_mean"].dropna()
        means = results.final(metric).groupby("model")["value"].mean()
        pd.testing.assert_series_equal(means[reported.index], reported, check_names=False)
        pd.testing.assert_series_equal(
            results.pivot(metric).mean()[reported.index], reported, check_names=False
        )
        rows = results.evaluations
        rows = rows[(rows["metric"] == metric) & (rows["images"] == rows["images"].max())]
        wide = rows.pivot(index="seed", columns="model", values="value")  # no duplicates
        assert set(wide) == set(reported.index)
    assert list(results.pivot()) == results.contestants


def test_other_protocols_have_their_own_names(digits: bench.Results) -> None:
    raw = digits.records.evaluations
    second = raw[(raw["metric"] == "fid") & raw["features"].str.startswith("digits-lenet-2:")]
    own = digits.final("fid@digits-lenet-2")
    assert sorted(own["value"]) == sorted(second["value"])
    assert not set(own["value"]) & set(digits.final("fid")["value"])
    assert len(digits.evaluations) == len(raw)
    levels = digits.scale.query("level == 'uniform noise' and metric == 'fid'")
    assert len(levels) == 1
    assert "fid@digits-lenet-2" in set(digits.scale["metric"])


def test_uneven_seeds_and_names() -> None:
    results = bench.load(ROOT / "results" / "reference-mnist5k-decided")
    counts = results.final(every_seed=True).groupby("model").size()
    least = results.final().groupby("model").size()
    assert least.nunique() == 1
    assert counts.max() > least.max()
    with pytest.raises(bench.InputError, match="no metric 'fidd'; did you mean 'fid'"):
        results.final("fidd")


def test_curves_and_verdicts(digits: bench.Results) -> None:
    course = digits.curve("fid")
    wide = course.pivot(index="images", columns=["model", "seed"], values="value")
    assert wide.shape == (9, 15)
    ends = digits.final("fid").set_index(["model", "seed"])["value"]
    pd.testing.assert_series_equal(wide.iloc[-1].sort_index(), ends.sort_index(), check_names=False)
    losses = digits.curve("loss/generator")
    assert set(losses["metric"]) == {"loss/generator"}
    for asked, meant in (("loss/generater", "loss/generator"), ("FID", "fid")):
        with pytest.raises(bench.InputError, match=f"did you mean '{meant}'"):
            digits.curve(asked)
    with pytest.raises(bench.InputError, match=r"one name, such as 'fid', not \['fid', 'kid'\]"):
        digits.final(["fid", "kid"])  # type: ignore[arg-type]
    told = digits.verdicts
    written = digits.comparisons.query("outcome == 'primary'")
    assert told["verdict"].tolist() == written["verdict"].tolist()
    assert told["ratio"].to_numpy() == pytest.approx(written["ratio"].to_numpy())


def test_pictures(small: bench.Results, digits: bench.Results, tmp_path: Path) -> None:
    figure = digits.plot("final_quality")
    assert isinstance(figure, matplotlib.figure.Figure)
    png = figure._repr_png_()  # type: ignore[attr-defined]
    assert png.startswith(b"\x89PNG")
    with pytest.raises(bench.InputError) as error:
        digits.plot("anything")
    assert all(name in str(error.value) for name in FIGURES)
    assert "\n" not in str(error.value)
    with pytest.raises(bench.InputError, match="did you mean 'quality'"):
        digits.plot("qualty")
    (tmp_path / "empty.py").write_text(
        "from matplotlib.figure import Figure\nfrom bench.plots.figures import Plot\n"
        "from bench.plots.reading import Reading\nother = 3\n"
        "Empty = Plot(lambda analysis, dataset: Figure(), Reading('nothing', ''), 'quality')\n"
    )
    assert not digits.plot(f"{tmp_path / 'empty.py'}:Empty").axes
    with pytest.raises(bench.InputError, match=r"empty\.py:other is no figure"):
        digits.plot(f"{tmp_path / 'empty.py'}:other")
    with pytest.raises(bench.InputError, match="nothing to show in reported_losses of mnist5k"):
        digits.plot("reported_losses")
    assert set(digits.figures) < set(FIGURES)
    grids = small.samples("wgangp", seed=1)
    assert list(grids) == [0, 480, 960]
    assert isinstance(grids.open(), Image.Image)
    assert grids._repr_png_() == grids[960].read_bytes()
    assert small.samples("gan") == small.samples("gan", 0)
    with pytest.raises(bench.InputError, match="no picture after 7 images; there is 0, 480, 960"):
        grids.open(7)
    with pytest.raises(bench.InputError, match="no seed 5 on ring8; there are 0, 1"):
        small.samples("gan", 5)
    missing = digits.samples("gan", seed=2)
    assert "no pictures" in repr(missing)
    assert missing._repr_png_() is None


def test_it_shows_itself(small: bench.Results, digits: bench.Results) -> None:
    text, page = repr(digits), digits._repr_html_()
    for shown in (text, page):
        for words in ("15 trials: 15 finished", "mnist5k", "256k images", "wgangp", "samples"):
            assert words in shown
    assert "9.34 [7.88, 10.8]" in page  # as the summary has it
    names = [line.split()[0].lstrip(".") for line in text.splitlines() if line.startswith("  .")]
    for name in names:  # each can be asked for
        assert hasattr(digits, name.partition("(")[0].rstrip(","))
    (small.path / "summary.csv").rename(small.path / "hidden.csv")
    assert "contestants: gan, wgangp" in bench.load(small.path)._repr_html_()
    (small.path / "hidden.csv").rename(small.path / "summary.csv")


def test_compare_gives_the_tables_of_the_command(digits: bench.Results) -> None:
    pairs = bench.compare(digits, metric="kid")
    assert (
        pairs["verdict"].tolist() == digits.comparisons.query("metric == 'kid'")["verdict"].tolist()
    )
    both = bench.compare(digits, digits.path)
    assert set(both["verdict"]) == {"identical in every bit"}
    assert any("15 in both" in line for line in both.attrs["differs"])
    with pytest.raises(bench.InputError, match="margin takes two folders"):
        bench.compare(digits, margin=5)
    with pytest.raises(bench.InputError, match="is a percentage between 0 and 100"):
        bench.compare(digits, digits, margin=0)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_is_python_s_own(tmp_path: Path, jobs: int) -> None:
    """As a notebook's stop button sends it: the process lives, and the same call goes on."""
    (tmp_path / "script.py").write_text(
        f"import os, pathlib, signal, threading, time\n{QUICK}"
        f"long = {SMALL | {'jobs': jobs, 'images': 16_000}}\n"
        "asked = dict(models='gan', seeds=2, out='r', **long)\n"
        "def interrupt():\n"
        "    while not list(pathlib.Path('r').rglob('checkpoint*')): time.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()\n"
        "try:\n"
        "    bench.run(**asked)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(3)\n"
        "    print(sorted(bench.load('r').trials['status'])[0], flush=True)\n"
        "print(bench.run(**asked).trials['status'].tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "script.py"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["interrupted", "['finished', 'finished']"]


@pytest.mark.slow
def test_a_script_without_a_guard_runs_workers(tmp_path: Path) -> None:
    """Spawned workers do not run the script again; other processes of the user's live on."""
    (tmp_path / "script.py").write_text(
        f"import json, multiprocessing\n{QUICK}"
        "print('begun', flush=True)\n"
        "fork = multiprocessing.get_context('fork')\n"
        "own = fork.Process(target=lambda: __import__('time').sleep(600))\n"
        "own.start()\n"
        f"results = bench.run(models='gan', seeds=2, out='r', **{SMALL | {'jobs': 2}})\n"
        "print(json.dumps([own.is_alive(), len(results.trials)]))\n"
        "own.kill()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "script.py"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    begun, told = done.stdout.splitlines()
    assert begun == "begun"
    assert json.loads(told) == [True, 2]
    assert done.stderr == ""
