"""Several models measured together have, bit for bit, the values that each has alone."""

from bench.datasets.dataset import load_dataset
from bench.errors import Diverged
from bench.evaluation.evaluate import TOGETHER, Subject, evaluate
from bench.extractors.judge import judge_of
from bench.training.train import begun

from .tiny import plan_of, sole, trials_of


def subjects(model: str, many: int) -> list[Subject]:
    plan = plan_of(model, datasets=("mnist5k",), seeds=tuple(range(many)), samples=80)
    judge = None
    found = []
    for trial in trials_of(plan):
        judge = judge or judge_of(trial.source, trial.size, trial.features, "cpu")
        found.append(Subject(begun(trial, load_dataset("mnist5k")).model, trial, judge))
    return found


def test_company_and_threads_change_no_bit() -> None:
    together = evaluate(subjects("cgan", 2), last=True, threads=3)
    for one, found in zip(subjects("cgan", 2), together, strict=True):
        assert found == evaluate([one], last=True)[0]
        rows, _ = sole([found])
        assert "fid_again" in {row.metric for row in rows}


def test_more_than_are_held_at_a_time_keep_their_order() -> None:
    every = subjects("gan", TOGETHER + 2)
    found = evaluate(every, last=False)
    assert found == [evaluate([one], last=False)[0] for one in every]
    assert found[0] != found[-1]


def test_one_that_has_diverged_is_told_and_the_others_are_measured() -> None:
    before = evaluate(subjects("gan", 3), last=False)
    every = subjects("gan", 3)
    next(every[1].model.sampler.parameters()).data.fill_(float("nan"))
    first, lost, last = evaluate(every, last=False, threads=2)
    assert isinstance(lost, Diverged)
    assert str(lost) == "80 of 80 samples are not finite"
    assert [first, last] == [before[0], before[2]]
