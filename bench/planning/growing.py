"""How a results folder grows: by contestants, data sets, seeds, and by a larger budget."""

import math
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..files import read_toml
from .from_toml import from_dict
from .plan import Plan
from .trial import Contestant

# What all trials of a folder have in common, so that they can be compared.
PROTOCOL_FIELDS = (
    *("images", "batch_size", "evaluations", "samples", "size", "features"),
    *("device", "precision", "threads", "stack", "deterministic", "metrics"),
)
RAISED = "its budget was raised to {:,} images"


def grown(
    plan: Plan,
    root: Path,
    say: Callable[[str], None],
    trust: Callable[[Plan, str], None] = lambda plan, where: None,
) -> Plan:
    """`plan`, fitted to the folder `root` if it raises that folder's budget.

    Evaluations stay where they were and go on at the same interval; the budget is rounded to
    whole intervals. So each trial goes on from where it ended, and ends as if it had had the
    larger budget from the start. A command that was accepted before the budget was raised is
    accepted again. Raises InputError if the plan leaves out a part of the folder, or if `trust`
    objects to the folder's own plan, whose models must be loaded.
    """
    old = plan_of(root)
    if old is None:
        return plan
    request = (plan.images, plan.evaluations)
    plan = replace(plan, accepted=old.accepted)
    if request in old.accepted:
        if plan.images < old.images:
            say(f"{root} was raised to {old.budget:,} images since: it keeps them")
        return old_budget(plan, old)
    if plan.images == old.images:
        return plan
    own = {contestant.label: contestant for contestant in plan.contestants}
    old = replace(old, contestants=tuple(own.get(c.label, c) for c in old.contestants))
    trust(old, str(root / "experiment.toml"))
    accepted = tuple(dict.fromkeys((*old.accepted, (old.images, old.evaluations), request)))
    units = old.budget // old.unit
    # The shortest step that is a whole number of units and of evaluations.
    share = math.gcd(units, old.evaluations)
    step = units // share * old.unit
    budget = round(plan.images / step) * step
    evaluations = budget // step * (old.evaluations // share)
    rounded = "" if budget == plan.images else f" (rounded from {plan.images:,})"
    every = f"evaluated every {old.budget // old.evaluations:,}"
    if budget < old.budget:
        return plan  # refused when it is merged
    if plan.evaluations not in (old.evaluations, evaluations):
        raise InputError(
            f"{root} is {every} images: --evaluations {evaluations} for {budget:,}, "
            "or name another folder with --out"
        )
    if budget == old.budget:
        say(f"{root} keeps its budget of {budget:,} images{rounded}, {every}")
        return replace(old_budget(plan, old), accepted=accepted)
    if missing := left_behind(old, plan):
        raise InputError(
            f"{root} holds {missing} too, and a budget is raised for all: "
            f"{command(root, '--images', str(plan.images))}"
        )
    say(f"{root} goes on from {old.budget:,} to {budget:,} images{rounded}, {every} as before")
    return replace(plan, images=budget, evaluations=evaluations, accepted=accepted)


def old_budget(plan: Plan, old: Plan) -> Plan:
    """The plan with the budget and the evaluations of the old one."""
    return replace(plan, images=old.images, evaluations=old.evaluations)


def command(root: Path, *more: str) -> str:
    """The command that goes on with all of a folder."""
    return shlex.join(["bench", "run", str(root / "experiment.toml"), *more, "--out", str(root)])


def left_behind(old: Plan, plan: Plan) -> str:
    """What the old plan has and the new one lacks, in words."""
    labels = {contestant.label for contestant in plan.contestants}
    return ", ".join(
        [
            *(c.label for c in old.contestants if c.label not in labels),
            *(name for name in old.datasets if name not in plan.datasets),
            *(f"seed {seed}" for seed in old.seeds if seed not in plan.seeds),
        ]
    )


def raises(plan: Plan, old: Plan) -> bool:
    """Is `plan` the old one with a larger budget and the same interval between evaluations?"""
    same_interval = plan.budget * old.evaluations == old.budget * plan.evaluations
    return plan.budget > old.budget and same_interval and not left_behind(old, plan)


def merged(plan: Plan, root: Path) -> Plan:
    """The plan of the folder with this one's contestants, data sets and seeds added to it."""
    old = plan_of(root)
    if old is None:
        return plan
    changed = [name for name in PROTOCOL_FIELDS if getattr(old, name) != getattr(plan, name)]
    if changed and not (set(changed) <= {"images", "evaluations"} and raises(plan, old)):
        # The budget is named last: without the other differences it might be raised.
        name = sorted(changed, key=lambda name: name == "images")[0]
        raise InputError(
            f"{root} was made with {name} {getattr(old, name)}, not {getattr(plan, name)}: "
            f"name another folder with --out, or go on with {command(root)}"
        )
    if old.looks and plan.looks and old.margin != plan.margin:
        raise InputError(
            f"{root} is judged with the margin {old.margin}, which cannot change once seeds are "
            "seen: leave out --margin, or name another folder with --out"
        )
    seeds = tuple(sorted({*old.seeds, *plan.seeds}))
    looks = _looks(old, plan, len(seeds), seen=(root / "summary.csv").exists())
    if looks:  # in the order in which they came: a look at n seeds is at the first n
        seeds = tuple(dict.fromkeys((*old.seeds, *plan.seeds)))
    return replace(
        plan,
        contestants=_contestants(old, plan, seeds),
        datasets=tuple(dict.fromkeys((*old.datasets, *plan.datasets))),
        seeds=seeds,
        looks=looks,
        margin=plan.margin if old.margin is None else old.margin,
    )


def joined(one: Plan, other: Plan) -> Plan:
    """Two parts of a plan as one: the contestants, data sets and seeds of both."""
    seeds = tuple(dict.fromkeys((*one.seeds, *other.seeds)))
    seeds = seeds if one.looks else tuple(sorted(seeds))
    datasets = tuple(dict.fromkeys((*one.datasets, *other.datasets)))
    contestants = _contestants(one, other, seeds)
    return replace(one, contestants=contestants, datasets=datasets, seeds=seeds)


def _contestants(old: Plan, plan: Plan, seeds: tuple[int, ...]) -> tuple[Contestant, ...]:
    """Those of both plans, each with the seeds that either asks of it."""
    asked: dict[str, set[int]] = {}
    by_label: dict[str, Contestant] = {}
    for each in (old, plan):
        for contestant in each.contestants:
            by_label[contestant.label] = contestant
            asked.setdefault(contestant.label, set()).update(each.seeds_of(contestant))
    return tuple(
        replace(
            contestant,
            seeds=None if own == set(seeds) else tuple(s for s in seeds if s in own),
        )
        for contestant, own in ((c, asked[c.label]) for c in by_label.values())
    )


def _looks(old: Plan, plan: Plan, seeds: int, seen: bool) -> tuple[int, ...]:
    """The looks of the grown folder. Seeds added once a report was `seen` make it one in looks."""
    if plan.looks[: len(old.looks)] == old.looks and plan.looks[-1:] == (seeds,):
        return plan.looks
    if seeds == len(old.seeds):
        return old.looks
    before = old.looks or ((len(old.seeds),) if seen and len(old.seeds) > 1 else ())
    return (*before, seeds) if before else ()


def plan_of(root: Path) -> Plan | None:
    """The plan that the folder was made with, or None if there is no folder yet."""
    path = root / "experiment.toml"
    return from_dict(read_toml(path), str(path)) if os.path.exists(path) else None
