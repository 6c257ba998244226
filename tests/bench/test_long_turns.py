"""Long turns of a critic: counted, cut at evaluations, resumed and grown to the same bits."""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.planning.plan import Plan
from bench.planning.trial import Trial
from bench.probes.averages import Averages
from bench.training.train import train
from gan_zoo.base import Step

from . import tiny
from .tiny import assert_same, plan_of, trials_of

quick = tiny.quick
BATCH = tiny.SMALL["batch_size"]


def long_plan(**values: Any) -> Plan:
    """A WGAN whose first turns are 25 steps long, and a GAN beside it."""
    plan = plan_of("wgan,gan", **values)
    wgan, gan = plan.contestants
    long = {"long_turn": 25, "discriminator_norm": "none", "init": "torch"}
    return dataclasses.replace(
        plan, contestants=(dataclasses.replace(wgan, values={**wgan.values, **long}), gan)
    )


def long_trial(**values: Any) -> Trial:
    return trials_of(long_plan(**values))[0]


def rows(root: Path, trial: Trial, name: str) -> pd.DataFrame:
    return pd.read_parquet(root / "trials" / trial.key / f"{name}.parquet")


def test_turns_are_counted_and_cut_where_an_evaluation_comes(tmp_path: Path, quick: None) -> None:
    # 960 points are 60 batches, evaluated after 30 and 60: turns of 25, 5, 25 and 5.
    both = trials_of(long_plan())
    for trial in both:
        assert train(trial, tmp_path)[0] == "finished"
    curves = rows(tmp_path, both[0], "curves").drop_duplicates("images")
    assert curves["discriminator_steps"].tolist() == [25, 30, 55, 60]
    assert curves["generator_steps"].tolist() == [1, 2, 3, 4]
    assert (curves["images"] == BATCH * curves["discriminator_steps"]).all()
    points = [sorted(set(rows(tmp_path, trial, "evaluations")["images"])) for trial in both]
    assert points[0] == points[1] == [0, 480, 960]


def test_a_turn_that_fits_is_not_cut(tmp_path: Path, quick: None) -> None:
    trial = long_trial(evaluations=1, images=1600)  # 100 batches
    train(trial, tmp_path)
    curves = rows(tmp_path, trial, "curves").drop_duplicates("images")
    assert curves["discriminator_steps"].tolist() == [25, 50, 75, 100]


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_it_goes_on_to_the_same_bits(
    tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    trial = long_trial()
    train(trial, tmp_path / "whole")
    seen, add = [], Averages.add

    def kill(self: Averages, step: Step) -> None:
        seen.append(step)
        if len(seen) == killed_at + 1:
            raise KeyboardInterrupt
        add(self, step)

    monkeypatch.setattr(Averages, "add", kill)
    with pytest.raises(KeyboardInterrupt):
        train(trial, tmp_path / "killed", checkpoint_every=0)
    assert train(trial, tmp_path / "killed")[0] == "finished"
    assert len(seen) == 4 + 1  # each turn once, and the one that was lost again
    assert_same(
        tmp_path / "whole" / "trials" / trial.key, tmp_path / "killed" / "trials" / trial.key
    )


def test_a_larger_budget_goes_on_to_the_same_bits(tmp_path: Path, quick: None) -> None:
    small, large = long_trial(images=480, evaluations=1), long_trial()
    train(large, tmp_path / "at once")
    train(small, tmp_path / "grown")
    assert train(large, tmp_path / "grown")[0] == "finished"
    assert_same(
        tmp_path / "at once" / "trials" / large.key, tmp_path / "grown" / "trials" / large.key
    )
