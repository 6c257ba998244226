"""A folder that grows ends as one that was made in its final size: bit for bit."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bench
from bench.environment import environment
from bench.errors import InputError
from bench.files import read_json
from bench.planning.growing import grown, merged
from bench.planning.growing import plan_of as plan_in
from bench.planning.plan import Plan
from bench.records.writing import write_experiment

from . import tiny
from .test_runner import Seen
from .tiny import assert_same, plan_of, trials_of

quick = tiny.quick


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "dropping.py"
    path.write_text(tiny.DROPPING)
    return f"dropping={path}:Dropping,gan"


def go(plan: Plan, root: Path) -> list[str]:
    """As `bench run` would: the trials that had something to do."""
    plan, seen = grown(plan, root, lambda line: None), Seen()
    tiny.run(plan, root, trials_of(plan), 1, seen)
    return sorted(seen.outcomes)


def assert_same_folders(one: Path, two: Path) -> None:
    trials = [bench.load(root).trials for root in (one, two)]
    assert (trials[0]["status"] == "finished").all()
    assert trials[0]["config_hash"].tolist() == trials[1]["config_hash"].tolist()
    plans = [bench.load(root).experiment for root in (one, two)]
    for plan in plans:
        plan.pop("accepted", None)  # how it became what it is
    assert plans[0] == plans[1]
    for key in sorted(path.parent.relative_to(one) for path in one.rglob("trial.json")):
        assert_same(one / key, two / key)


def test_parts_that_are_added_make_the_folder_of_one_run(
    models: str, quick: None, tmp_path: Path
) -> None:
    both = plan_of(models, seeds=(0, 1))
    go(dataclasses.replace(both, contestants=both.contestants[:1], seeds=(1,)), tmp_path / "parts")
    assert len(go(both, tmp_path / "parts")) == 3
    go(both, tmp_path / "whole")
    assert_same_folders(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.parametrize("kept", [True, False], ids=["from checkpoints", "from the start"])
def test_a_raised_budget_is_that_of_one_run(
    kept: bool, models: str, quick: None, tmp_path: Path
) -> None:
    root, larger = tmp_path / "r", plan_of(models, images=1920, evaluations=4)
    go(plan_of(models), root)
    once = bench.load(root).evaluations.query("metric == 'once'")
    assert set(once["images"]) == {960}
    if not kept:  # as a published folder is
        for path in root.rglob("checkpoint*"):
            path.unlink()
    assert len(go(plan_of(models, images=1920), root)) == 2
    go(larger, tmp_path / "whole")
    assert_same_folders(root, tmp_path / "whole")
    notes = bench.load(root).trials["resumed"]
    assert set(notes) == {'["went on from 960 images"]' if kept else "[]"}
    assert go(larger, root) == []  # the same command again


def test_a_command_that_was_accepted_is_accepted_again(
    models: str, quick: None, tmp_path: Path
) -> None:
    root = tmp_path / "r"
    accepted = [
        plan_of(models),
        plan_of(models, images=1920),
        plan_of(models, images=1920, evaluations=4),
        plan_of(models, images=3840, evaluations=4),
    ]
    for number, command in enumerate(accepted):
        for again in accepted[: number + 1]:
            changed = go(again, root)
            assert changed == ([] if again is not command or number == 2 else sorted(changed))
        assert go(command, root) == []
    assert bench.load(root).experiment["images"] == 3840
    with pytest.raises(InputError, match="was made with"):
        go(plan_of(models, images=1920, evaluations=3), root)
    # A seed that comes later gets the budget of the folder.
    assert len(go(plan_of(models, seeds=(0, 1)), root)) == 2
    go(plan_of(models, images=3840, evaluations=8, seeds=(0, 1)), tmp_path / "whole")
    assert_same_folders(root, tmp_path / "whole")


COMMANDS = st.tuples(
    st.sampled_from([("a",), ("b",), ("a", "b")]),  # contestants
    st.sampled_from([(0,), (1,), (0, 1)]),  # seeds
    st.sampled_from([(960, 2), (1920, 2), (1920, 4)]),  # images, evaluations
    st.sampled_from([None, None, 1, 2, 3]),  # killed at this evaluation, if there are so many
)


@settings(max_examples=4, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(commands=st.lists(COMMANDS, min_size=3, max_size=6))
def test_any_way_to_a_folder_ends_where_one_run_does(
    models: str, quick: None, tmp_path_factory: pytest.TempPathFactory, commands: list[Any]
) -> None:
    place = tmp_path_factory.mktemp("ways")
    root, known = place / "r", {c.label: c for c in plan_of(models).contestants}
    names = dict(zip(("a", "b"), known.values(), strict=True))
    accepted = []
    for labels, seeds, (images, evaluations), killed in commands:
        plan = plan_of(models, images=images, evaluations=evaluations, seeds=seeds)
        plan = dataclasses.replace(plan, contestants=tuple(names[label] for label in labels))
        try:
            with killing(killed):
                go(plan, root)
        except InputError:
            assert plan not in accepted
            continue
        except Killed:
            pass
        accepted.append(plan)
    for plan in accepted:
        go(plan, root)
        assert go(plan, root) == []
    if accepted:
        whole = plan_in(root)
        assert whole is not None
        go(whole, root)
        go(dataclasses.replace(whole, accepted=()), place / "undisturbed")
        assert_same_folders(root, place / "undisturbed")


class Killed(BaseException):
    """What a kill is to a test: nothing that the code catches."""


@contextmanager
def killing(at: int | None) -> Iterator[None]:
    """Within it the `at`th evaluation kills; each other one is the stand-in."""
    count = 0

    def evaluate(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == at:
            raise Killed
        return tiny.evaluate(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", evaluate)
        yield


def test_killed_while_it_is_raised(
    models: str, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, larger = tmp_path / "r", plan_of(models, images=1920)
    go(plan_of(models), root)

    def killed(*arguments: Any, **named: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("bench.training.runner.write_experiment", killed)
        with pytest.raises(SystemExit):
            go(larger, root)
    results = bench.load(root)
    assert results.experiment["images"] == 960
    assert set(results.trials["status"]) == {"interrupted"}
    assert set(results.trials["reason"]) == {"its budget was raised to 1,920 images"}
    with monkeypatch.context() as patch:
        patch.setattr(
            "bench.training.under_way.evaluate", killed
        )  # in the middle of the first trial
        with pytest.raises(SystemExit):
            go(larger, root)
    assert len(go(plan_of(models, images=1920, evaluations=4), root)) == 2
    go(plan_of(models, images=1920, evaluations=4), tmp_path / "whole")
    assert_same_folders(root, tmp_path / "whole")


def made(root: Path, plan: Plan) -> Plan:
    """A folder that holds the plan alone."""
    write_experiment(root, plan.as_dict(), environment())
    return plan


@pytest.mark.parametrize(
    ("evaluations", "asked", "becomes"),
    [
        (2, 1920, (1920, 4)),
        (2, 2000, (1920, 4)),
        (2, 1300, (1440, 3)),  # the interval is 480
        (3, 1300, (1280, 4)),
        (4, 1300, (1440, 6)),  # 6 units in 4: whole only every 3
        (12, 1300, (1280, 16)),  # more evaluations than units
        (2, 1000, (960, 2)),  # nearer to what it is
    ],
)
def test_a_budget_grows_by_whole_intervals(
    evaluations: int, asked: int, becomes: tuple[int, int], tmp_path: Path
) -> None:
    old = made(tmp_path, plan_of("gan", evaluations=evaluations))
    said: list[str] = []
    new = grown(dataclasses.replace(old, images=asked), tmp_path, said.append)
    assert (new.images, new.evaluations) == becomes
    assert (f"rounded from {asked:,}" in said[0]) == (asked != becomes[0])
    small, large = (trials_of(plan)[0] for plan in (old, new))
    points = small.evaluation_points
    assert large.evaluation_points[: len(points)] == points
    assert large.extends({**small.identity, "config_hash": small.config_hash})
    merged(new, tmp_path)
    # The same command again changes nothing more.
    made(tmp_path, new)
    again = dataclasses.replace(new, images=asked)
    same = grown(again, tmp_path, said.append)
    assert dataclasses.replace(same, accepted=()) == dataclasses.replace(new, accepted=())


BAD: list[tuple[Callable[[Plan], Plan], str]] = [
    (lambda p: dataclasses.replace(p, images=480), "images 960, not 480"),
    (lambda p: dataclasses.replace(p, images=1920, seeds=(0,)), "holds seed 1 too"),
    (lambda p: dataclasses.replace(p, images=1920, contestants=p.contestants[:1]), "wgan too"),
    (lambda p: dataclasses.replace(p, images=1920, datasets=("grid25",)), "holds ring8 too"),
    (lambda p: dataclasses.replace(p, images=1920, evaluations=5), "--evaluations 4 for 1,920"),
    (lambda p: dataclasses.replace(p, images=1920, batch_size=32), "batch_size 16, not 32"),
    (lambda p: dataclasses.replace(p, evaluations=4), "evaluations 2, not 4"),
]


@pytest.mark.parametrize(("change", "said"), BAD, ids=[said for _, said in BAD])
def test_what_a_folder_cannot_become_is_refused(
    change: Callable[[Plan], Plan], said: str, tmp_path: Path
) -> None:
    plan = made(tmp_path, plan_of("gan,wgan", seeds=(0, 1)))
    with pytest.raises(InputError, match=said) as refused:
        merged(grown(change(plan), tmp_path, lambda line: None), tmp_path)
    assert "bench run" in str(refused.value) or "--out" in str(refused.value)


def test_a_recorded_trial_is_extended_only_if_nothing_else_changed() -> None:
    small = trials_of(plan_of("gan"))[0]
    large = dataclasses.replace(small, images=1920, evaluations=4)
    recorded = {**small.identity, "config_hash": small.config_hash}
    assert small.extends(recorded)
    assert large.extends(recorded)
    assert not small.extends({**large.identity, "config_hash": large.config_hash})
    changes: list[dict[str, Any]] = [{"evaluations": 5}, {"threads": 2}, {"seed": 1}]
    for change in [*changes, {"images": 1280}]:
        assert not dataclasses.replace(large, **change).extends(recorded)
    assert not large.extends({})


def test_a_diverged_trial_diverges_again_at_the_same_place(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.probes.averages.EXPLODED", 1e-6)
    for plan, name in (
        (plan_of("gan"), "r"),
        (plan_of("gan", images=1920), "r"),
        (plan_of("gan", images=1920, evaluations=4), "whole"),
    ):
        go(plan, tmp_path / name)
    ends = [read_json(tmp_path / n / "trials/ring8/gan/s0/status.json") for n in ("r", "whole")]
    assert ends[0]["status"] == "diverged"
    assert ends[0]["reason"] == ends[1]["reason"]
