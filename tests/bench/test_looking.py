"""`--until-decided` from look to look: what it trains next, what it says, and where it ends."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.analysis import Analysis
from bench.cli.looking import Until, looking
from bench.evaluation.evaluate import Subject
from bench.files import write_text
from bench.formats import spreadsheet
from bench.planning.growing import plan_of as plan_in
from bench.planning.looks import present
from bench.planning.plan import Plan
from bench.records.results import Results, write_index
from bench.records.writing import Measured

from . import tiny
from .tiny import Quiet, plan_of, trials_of

quick = tiny.quick
Log = tuple[list[dict[str, int]], list[str]]

# The emd of a seed: `far` is always three times `near`, `like` wavers around it.
PLANTED = {
    "near": lambda seed: math.exp(0.05 * math.sin(7.0 * seed)),
    "like": lambda seed: math.exp(0.1 * math.cos(5.0 * seed)),
    "far": lambda seed: 3 * math.exp(0.05 * math.cos(3.0 * seed)),
}


@pytest.fixture
def planted(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluate(subjects: Sequence[Subject], last: bool, threads: int = 1) -> list[Any]:
        trials = [subject.trial for subject in subjects]
        values = [PLANTED[trial.label](trial.seed) for trial in trials]
        return [([Measured("emd", value, "points", 2500, "true:2500")], {}) for value in values]

    monkeypatch.setattr("bench.training.under_way.evaluate", evaluate)


def looked(root: Path, models: str, until: Until, well: bool = True) -> Log:
    """The seeds of each contestant at every look, and what was said."""
    trained: list[dict[str, int]] = []
    said: list[str] = []

    def once(plan: Plan) -> bool:
        trained.append({c.label: len(plan.seeds_of(c)) for c in plan.contestants})
        tiny.run(plan, root, trials_of(plan), 1, Quiet())
        write_index(Results(root))
        pairs = Analysis(Results(root)).comparisons
        write_text(root / "comparisons.csv", spreadsheet(pairs))  # as a report does
        return well

    plan = present(plan_of(models, images=320, evaluations=1), root, None)
    assert looking(plan, root, until, lambda trials: 1, once, said.append) == well
    return trained, said


@pytest.mark.usefixtures("planted")
def test_it_stops_as_soon_as_every_pair_is_decided(tmp_path: Path) -> None:
    trained, said = looked(tmp_path / "r", "near=gan,far=gan", Until())
    assert trained == [{"near": 3, "far": 3}]
    assert said == ["Every pair is decided."]


@pytest.mark.usefixtures("planted")
def test_only_those_of_undecided_pairs_train_on(tmp_path: Path) -> None:
    root = tmp_path / "r"
    trained, said = looked(root, "near=gan,like=gan,far=gan", Until(most=5))
    assert trained == [dict.fromkeys(PLANTED, 3), {"near": 5, "like": 5, "far": 3}]
    assert said[0].startswith("Undecided: like / near. With these spreads ")
    assert "at 5 seeds, trains 4 more trials of near, like" in said[1]
    assert said[2] == "Undecided after the last look: like / near. That does not mean equal."
    assert said[3].startswith("--max-seeds 8 or more goes on: bench run ")
    assert " --until-decided --out " in said[3]
    whole = plan_in(root)
    assert whole is not None
    assert whole.looks == (3, 5)
    told = Results(root).comparisons.query("outcome == 'primary' and told.notna()")
    pairs = zip(told["model_a"], told["model_b"], strict=True)
    assert {frozenset(pair) for pair in pairs} == {
        frozenset(pair) for pair in (("far", "like"), ("far", "near"))
    }


@pytest.mark.usefixtures("planted")
def test_a_look_that_would_take_too_long_is_left_with_the_command(tmp_path: Path) -> None:
    trained, said = looked(tmp_path / "r", "near=gan,like=gan", Until(minutes=1e-6))
    assert len(trained) == 1
    assert "beyond the 1e-06 minutes of --within. To go on: bench run " in said[1]


@pytest.mark.usefixtures("planted")
def test_one_contestant_has_no_pair_and_a_failure_ends_it(tmp_path: Path) -> None:
    assert looked(tmp_path / "one", "near=gan", Until())[1] == ["There is no pair to decide."]
    assert looked(tmp_path / "two", "near=gan,far=gan", Until(), well=False)[1] == []
