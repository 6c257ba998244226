"""What a user is told of a run: how far it is, how long it takes, what it leaves on the disk."""

import io
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from bench.cli import display, forecast, main
from bench.cli.display import LiveDisplay
from bench.cli.forecast import Forecast, disk, expected
from bench.planning.trial import Trial
from bench.records.failures import place_of, told
from bench.records.state import checkpoints_in, images_held
from bench.records.writing import TrialRecord
from bench.training.train import train
from bench.words import duration, size

from . import tiny
from .tiny import Quiet, plan_of, trials_of

quick = tiny.quick
FACTS: dict[str, Any] = {
    "status": "finished",
    "images": 960,
    "seconds": 4.8,
    "evaluating_seconds": 3.0,
    "probing_seconds": 0.0,
    "resumed": [],
}


@pytest.fixture
def trials() -> list[Trial]:
    return trials_of(plan_of("gan,wgangp", seeds=(0, 1)))


def test_a_forecast_adds_training_evaluations_start_and_report(
    trials: list[Trial], tmp_path: Path
) -> None:
    forecast.rates_file().unlink(missing_ok=True)
    first = Forecast(tmp_path, trials)
    assert first.seconds(trials, {}, 1) is None  # nothing is known yet
    first.learn_report(20)
    first.learn(trials[0], FACTS, 10.0)  # 5 ms an image, 1 s an evaluation, 2.2 s for the rest
    left = trials[1:]
    assert first.seconds(left, {}, 1) == pytest.approx(3 * 10 + 20)
    assert first.seconds(left, {}, 3) == pytest.approx(10 + 20)
    assert first.seconds(left, {}, 30) == pytest.approx(10 + 20)  # no trial is divided
    half = {left[0].key: {"images": 480}}  # two of three evaluations are still to come
    assert first.seconds(left[:1], half, 1) == pytest.approx(10 - 2.4 - 1 + 20)
    # The next run knows it from its start; another width does not.
    again = Forecast(tmp_path, trials)
    assert again.seconds(left, {}, 1) == pytest.approx(50)
    (line, *_) = expected(tmp_path, trials, left, 1)
    assert line.startswith("about 50 s with the report, by earlier trials on this machine")
    others = trials_of(plan_of("dcgan"))
    assert "is not known" in expected(tmp_path, others, others, 1)[0]


def test_a_trial_that_runs_is_forecast_by_its_rate(trials: list[Trial], tmp_path: Path) -> None:
    forecast.rates_file().unlink(missing_ok=True)
    now = {"images": 480, "images_per_second": 100.0, "evaluating_seconds": 2.0}
    found = Forecast(tmp_path, trials).seconds(trials[:1], {trials[0].key: now}, 1)
    # 480 images, two evaluations and what comes at the end at 2 s each, the report.
    assert found == pytest.approx(4.8 + 4 + 2 + 15)


def test_a_damaged_cache_of_rates_is_none(trials: list[Trial], tmp_path: Path) -> None:
    for content in ("{", "[]", '{"rates": 3, "report": "x"}', '{"rates": {"x": [1]}}'):
        forecast.rates_file().write_text(content)
        damaged = Forecast(tmp_path, trials)
        assert damaged.seconds(trials, {}, 1) is None
        damaged.learn(trials[0], FACTS, 10.0)
        assert Forecast(tmp_path, trials).seconds([], {}, 1) == pytest.approx(15)


def test_disk_is_told_to_the_megabyte(quick: None, tmp_path: Path) -> None:
    (trial,) = trials_of(plan_of("wgangp"))
    train(trial, tmp_path)
    (checkpoint,) = checkpoints_in(tmp_path / "trials" / trial.key)
    (line,) = disk(tmp_path, [trial] * 100, 1)
    told_size = line.split("of it ")[1].split(" checkpoints")[0]
    networks = 12 * 100 * weights_of(trial)
    assert told_size == size(networks)
    # Its streams, and what torch's format adds, come beside.
    assert networks / 100 < checkpoint.stat().st_size < networks / 100 + 80_000


def weights_of(trial: Trial) -> int:
    """By hand: MLPs of width 4 for points (see `bench describe`)."""
    from bench.datasets.dataset import load_dataset
    from bench.planning.hyperparameters import resolve
    from gan_zoo.streams import Streams

    kind, config = resolve(trial.label, trial.model, None, trial.config)
    model = kind(load_dataset(trial.source).spec, config, Streams(0), "cpu")
    return sum(p.numel() for n in (model.generator, model.discriminator) for p in n.parameters())


def test_a_log_has_a_line_per_evaluation_and_one_a_minute(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, trial = io.StringIO(), trials[0]
    monkeypatch.setattr(display, "REFRESH", 0.01)
    monkeypatch.setattr(display, "LINE", 0.0)
    record = TrialRecord.of(tmp_path, trial)
    record.folder.mkdir(parents=True)
    (record.folder / "checkpoint-0000000320.pt").touch()
    now = {"images": 640, "total": 960, "images_per_second": 64.0, "phase": "training"}
    with LiveDisplay(Console(file=screen, width=200), tmp_path, trials, 0, 1) as shown:
        assert "320 images of them are done" in screen.getvalue()  # before anything has trained
        shown.started(trial)
        record.progress({**now, "measured": "EMD 0.310"})
        wait_for(screen, "EMD 0.310")
        time.sleep(0.1)
        assert screen.getvalue().count("EMD 0.310") == 1  # no evaluation, no line
        record.progress({**now, "measured": "EMD 0.300"})
        wait_for(screen, "EMD 0.300")
        monkeypatch.setattr(display, "LINE", 60.0)
        record.progress({**now, "measured": "EMD 0.290"})
        wait_for(screen, "EMD 0.290")
        record.progress({**now, "measured": "EMD 0.280"})
        time.sleep(0.1)
    assert "EMD 0.280" not in screen.getvalue()
    assert "gan s0 640 of 960 images (EMD 0.310)" in screen.getvalue()


def wait_for(screen: io.StringIO, words: str) -> None:
    end = time.monotonic() + 10
    while words not in screen.getvalue():
        assert time.monotonic() < end, screen.getvalue()
        time.sleep(0.01)


def test_a_terminal_shows_what_the_checkpoint_holds_and_the_phase(
    trials: list[Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, trial = io.StringIO(), trials[0]
    monkeypatch.setattr(display, "REFRESH", 0.01)
    record = TrialRecord.of(tmp_path, trial)
    record.folder.mkdir(parents=True)
    (record.folder / "checkpoint-0000000480.pt").touch()
    console = Console(file=screen, force_terminal=True, width=200, color_system=None)
    with LiveDisplay(console, tmp_path, [trial], 0, 1) as shown:
        shown.started(trial)
        wait_for(screen, "starting")
        wait_for(screen, "50 %")
        record.progress({"images": 480, "total": 960, "phase": "reading data"})
        wait_for(screen, "reading data")
        monkeypatch.setattr(shown.forecast, "seconds", lambda *now: 9.0)
        wait_for(screen, "about 9 s left with the report")
    assert "left" not in screen.getvalue().rpartition("0/1 trials")[2]  # a notebook keeps it


def test_a_trial_tells_its_phases(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trial,) = trials_of(plan_of("gan"))
    seen: list[str] = []
    write = TrialRecord.progress

    def watched(self: TrialRecord, values: dict[str, Any]) -> None:
        seen.append(values["phase"])
        write(self, values)

    monkeypatch.setattr(TrialRecord, "progress", watched)
    train(trial, tmp_path)
    each = ["evaluating", "training"]
    assert list(dict.fromkeys(seen)) == ["reading data", "preparing extractor", "training", each[0]]
    assert seen.count("evaluating") == 3
    assert images_held(tmp_path / "trials" / trial.key) == 960


TRACEBACK = """Traceback (most recent call last):
  File "/srv/env/lib/python3.12/site-packages/torch/nn.py", line 7, in forward
  File "/home/me/crash.py", line 12, in generator_loss
    return batch.fake.men()
  File "/srv/env/lib/python3.12/site-packages/torch/_tensor.py", line 5, in __getattr__
AttributeError: 'Tensor' object has no attribute 'men'
"""


def test_a_failure_is_placed_in_the_users_file() -> None:
    assert place_of(TRACEBACK) == "crash.py:12"
    reason = "AttributeError: 'Tensor' object has no attribute 'men'"
    facts = {"reason": reason, "traceback": TRACEBACK}
    assert told(facts) == "crash.py:12: 'Tensor' object has no attribute 'men'"
    own = TRACEBACK.replace("/home/me/crash.py", display.__file__)
    assert place_of(own) == ""
    assert told({"reason": reason, "traceback": own}) == reason
    assert told({"reason": "killed"}) == "killed"


def test_clean_says_what_it_costs_and_growing_still_ends_at_the_same_bits(
    quick: None, tmp_path: Path
) -> None:
    root, plan = tmp_path / "r", plan_of("gan", seeds=(0, 1))
    trials = trials_of(plan)
    tiny.run(plan, root, trials, 1, Quiet())
    stopped = root / "trials" / trials[1].key
    (stopped / "status.json").unlink()  # as a kill would leave it
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    (mine,) = checkpoints_in(root / "trials" / trials[0].key)
    dry = CliRunner().invoke(main, ["clean", str(root), "--dry-run", "--weights"])
    assert f"would remove 1 checkpoints of trials that have ended, {size(mine.stat().st_size)}" in (
        dry.output
    )
    assert "sample, interpolate, arithmetic, neighbours and export can no longer" in dry.output
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    done = CliRunner().invoke(main, ["clean", str(root)])
    assert done.exit_code == 0, done.output
    assert "trains these trials from the start, to the same bits" in done.output
    assert done.output.splitlines()[-1].startswith("kept: ")
    assert set(before) - set(root.rglob("*")) == {mine}
    assert checkpoints_in(stopped)  # the run goes on from it
    assert "nothing to remove" in CliRunner().invoke(main, ["clean", str(root)]).output
    # A larger budget, with the checkpoint and without.
    larger = plan_of("gan", images=1920, evaluations=4)
    (trial,) = trials_of(larger)
    shutil.copytree(root, tmp_path / "kept")
    shutil.copyfile(root / "experiment.toml", tmp_path / "kept" / "experiment.toml")
    (tmp_path / "kept" / mine.relative_to(root)).write_bytes(before[mine])
    for folder in (root, tmp_path / "kept"):
        assert train(trial, folder) == ("finished", "")
    went_on = json.loads((tmp_path / "kept/trials" / trial.key / "status.json").read_text())
    assert went_on["resumed"] == ["went on from 960 images"]
    tiny.assert_same(root / "trials" / trial.key, tmp_path / "kept/trials" / trial.key)


def test_words() -> None:
    assert [size(n) for n in (12, 38_400, 24.4e6, 1.2e9)] == [
        *("12 bytes", "38.4 kB", "24.4 MB", "1.20 GB"),
    ]
    assert [duration(s) for s in (45, 125, 12_000)] == ["45 s", "2 min 05 s", "3 h 20 min"]
