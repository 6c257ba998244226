"""Trials trained again: equal where they must be, and every tampering is seen."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import bench
from bench.checks.repeated_trial import ALIKE, SAME, Repeat
from bench.checks.verify import bits_expected, repeatable_trial
from bench.cli import main
from bench.datasets.dataset import load_dataset
from bench.environment import BITS, environment
from bench.files import read_json, write_json
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import Contestant, Trial
from bench.records.results import Results

from . import tiny

LABEL = "ring8/gan/s0"


class Quiet:
    """A display of nothing."""

    def started(self, trial: Trial) -> None:
        pass

    def ended(self, trial: Trial, outcome: tuple[str, str]) -> None:
        pass

    def not_started(self, trial: Trial, failed: Trial) -> None:
        raise AssertionError("all are started")

    def retried(self, trial: Trial, outcome: tuple[str, str]) -> None:
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder of one small model on points, with few samples, and two seeds."""
    root = tmp_path_factory.mktemp("made") / "r"
    (gan,) = parse_models("gan")
    narrow = Contestant(gan.label, gan.model, values={"width": 4, "latent_dim": 8})
    plan = Plan((narrow,), ("ring8",), seeds=(0, 1), images=640, evaluations=1)
    trials = plan.trials(load_dataset)
    tiny.run(plan, root, [replace(trial, samples=100) for trial in trials], 1, Quiet())
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, to be tampered with."""
    shutil.copytree(made, tmp_path / "r")
    return tmp_path / "r"


def verify(root: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["verify", str(root), *options], catch_exceptions=False)


def test_a_folder_repeats_itself_bit_for_bit(made: Path) -> None:
    result = verify(made, "--all")
    assert result.exit_code == 0, result.output
    assert "2 of 2 finished trials, cheapest first" in result.output
    assert result.output.count("expected bit for bit: processor and versions are") == 2
    assert result.output.count("  ok ") == 2 * len(SAME)
    assert f"{LABEL}: reproduced, bit for bit" in result.output
    assert "2 of 2 reproduced" in result.output


def test_a_number_that_was_changed_is_not_reproduced(root: Path) -> None:
    tamper(root / "trials" / LABEL / "evaluations.parquet", 0, 1e-12)
    result = verify(root, "--trial", LABEL)
    assert result.exit_code == 1
    rows = len(pd.read_parquet(root / "trials" / LABEL / "evaluations.parquet"))
    assert f"1 of {rows} values differ, first emd after 0 images" in result.output
    assert f"{LABEL}: not reproduced" in result.output


def tamper(path: Path, row: int, relative: float) -> None:
    frame = pd.read_parquet(path)
    frame.loc[row, "value"] *= 1 + relative
    frame.to_parquet(path)


def test_on_another_machine_it_is_alike(root: Path) -> None:
    there = read_json(root / "environment.json")
    write_json(root / "environment.json", {**there, "processor": "Z80"})
    result = verify(root, "--trial", LABEL)
    assert f"expected alike, not bit for bit: processor Z80 there, {there['processor']} here" in (
        result.output
    )
    assert "2 seeds have no spread to judge by: give --tolerance" in result.output
    assert result.exit_code == 1
    result = verify(root, "--trial", LABEL, "--tolerance", "0.01")
    assert result.exit_code == 0, result.output
    assert "a tolerance of 0.01 was asked for" in result.output


def test_another_configuration_is_refused(root: Path) -> None:
    path = root / "trials" / LABEL / "trial.json"
    assert repeatable_trial(Results(root), LABEL).key == LABEL
    write_json(path, {**read_json(path), "batch_size": 32})
    result = verify(root, "--trial", LABEL)
    assert result.exit_code == 2
    assert "by a version that configures trials differently" in result.stderr


def test_a_trial_that_fails_here_is_not_reproduced(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.checks.verify.run_trial", lambda trial, root: ("diverged", "a nan"))
    result = verify(root)
    assert result.exit_code == 1
    assert "here it is diverged: a nan" in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--trial", "ring8/gan/s9"], "did you mean 'ring8/gan/s"),
        (["--all", "--trials", "2"], "exclude each other"),
        (["--trials", "0"], "--trials must be 1 or more"),
        (["--tolerance", "1.5"], "from 0 up to 1"),
    ],
)
def test_wrong_input_is_one_line(made: Path, options: list[str], said: str) -> None:
    result = verify(made, *options)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert said in result.stderr


def test_what_holds_no_finished_trial_is_said_so(root: Path, tmp_path: Path) -> None:
    assert "no experiment.toml" in verify(tmp_path).stderr
    shutil.rmtree(root / "trials")
    assert "no finished trial" in verify(root).stderr


def edit_status(folder: Path) -> None:
    status = read_json(folder / "status.json")
    status["streams"]["data"] = "0" * 64
    write_json(folder / "status.json", status)


def edit_pixel(folder: Path) -> None:
    path = folder / "samples" / "000000640.png"
    with Image.open(path) as image:
        turned = image.transpose(Image.Transpose.ROTATE_180)
    turned.save(path)


def edit_weights(folder: Path) -> None:
    path = folder / "generator.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def drop_evaluation(folder: Path) -> None:
    path = folder / "evaluations.parquet"
    pd.read_parquet(path).iloc[:-1].to_parquet(path)


EDITS: dict[str, tuple[Callable[[Path], None], str]] = {
    "stream": (edit_status, "streams"),
    "evaluation": (lambda folder: tamper(folder / "evaluations.parquet", 0, 1e-12), "evaluations"),
    "missing": (drop_evaluation, "evaluations"),
    "curve": (lambda folder: tamper(folder / "curves.parquet", 0, 1e-6), "curves"),
    "weights": (edit_weights, "weights"),
    "pixel": (edit_pixel, "pictures"),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_difference_fails_its_check_alone(name: str, made: Path, root: Path) -> None:
    edit, check = EDITS[name]
    edit(root / "trials" / LABEL)
    repeat = Repeat(made / "trials" / LABEL, root / "trials" / LABEL, "emd", np.ones(1))
    found = {each: SAME[each].look(repeat)[0] for each in SAME}
    assert {each for each in found if found[each] != "ok"} == {check}
    assert found[check] == "failed"


def test_what_hangs_on_the_clock_may_differ(made: Path, root: Path) -> None:
    path = root / "trials" / LABEL / "curves.parquet"
    frame = pd.read_parquet(path)
    frame.loc[frame["metric"].str.startswith("cost/"), "value"] = 1.0
    frame["seconds"] = 1.0
    frame.to_parquet(path)
    repeat = Repeat(made / "trials" / LABEL, root / "trials" / LABEL, "emd", np.ones(1))
    assert SAME["curves"].look(repeat)[0] == "ok"


def test_what_a_published_folder_leaves_out_is_skipped(made: Path, root: Path) -> None:
    published = root / "trials" / LABEL
    (published / "generator.safetensors").unlink()
    shutil.rmtree(published / "samples")
    repeat = Repeat(published, made / "trials" / LABEL, "emd", np.ones(1))
    found = {each: SAME[each].look(repeat)[0] for each in SAME}
    assert found == dict.fromkeys(SAME, "ok") | {"weights": "skipped", "pictures": "skipped"}


def test_rows_that_lie_elsewhere_are_not_compared(made: Path, root: Path) -> None:
    there, here = (folder / "trials" / LABEL for folder in (root, made))
    frame = pd.read_parquet(here / "curves.parquet")
    frame = pd.concat([frame, frame.assign(images=2 * frame["images"])])
    frame.to_parquet(there / "curves.parquet")
    outcome, told = SAME["curves"].look(Repeat(there, here, "emd", np.ones(2)))
    assert outcome == "ok"
    assert told.endswith("; " + f"{int((frame['images'] == 1280).sum()) - 1:,} are of other images")
    frame.assign(images=frame["images"] * 7).to_parquet(there / "curves.parquet")
    outcome, told = SAME["curves"].look(Repeat(there, here, "emd", np.ones(2)))
    assert outcome == "skipped"
    assert "rows at other images" in told


@pytest.mark.parametrize(
    ("images", "relative", "check"),
    [(0, 2e-3, "untrained"), (0, -2e-3, "untrained"), (640, 0.9, "end"), (640, -0.5, "end")],
)
def test_alike_has_two_sides(
    images: int, relative: float, check: str, made: Path, root: Path
) -> None:
    path = root / "trials" / LABEL / "evaluations.parquet"
    frame = pd.read_parquet(path)
    row = frame.index[(frame["metric"] == "emd") & (frame["images"] == images)][0]
    ends = float(frame["value"][row]) * np.array([0.95, 1.0, 1.05])
    repeat = Repeat(made / "trials" / LABEL, root / "trials" / LABEL, "emd", ends)
    for share, beyond in ((0.3, False), (1.0, True)):  # of the change
        tamper(path, int(row), share * relative)
        assert (ALIKE[check].look(repeat)[0] == "failed") == beyond
        frame.to_parquet(path)


def test_a_spread_that_holds_the_untrained_generator_tells_little(made: Path) -> None:
    rows = pd.read_parquet(made / "trials" / LABEL / "evaluations.parquet")
    start, end = rows.loc[rows["metric"] == "emd", "value"]
    folder = made / "trials" / LABEL
    for spread, outcome in ((2 * abs(np.log(start / end)), "warning"), (1e-4, "ok")):
        ends = end * np.exp(spread * np.array([-1.0, 0.0, 1.0]))
        assert ALIKE["end"].look(Repeat(folder, folder, "emd", ends))[0] == outcome


def test_which_of_the_two_is_expected() -> None:
    here = environment()
    assert bits_expected(here, here, "cpu", None)[0]
    old = {name: value for name, value in here.items() if name != "instructions"}
    exact, why = bits_expected(old, here, "cpu", None)
    assert exact
    assert "the record does not name instructions" in why
    exact, why = bits_expected({**here, "commit": "0123456789abc"}, here, "cpu", None)
    assert exact
    assert "commit 0123456789 there" in why
    for name in BITS:
        exact, why = bits_expected({**here, name: "other"}, here, "cpu", None)
        assert not exact
        assert f"{name} other there" in why
    assert bits_expected({**here, "pandas": "0.1", "cores": 99}, here, "cpu", None)[0]
    assert "cuda" in bits_expected(here, here, "cuda", None)[1]
    assert not bits_expected(here, here, "cuda", None)[0]
    assert not bits_expected(here, here, "cpu", 0.05)[0]


def test_published_trials_are_still_configured_alike() -> None:
    published = (Path(bench.__file__).parent.parent / "results").glob("reference-*")
    plans = [plan for folder in published for plan in folder.rglob("experiment.toml")]
    for folder in sorted(plan.parent for plan in plans):
        for path in sorted(folder.glob("trials/*/*/*/trial.json")):
            trial = repeatable_trial(
                Results(folder), path.parent.relative_to(folder / "trials").as_posix()
            )
            assert trial.config_hash == json.loads(path.read_text())["config_hash"]
