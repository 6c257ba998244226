"""Seeds until it is decided: which contestants train how many of them next."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from .growing import plan_of
from .plan import Plan

LOOKS = (3, 5, 8, 12, 20)  # seeds at each look, fixed beforehand
MARGIN = 0.05  # of equivalence, unless another is asked for
Pair = tuple[str, str]


def present(plan: Plan, root: Path, margin: float | None) -> Plan:
    """`plan` at the look at which the folder `root` is: the first, where there is no folder yet.

    Contestants that the folder has keep their seeds, new ones start with those of the first look.
    """
    old = plan_of(root)
    if old is None:
        own = {c.label: tuple(range(LOOKS[0])) for c in plan.contestants}
        return _at(plan, own, tuple(range(LOOKS[0])), (LOOKS[0],), margin or MARGIN)
    looks = old.looks or ((len(old.seeds),) if len(old.seeds) > 1 else ())
    seeds = old.seeds
    if not looks:
        seeds, looks = _more(seeds, LOOKS[0]), (LOOKS[0],)
    known = {c.label: old.seeds_of(c) for c in old.contestants} if old.looks else {}
    own = {c.label: known.get(c.label, seeds[: looks[0]]) for c in plan.contestants}
    kept = old.margin if old.margin is not None and margin is None else margin or MARGIN
    return _at(plan, own, seeds, looks, kept)


def following(
    whole: Plan, labels: Collection[str], undecided: Iterable[Pair], most: int
) -> Plan | None:
    """The plan of the next look for the contestants `labels`; None if there is none.

    whole: the folder's plan; undecided: pairs of labels. Both of such a pair train the seeds of the
    look after the one that they have reached, up to `most` seeds. A pair that has had the last one
    gets no more.
    """
    have = {c.label: len(whole.seeds_of(c)) for c in whole.contestants}
    wanted = dict(have)
    for pair in undecided:
        target = _next(min(have[label] for label in pair), most)
        for label in pair:
            wanted[label] = max(wanted[label], target)
    if wanted == have:
        return None
    n = max(wanted.values())
    seeds = _more(whole.seeds, n)
    own = {
        c.label: seeds[:n] if n > have[c.label] else whole.seeds_of(c)
        for c in whole.contestants
        if c.label in labels
        for n in [wanted[c.label]]
    }
    looks = whole.looks if n <= len(whole.seeds) else (*whole.looks, n)
    return _at(whole, own, seeds, looks, whole.margin)


def require_most(most: int) -> None:
    """Raises InputError for a largest number of seeds that is below the first look."""
    if most < LOOKS[0]:
        raise InputError(f"--max-seeds is {LOOKS[0]} or more, the first look, not {most}")


def _next(have: int, most: int) -> int:
    """The seeds of the look after `have`; `have` itself where it lies beyond `most`."""
    return next((n for n in LOOKS if have < n <= most), have)


def _more(seeds: tuple[int, ...], n: int) -> tuple[int, ...]:
    """The seeds, and the smallest numbers that are not among them, `n` in all."""
    free = (seed for seed in range(n + len(seeds)) if seed not in seeds)
    return (*seeds, *(next(free) for _ in range(n - len(seeds))))


def _at(
    plan: Plan,
    own: dict[str, tuple[int, ...]],
    seeds: tuple[int, ...],
    looks: tuple[int, ...],
    margin: float | None,
) -> Plan:
    """The plan with the contestants of `own` alone, each with its seeds of `seeds`."""
    contestants = tuple(
        replace(c, seeds=None if len(own[c.label]) == len(seeds) else own[c.label])
        for c in plan.contestants
        if c.label in own
    )
    return replace(plan, contestants=contestants, seeds=seeds, looks=looks, margin=margin)
