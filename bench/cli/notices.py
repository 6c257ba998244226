"""What `bench run` says of models before they train: unlike networks, and rules that one breaks."""

import math
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from torch import nn

from gan_zoo.base import GAN, DataSpec
from gan_zoo.streams import Streams

from ..checks.conformance import first_broken
from ..datasets import primary_metric
from ..errors import printable
from ..extensions import is_ours
from ..planning.plan import Plan

SHAPING = ("backbone", "width", "discriminator_width", "latent_dim")  # what networks depend on
PAIR = ("generator", "discriminator")
NOISE = {"fid": 0.06, "emd": 0.2}  # sd of a single logarithm, as in the published runs
ENOUGH = 9  # seeds, as `bench run --help` says of five models
ROUNDED = 0.2  # of a budget: what changes by more is said in a line of its own
UNLIKE = 2.0  # times as many parameters: networks of another size
CONVOLUTIONS = nn.modules.conv._ConvNd


def unlike_networks(plan: Plan, spec: DataSpec) -> str:
    """One line where a contestant of one's own has networks of another kind or size; else "".

    Of one's own are models that are not ours, and those whose networks `--set` changes. The zoo's
    models as they are differ by design: nothing is said of them.
    """
    own = of_ones_own(plan)
    labels = plan.resolved if own else ()
    built = {label: found for label in labels if (found := networks(plan, label, spec))}
    for label in (label for label in own if label in built):
        mine = built[label]
        others = [name for name in built if name != label and differ(mine, built[name])]
        if others:
            told = "; ".join(f"{name} {text_of(built[name])}" for name in (label, *others))
            return f"note: networks differ: {told}: {remedy(plan, label, mine, built[others[0]])}"
    return ""


def of_ones_own(plan: Plan) -> list[str]:
    """The contestants that are not ours, or whose networks are changed as not all are."""
    shared = [
        item
        for item in plan.contestants[0].values.items()
        if all(item in contestant.values.items() for contestant in plan.contestants)
    ]
    return [
        one.label
        for one in plan.contestants
        if not is_ours(one.model)
        or any(item not in shared for item in one.values.items() if item[0] in SHAPING)
    ]


def networks(plan: Plan, label: str, spec: DataSpec) -> tuple[bool, int] | None:
    """Do a contestant's networks convolve, and how many parameters do they have?

    None if it cannot be built for these data: other lines say so.
    """
    kind, config = plan.resolved[label]
    try:
        model: GAN = kind(spec, config, Streams(0, "meta"), "meta")
    except Exception:  # whatever a user's model raises
        return None
    both = [model.network_of(player) for player in model.players if player in PAIR]
    convolve = any(isinstance(part, CONVOLUTIONS) for one in both for part in one.modules())
    return convolve, sum(p.numel() for one in both for p in one.parameters())


def differ(one: tuple[bool, int], other: tuple[bool, int]) -> bool:
    few, many = sorted((one[1], other[1]))
    return one[0] != other[0] or many > UNLIKE * few


def text_of(found: tuple[bool, int]) -> str:
    return f"{'convolves' if found[0] else 'is an MLP'}, {found[1] / 1e6:.2g}M parameters"


def remedy(plan: Plan, label: str, mine: tuple[bool, int], other: tuple[bool, int]) -> str:
    kind: Any = plan.resolved[label][0]
    if any(getattr(kind, f"build_{p}") is not getattr(GAN, f"build_{p}") for p in PAIR):
        return f"{label} builds networks of its own"
    if mine[0] != other[0]:
        return f"--set {label}.backbone={'conv' if other[0] else 'mlp'} for the same kind"
    return f"--set {label}.width=N for the same size"


def unlike_the_budget_asked(plan: Plan, evaluations: int) -> str:
    """One line where rounding makes a budget, or its evaluations, another one; else "".

    evaluations: those of a trial, without that of the untrained generator.
    """
    if abs(plan.budget - plan.images) <= ROUNDED * plan.images and evaluations == plan.evaluations:
        return ""
    steps = plan.unit // plan.batch_size
    has = "has" if plan.budget == plan.images else f"becomes {plan.budget:,} with"
    return (
        f"note: --images {plan.images:,} {has} {evaluations} evaluation(s), "
        f"not {plan.evaluations}: both go by units of {steps} batches of {plan.batch_size}, which "
        f"are {plan.unit:,} images"
    )


def too_few_seeds(plan: Plan) -> str:
    """One line on the differences that this number of seeds cannot tell; "" for a single model.

    It goes by the noise of published runs: that of this one is known after it.
    """
    k, n = len(plan.contestants), len(plan.seeds)
    noisiest = max(NOISE[primary_metric(name)] for name in plan.datasets)
    if k < 2 or n >= ENOUGH:
        return ""
    more = f"--seeds {ENOUGH} tells about {_told(k, noisiest, ENOUGH)}, "
    more += "--until-decided adds seeds as needed"
    if n == 1:
        return f"note: 1 seed: no difference can be told from chance; {more}"
    return (
        f"note: {n} seeds: only differences above about {_told(k, noisiest, n)} can be told; {more}"
    )


@cache
def _told(contestants: int, noise: float, seeds: int) -> str:
    """The difference that so many seeds tell in four of five runs, simulated."""
    from ..stats import detectable_difference  # scipy: half a second

    usual = np.full(contestants, noise**2)
    pairs = contestants * (contestants - 1) // 2
    return f"{-100 * math.expm1(-detectable_difference(usual, seeds, pairs)):.0f} %"


def broken_rules(plan: Plan, labels: Iterable[str], spec: DataSpec) -> list[str]:
    """A line for each of these contestants whose model is not ours and breaks a rule."""
    lines = []
    for one in plan.contestants:
        if one.label in labels and not is_ours(one.model):
            kind, config = plan.resolved[one.label]
            if broken := first_broken(kind, config, spec):
                lines.append(
                    f"note: {one.label} breaks a rule ({printable(broken)}); "
                    f"`bench doctor {one.model}` says more"
                )
    return lines
