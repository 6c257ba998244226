"""Trials that train as one stack are trials like any others, killed, diverged or alone."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from safetensors.torch import load_file

import bench
from bench.errors import InputError
from bench.evaluation.evaluate import Subject
from bench.files import read_json, read_toml
from bench.planning.from_toml import from_dict
from bench.planning.growing import plan_of as plan_in
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.stacks import units, width, with_stack
from bench.planning.trial import Trial
from bench.probes import averages
from bench.probes.averages import Averages
from bench.records.state import checkpoints_in
from bench.training.stacked import train_stack
from bench.training.train import train
from gan_zoo.stacked.captured import Fixed

from . import tiny
from .tiny import Quiet, assert_same, trials_of

quick = tiny.quick
ROUNDING = 1e-3  # of float32, after a few steps


def plan_of(models: str = "wgangp", seeds: tuple[int, ...] = (0, 1, 2), **values: Any) -> Plan:
    return tiny.plan_of(models, seeds=seeds, stack=4, probes="all", **values)


def folder(root: Path, trial: Trial) -> Path:
    return root / "trials" / trial.key


def stacked(plan: Plan, root: Path) -> list[Trial]:
    trials = trials_of(plan)
    for unit in units(trials):
        assert set(train_stack(unit, root).values()) == {("finished", "")}
    return trials


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Trial], Path]:
    """A stack that trained without a break: its trials, and their folder."""
    root = tmp_path_factory.mktemp("whole")
    with tiny.in_short():
        return stacked(plan_of(), root), root


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("model", ["wgan", "wgangp"])
def test_a_stack_records_what_its_trials_would_alone(tmp_path: Path, model: str) -> None:
    for trial in stacked(plan_of(model), tmp_path / "stack"):
        alone = dataclasses.replace(trial, stack=1)
        assert train(alone, tmp_path / "alone") == ("finished", "")
        one, other = folder(tmp_path / "stack", trial), folder(tmp_path / "alone", trial)
        for name, close in (("curves", ROUNDING), ("evaluations", 10 * ROUNDING)):
            first, second = (tiny.timeless(path / f"{name}.parquet") for path in (one, other))
            pd.testing.assert_frame_equal(first, second, check_exact=False, rtol=close, atol=close)
        weights, others = (load_file(path / "generator.safetensors") for path in (one, other))
        for key, weight in weights.items():
            if key.endswith("bias"):
                continue  # before batch norm it changes nothing, so its gradient is rounding alone
            # Adam turns the rounding of a gradient near zero into a step: few weights have one.
            assert (weight.double() - others[key]).abs().mean() < ROUNDING / 10, key
        facts, their_facts = (read_json(path / "status.json") for path in (one, other))
        assert facts["streams"] == their_facts["streams"]
        assert facts["stack_trials"] == 3
        assert len(list(one.glob("samples/*.png"))) == len(list(other.glob("samples/*.png"))) > 1
        assert trial.config_hash != alone.config_hash  # the width changes how numbers round


@pytest.mark.usefixtures("quick")
def test_a_folder_that_grows_by_seeds_has_the_bits_of_one_that_had_them(tmp_path: Path) -> None:
    stacked(plan_of(seeds=(0, 1)), tmp_path / "grown")
    stacked(plan_of(seeds=(5, 2, 3)), tmp_path / "grown")
    for trial in stacked(plan_of(seeds=(0, 1, 2, 3, 5)), tmp_path / "whole"):
        assert_same(folder(tmp_path / "grown", trial), folder(tmp_path / "whole", trial))


class Killed(BaseException):
    pass


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_killed_stack_goes_on_to_the_same_bits(
    tmp_path: Path, lost: int, whole: tuple[list[Trial], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a kill has left one seed without its newest checkpoints, or without all."""
    trials, undisturbed = whole
    add, steps = Averages.add, iter(range(10**6))

    def dying(self: Averages, step: Any) -> None:
        add(self, step)
        if next(steps) == 9:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Averages, "add", dying)
        with pytest.raises(Killed):
            train_stack(trials, tmp_path / "killed", checkpoint_every=0)
    for path in checkpoints_in(folder(tmp_path / "killed", trials[1]))[:lost]:
        path.unlink()
    ends = train_stack(trials, tmp_path / "killed")
    assert set(ends.values()) == {("finished", "")}
    for trial in trials:
        assert_same(folder(tmp_path / "killed", trial), folder(undisturbed, trial))
        assert read_json(folder(tmp_path / "killed", trial) / "status.json")["resumed"] or lost > 1


@pytest.mark.usefixtures("quick")
def test_one_that_diverges_leaves_the_others_running(
    tmp_path: Path, whole: tuple[list[Trial], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trials, undisturbed = whole
    rows = Averages.rows
    seen = iter(range(10**6))

    def one_is_lost(self: Averages) -> list[dict[str, float]]:
        found = rows(self)
        if next(seen) == 3:
            found[1]["loss/generator"] = float("nan")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(averages.Averages, "rows", one_is_lost)
        ends = train_stack(trials, tmp_path / "r")
    assert [ends[trial.key][0] for trial in trials] == ["finished", "diverged", "finished"]
    assert ends[trials[1].key][1].startswith("loss/generator became nan by generator step")
    for trial in (trials[0], trials[2]):
        assert_same(folder(tmp_path / "r", trial), folder(undisturbed, trial))
    lost = folder(tmp_path / "r", trials[1])
    assert read_json(lost / "status.json")["status"] == "diverged"
    curves = pd.read_parquet(lost / "curves.parquet")
    assert 0 < curves["images"].max() < trials[1].images
    assert (lost / "generator.safetensors").exists()


@pytest.mark.usefixtures("quick")
def test_one_whose_samples_are_not_finite_leaves_the_others_running(
    tmp_path: Path, whole: tuple[list[Trial], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trials, undisturbed = whole

    def one_is_lost(subjects: Sequence[Subject], last: bool, threads: int = 1) -> list[Any]:
        for subject in subjects:
            if last and subject.trial.seed == 1:
                next(subject.model.sampler.parameters()).data.fill_(float("inf"))
        return tiny.evaluate(subjects, last, threads)

    with monkeypatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", one_is_lost)
        ends = train_stack(trials, tmp_path / "r")
    assert [ends[trial.key][0] for trial in trials] == ["finished", "diverged", "finished"]
    assert ends[trials[1].key][1].startswith("50 of 50 samples are not finite by generator step")
    for trial in (trials[0], trials[2]):
        assert_same(folder(tmp_path / "r", trial), folder(undisturbed, trial))


@pytest.mark.usefixtures("quick")
def test_a_run_trains_stacks_and_says_who_trains_alone(tmp_path: Path) -> None:
    path = tmp_path / "dropping.py"
    path.write_text(tiny.DROPPING)
    plan = plan_of(f"gan,dropping={path}:Dropping", seeds=(0, 1, 2, 3, 4))
    trials, root = trials_of(plan), tmp_path / "r"
    made = units(trials)
    assert sorted(map(len, made)) == [1] * 6 + [4]
    assert tiny.run(plan, root, trials, 1, Quiet())
    assert bench.load(root).trials["status"].tolist() == ["finished"] * 10
    facts = read_json(folder(root, trials[1]) / "trial.json")
    assert "stack" not in facts
    assert facts["alone"].startswith("Dropout in its discriminator")
    kept = from_dict(read_toml(root / "experiment.toml"), "")
    assert kept.stack == 4
    assert [t.config_hash for t in trials_of(kept)] == [t.config_hash for t in trials]


def test_the_width_is_chosen_once(tmp_path: Path) -> None:
    plan = Plan(tuple(parse_models("gan")))
    assert with_stack(plan, "auto", None).stack == 1  # on a CPU
    assert with_stack(plan, "2", None).stack == 2
    old = dataclasses.replace(plan, stack=8)
    assert with_stack(plan, "auto", old).stack == 8
    with pytest.raises(InputError, match="--stack is auto or a number from 1 to 256, not '0'"):
        with_stack(plan, "0", None)
    assert [width(seeds, 100) for seeds in (1, 2, 3, 9, 10, 50)] == [1, 2, 4, 16, 16, 32]
    assert [width(10, room) for room in (0, 1, 3, 8, 11)] == [1, 1, 2, 8, 8]
    assert "stack" not in plan.as_dict()
    assert "deterministic" not in plan.as_dict()
    assert plan_in(tmp_path) is None


def test_a_seed_has_its_lane_whoever_is_there() -> None:
    trials = trials_of(plan_of(seeds=(0, 4, 1, 6, 2, 3)))
    lanes = [[trial.seed for trial in unit] for unit in units(trials)]
    assert lanes == [[0, 1, 6, 3], [4, 2]]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("model", ["wgan", "gan"])
def test_steps_out_of_fixed_buffers_have_the_same_bits(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that surrounds a captured step, on a CPU: buffers, gathered rows, sums, several steps."""
    plan = plan_of(model, images=16 * 10 * 24, evaluations=2)
    trials = stacked(plan, tmp_path / "eager")
    monkeypatch.setattr("bench.training.stacked.CAPTURED_ON", {"cpu"})
    runs: list[int] = []
    run = Fixed.run

    def counted(self: Fixed) -> None:
        runs.append(self._steps)
        run(self)

    monkeypatch.setattr(Fixed, "run", counted)
    stacked(plan, tmp_path / "fixed")
    assert sum(runs) > 20  # most of the steps, and several at once
    assert max(runs) > 1
    for trial in trials:
        assert_same(folder(tmp_path / "eager", trial), folder(tmp_path / "fixed", trial))
        facts = read_json(folder(tmp_path / "fixed", trial) / "status.json")
        assert facts["captured"]
        assert facts["not_captured"] == ""
