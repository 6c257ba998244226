"""Damaged results folders: what is whole stays readable, and only what is not is done again."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bench
from bench.analysis import Analysis
from bench.cli import main
from bench.cli.status import lines
from bench.datasets.dataset import load_dataset
from bench.errors import InputError
from bench.evaluation.pictures import write_png
from bench.files import read_json
from bench.planning.plan import Plan
from bench.planning.trial import Contestant, Trial
from bench.records.layout import SCALE_COLUMNS
from bench.records.results import Results, write_index
from bench.records.writing import Clock, Measured, TrialRecord, write_experiment, write_table
from bench.report.page import page
from bench.report.terminal import text_of
from bench.training.runner import measure_scale

from . import tiny
from .fake_points import eight_modes

pytestmark = pytest.mark.usefixtures("few_figures")

SMALL: dict[str, Any] = {"datasets": ("ring8",), "images": 160, "evaluations": 1, "batch_size": 16}
NARROW = {"width": "4"}
ARGUMENTS = [
    *("run", "--dataset", "ring8", "--models", "gan", "--set", "width=4", "--seeds", "2"),
    *("--images", "160", "--evaluations", "1", "--batch-size", "16", "--jobs", "1"),
]


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def one_line(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("bench: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def planned() -> tuple[Plan, list[Trial]]:
    """What ARGUMENTS ask for."""
    plan = Plan((Contestant("gan", "gan", None, NARROW),), seeds=(0, 1), **SMALL)
    return plan, plan.trials(load_dataset)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One contestant on two seeds, trained on 160 points each."""
    plan, trials = planned()
    root = tmp_path_factory.mktemp("trained") / "r"
    with tiny.in_short():
        tiny.run(plan, root, trials, 1, tiny.Quiet())
    return root


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two contestants on two seeds, in files like those of a run, with numbers out of the air."""
    root = tmp_path_factory.mktemp("written") / "r"
    contestants = tuple(Contestant(label, "gan", None, NARROW) for label in ("gan", "two"))
    plan = Plan(contestants, seeds=(0, 1), **SMALL)
    write_experiment(root, plan.as_dict(), {"python": "3", "cores": 2})
    for made in plan.trials(eight_modes):
        record = TrialRecord(root, made.dataset, made.label, made.seed)
        record.start({**made.identity, "label": made.label, "config_hash": made.config_hash})
        for at in (0, 160):
            clock, rng = Clock(at, at // 16, at // 16, at / 100), np.random.default_rng(made.seed)
            record.add_curves(clock, {f"loss/{k}": float(rng.normal()) for k in range(20)})
            measured = [Measured(m, float(rng.uniform(1, 2)), "points", 2500, "true:2500")
                        for m in ("emd", "modes", "mode_kl", "high_quality")]  # fmt: skip
            record.add_evaluation(clock, measured)
            write_png(record.sample_path(at), torch.zeros(1, 8, 8, dtype=torch.uint8))
        record.flush()
        record.end("finished", images=160, seconds=1.5, streams={"data": "d"}, conditional=False)
    levels = [{"dataset": "ring8", "level": "held-out real", "metric": m, "value": 0.1,
               "features": "points", "samples": 2500, "reference": "true:2500"}
              for m in ("emd", "high_quality")]  # fmt: skip
    write_table(root / "scale.parquet", levels, SCALE_COLUMNS)
    for name in ("index.parquet", "summary.csv"):
        (root / name).write_text("model\n")
    return root


@pytest.fixture
def root(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "r"))


def trial(root: Path, name: str = "gan/s0") -> Path:
    return root / "trials/ring8" / name


def shown(root: Path) -> str:
    """All that is made of a folder but the pictures: status, text, page, index."""
    results = Results(root)
    write_index(results)
    analysis = Analysis(results)
    return "\n".join([*lines(root), text_of(analysis), page(analysis, {})])


def bytes_of(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below the trials: its bytes and when it was written."""
    paths = (path for path in (root / "trials").rglob("*") if path.is_file())
    return {str(p.relative_to(root)): (p.read_bytes(), p.stat().st_mtime_ns) for p in paths}


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def scrambled(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, path.stat().st_size, dtype=np.uint8)
    path.write_bytes(noise.tobytes())


def flipped(path: Path) -> None:
    """One bit of the first page: no footer tells."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 8] ^= 4
    path.write_bytes(raw)


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


WAYS = (halved, emptied, scrambled, made_a_folder)
FILES = ("status.json", "trial.json", "curves.parquet", "evaluations.parquet")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", FILES)
def test_one_damaged_file_hides_one_trial(root: Path, name: str, way: Any) -> None:
    way(trial(root) / name)
    told = list(lines(root))
    assert "3 finished, 1 damaged" in told[0]
    assert told[1:] == [f"  ring8 gan s0: damaged: {name} cannot be read"]
    results = bench.load(root)
    for table in (results.curves, results.evaluations):
        keys = set(table[["model", "seed"]].itertuples(index=False, name=None))
        assert keys == {("gan", 1), ("two", 0), ("two", 1)}


def test_text_and_page_count_what_is_damaged(root: Path) -> None:
    halved(trial(root) / "curves.parquet")
    for name in ("s0", "s1"):
        emptied(trial(root, f"two/{name}") / "status.json")
    text = shown(root)
    assert "1 of 2 seeds finished (1 damaged)" in text
    assert "0 of 2 seeds finished (2 damaged)" in text
    assert "<td>damaged</td>" in text
    assert "<td>curves.parquet cannot be read</td>" in text
    halved(trial(root, "gan/s1") / "curves.parquet")
    assert "no trial has finished" in shown(root)  # nothing is left, and still a page


@pytest.mark.parametrize("name", ["curves.parquet", "evaluations.parquet"])
def test_a_flipped_bit_is_found(root: Path, name: str) -> None:
    flipped(trial(root) / name)
    assert bench.load(root).damaged == [f"ring8 gan s0: {name} cannot be read"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("status.json", {"status": "exploded"}, "no status that is known"),
        ("status.json", {"status": ["finished"]}, "no status that is known"),
        ("status.json", {"status": "finished"}, "lacks images or seconds"),
        ("status.json", {"status": "failed", "reason": 5}, "no text of reason"),
        ("status.json", {"status": "finished", "images": "many"}, "no number of images"),
        ("status.json", {"status": "finished", "streams": [1]}, "no table of streams"),
        ("trial.json", {"config": 5}, "no table of config"),
        ("trial.json", [1, 2], "cannot be read"),
    ],
)
def test_what_a_file_says_may_be_wrong(root: Path, name: str, content: Any, reason: str) -> None:
    (trial(root) / name).write_text(json.dumps(content))
    assert bench.load(root).trials["status"].tolist() == ["damaged"] + ["finished"] * 3
    assert reason in list(lines(root))[1]


def test_rows_of_another_trial_are_none_of_this_one(root: Path) -> None:
    shutil.copy(trial(root, "two/s1") / "curves.parquet", trial(root))
    assert bench.load(root).damaged == ["ring8 gan s0: curves.parquet is of another trial"]


def test_a_table_of_something_else(root: Path) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(trial(root) / "curves.parquet")
    words = pd.read_parquet(trial(root, "two/s0") / "evaluations.parquet")
    words.assign(value="high").to_parquet(trial(root, "two/s0") / "evaluations.parquet")
    assert bench.load(root).damaged == [
        "ring8 gan s0: curves.parquet cannot be read",
        "ring8 two s0: evaluations.parquet has no numbers in its column value",
    ]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_derived_or_beside_is_left_out(root: Path, way: Any) -> None:
    for name in ("scale.parquet", "environment.json", "index.parquet", "summary.csv"):
        way(root / name)
    results = bench.load(root)
    assert results.damaged == [f"{n} cannot be read" for n in ("environment.json", "scale.parquet")]
    assert set(results.trials["status"]) == {"finished"}
    if way is not halved:  # half a CSV file is one
        with pytest.raises(InputError, match=r"summary.csv cannot be read; `bench report"):
            _ = results.summary
    if way is made_a_folder:
        (root / "index.parquet").rmdir()
    shown(root)
    assert len(pd.read_parquet(root / "index.parquet")) == 4


def test_a_report_works_with_the_rest_and_says_what_it_leaves_out(root: Path) -> None:
    halved(trial(root) / "evaluations.parquet")
    scrambled(root / "scale.parquet")
    damaged = bytes_of(root)
    result = cli("report", str(root))
    assert result.exit_code == 0
    assert (
        "Left out, since damaged: ring8 gan s0: evaluations.parquet cannot be read; "
        "scale.parquet cannot be read\n"
    ) in result.output
    assert (root / "report.html").exists()
    assert bytes_of(root) == damaged  # a report writes no record


def test_run_does_again_what_is_damaged_and_nothing_else(trained: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(trained, tmp_path / "r"))
    rows, (plan, trials) = Results(root).evaluations, planned()
    halved(trial(root) / "evaluations.parquet")
    before = bytes_of(root)
    said = cli(*ARGUMENTS, "--out", str(root), "--dry-run").output
    assert "2 trials" in said
    assert "1 to do" in said
    with tiny.in_short():
        tiny.run(plan, root, trials, 1, tiny.Quiet())
    after = bytes_of(root)
    others = [name for name in before if "/s0/" not in name]
    assert {n: after[n] for n in others} == {n: before[n] for n in others}
    same = [name for name in rows if name != "seconds"]
    again = Results(root).evaluations  # of an equal seed, equal bits
    pd.testing.assert_frame_equal(again[same], rows[same])
    assert cli("status", str(root)).output == f"{root}: 2 trials: 2 finished\n"


def test_a_damaged_scale_is_measured_again(trained: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(trained, tmp_path / "r"))
    (root / "scale.parquet").write_bytes(b"PAR1")
    assert Results(root).damaged == ["scale.parquet cannot be read"]
    measure_scale(root, planned()[1])
    results = Results(root)
    assert results.damaged == []
    assert {"emd", "high_quality"} <= set(results.scale["metric"])


def test_a_damaged_trial_of_another_configuration_is_still_refused(root: Path) -> None:
    halved(trial(root) / "curves.parquet")
    before = bytes_of(root)
    said = one_line(cli(*ARGUMENTS, "--set", "width=8", "--out", str(root)), 2)
    assert "under another configuration" in said
    assert bytes_of(root) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no models to compare"),
        ("\0", "is not TOML"),
        ("version = 2", "version 2 is not known here; this is version 1"),
        ("version = 1\nsurprise = 1\nmodels = ['gan']", "no setting 'surprise'"),
        ("models = ['gan']\nseeds = ['a']", "a seed must be a whole number"),
        ("models = ['gan']\ndatasets = ['../../..']", "no data set"),
        ("[[contestants]]\nlabel = '../../../x'\nmodel = 'gan'", "cannot be a label"),
        ("[[contestants]]\nlabel = 'x'", "a contestant is a table with label and model"),
    ],
)
def test_a_plan_that_cannot_be_used_is_said_in_a_line(root: Path, text: str, said: str) -> None:
    (root / "experiment.toml").write_text(text)
    before = bytes_of(root)
    for arguments in (["status", str(root)], ["report", str(root)]):
        assert said in one_line(cli(*arguments), 2)
    assert said in one_line(cli(*ARGUMENTS, "--out", str(root)), 2)
    assert bytes_of(root) == before


FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FACTS = st.sampled_from(
    [
        *("status", "reason", "images", "seconds", "streams", "config", "total", "pid", "host"),
        *("seed", "model", "conditional", "images_per_second", "generator_parameters", "new"),
    ]
)


@FUZZ
@given(st.sampled_from(["status", "trial", "progress"]), FACTS, JSON)
def test_any_fact_may_be_anything(written: Path, name: str, fact: str, value: Any) -> None:
    path = trial(written) / f"{name}.json"
    ended, before = trial(written) / "status.json", path.read_bytes() if path.exists() else None
    status = ended.read_bytes()
    try:
        if name == "progress":
            ended.unlink()
        known = read_json(path) or {"images": 64, "total": 640, "pid": os.getpid(), "host": "x"}
        path.write_text(json.dumps({**known, fact: value}))
        results = Results(written)
        assert (results.trials["status"][1:] == "finished").all()
        assert "\x1b" not in "".join(lines(written))
        write_index(results)
    finally:
        ended.write_bytes(status)
        path.unlink() if before is None else path.write_bytes(before)


@FUZZ
@given(st.sampled_from(FILES), st.integers(0, 2**31), st.binary(min_size=1, max_size=8))
def test_any_bytes_may_be_overwritten(written: Path, name: str, where: int, content: bytes) -> None:
    path = trial(written) / name
    before = path.read_bytes()
    at = where % len(before)
    try:
        path.write_bytes(before[:at] + content + before[at + len(content) :])
        results = Results(written)
        assert (results.trials["status"][1:] == "finished").all()
        assert {"gan", "two"} >= set(results.curves["model"]) | set(results.evaluations["model"])
        list(lines(written))
    finally:
        path.write_bytes(before)


def test_a_folder_that_goes_while_it_is_read(written: Path, tmp_path: Path) -> None:
    for attempt in range(8):
        root = Path(shutil.copytree(written, tmp_path / f"r{attempt}"))
        goes = Thread(target=shutil.rmtree, args=(root,))
        results = Results(root)
        assert len(results.experiment["seeds"]) == 2
        goes.start()
        # A trial that is gone is damaged or waiting; nothing is raised.
        assert len(results.trials) == 4
        assert len(results.curves) % 40 == 0
        assert results.scale.columns.tolist() == SCALE_COLUMNS
        goes.join()
        with pytest.raises(InputError, match="not a results folder"):
            Results(root)


def mounted(folder: Path, *options: str) -> None:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting needs root")


@pytest.fixture
def read_only(root: Path) -> Iterator[Path]:
    mounted(root, "--bind", str(root))
    remount = ["mount", "-o", "remount,ro,bind", str(root)]
    try:
        if subprocess.run(remount, capture_output=True, check=False).returncode:
            pytest.skip("a bind mount cannot be made read-only here")
        yield root
    finally:
        subprocess.run(["umount", str(root)], check=True)


def test_a_read_only_folder_can_be_read(read_only: Path) -> None:
    assert "4 finished" in cli("status", str(read_only)).output
    assert len(bench.load(read_only).evaluations)
    assert "Read-only" in one_line(cli("report", str(read_only)), 1)
    assert "cannot write to" in one_line(cli(*ARGUMENTS, "--out", str(read_only)), 2)


@pytest.fixture
def full(trained: Path, tmp_path: Path) -> Iterator[Path]:
    """A trained folder without its report on a disk that has no byte left."""
    disk = tmp_path / "disk"
    mounted(disk, "-t", "tmpfs", "-o", "size=64m", "tmpfs")
    try:
        root = Path(shutil.copytree(trained, disk / "r"))
        trial(root, "gan/s1").joinpath("status.json").unlink()  # something to do
        with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(4096))
        yield root
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_on_a_full_disk_nothing_is_lost(full: Path) -> None:
    before = bytes_of(full)
    assert "No space left" in one_line(cli("report", str(full)), 1)
    assert "No space left" in one_line(cli(*ARGUMENTS, "--out", str(full)), 1)
    assert bytes_of(full) == before
    assert not list(full.rglob("*.tmp"))
    assert len(Results(full).evaluations)
    assert "1 finished, 1 waiting" in cli("status", str(full)).output
