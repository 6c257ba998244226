"""Claims about weights, slopes and scores of critics: 3, 5, 8, 13. Each follows its measure."""

from collections.abc import Mapping
from functools import partial
from math import log

import numpy as np
import pandas as pd

from .claim import NOTES, WGANGP, Claim
from .evidence import Contestant, Run, joined, with_lost
from .rule import RATIO, Effects, above, below, between

DECADES = 9.0  # the growth that a diverged trial counts as: training stops at 1e9


def at_the_end(run: Run, model: str, metrics: tuple[str, ...], unit: str) -> Effects | None:
    """The mean of a curve over the last tenth of training; of `metrics`, the first recorded."""
    one = run.usual(model)
    if one is None:
        return None
    for metric in metrics:
        values = run.tail(one, metric)
        if len(values):
            cited = run.cited(one, seeds=values.index)
            return Effects(values, unit, metric, cited, joined(run.lost(one), _constraint(one)))
    return None


def _constraint(one: Contestant) -> str:
    """The critic's clip or penalty: weights and slopes depend on it."""
    held = [name for name in ("clip", "penalty") if name in one.config]
    return ", ".join(f"{name} = {one.config[name]:g}" for name in held)


EDGE = "share of the critic's weights within 1 % of the largest of their layer"
EDGE_NEEDS = "wgan, and wgangp with the probe weights/edge"
LATE = "mean over the last tenth of training"
WEIGHTS = (
    Claim(
        number=3,
        part="clipping",
        statement="Clipping piles the critic's weights up at the bound",
        source=f"{NOTES}; {WGANGP}, figure 1b",
        needs=EDGE_NEEDS,
        rule=f"{EDGE} (where not recorded: at the clip bound), {LATE}; 0.01 would be an even "
        "spread: above 0.1",
        claimed=above(0.1),
        measure=partial(
            at_the_end, model="wgan", metrics=("weights/edge", "clip/saturated"), unit="share"
        ),
    ),
    Claim(
        number=3,
        part="penalty",
        statement="The penalty does not pile the critic's weights up",
        source=f"{NOTES}; {WGANGP}, figure 1b",
        needs=EDGE_NEEDS,
        rule=f"{EDGE}, {LATE}; 0.01 would be an even spread: below 0.1",
        claimed=below(0.1),
        measure=partial(at_the_end, model="wgangp", metrics=("weights/edge",), unit="share"),
    ),
)
SLOPE_NEEDS = "wgangp, with the probes slope/between/mean and lipschitz/max"
SLOPES = (
    Claim(
        number=5,
        part="near 1",
        statement="The penalty keeps the critic's slope near 1",
        source=f"{NOTES}; {WGANGP}, section 4",
        needs=SLOPE_NEEDS,
        rule="mean norm of the critic's gradient between real and generated samples, "
        f"{LATE}: between 0.8 and 1.2",
        claimed=between(0.8, 1.2),
        measure=partial(
            at_the_end, model="wgangp", metrics=("slope/between/mean", "slope/mean"), unit="slope"
        ),
    ),
    Claim(
        number=5,
        part="at most 1",
        statement="Under the penalty the critic is 1-Lipschitz: no quotient of a pair is above 1",
        source=NOTES,
        needs=SLOPE_NEEDS,
        rule="largest quotient |D(x1) - D(x2)| / |x1 - x2| over sampled pairs, "
        f"{LATE}: at most 1; a lower bound of the Lipschitz constant, which may "
        "contradict and never supports",
        claimed=below(1.0),
        measure=partial(at_the_end, model="wgangp", metrics=("lipschitz/max",), unit="slope"),
        cannot_support="the pairs that were looked at do not break it, which says nothing of the "
        "others",
    ),
)
OUTPUTS = tuple(
    Claim(
        number=8,
        part=f"{model}, {of}",
        statement=f"The mean output of {model}'s discriminator on {words} tends to 0.5",
        source=f"{NOTES}; Goodfellow et al. 2014, arXiv:1406.2661, proposition 1",
        needs="gan or dcgan with the probes output/real and output/fake",
        rule=f"mean sigmoid of the score of {words}, {LATE}: between "
        "0.4 and 0.6. Real and generated samples are judged apart, because the mean over both is "
        "near 0.5 for any discriminator that is as sure of real samples as of generated ones",
        claimed=between(0.4, 0.6),
        measure=partial(at_the_end, model=model, metrics=(f"output/{of}",), unit="output"),
    )
    for model in ("gan", "dcgan")
    for of, words in {"real": "real samples", "fake": "its own samples"}.items()
)


def growth(run: Run, model: str, freed: Mapping[str, object]) -> Effects | None:
    """How much the gap between the scores of real and generated samples grows: late over midway.

    Each is a mean over a tenth of training. freed: the changes that leave the critic free.
    """
    one = run.variant(run.usual(model), **freed)
    if one is None:
        return None
    real, fake = run.curve(one, "score/real"), run.curve(one, "score/fake")
    both = real.merge(fake, on=["seed", "images"], suffixes=("", "_fake"))
    both = both.assign(gap=(both["value"] - both["value_fake"]).abs())
    middle, last = (_tenth(run, both, end) for end in (0.5, 1.0))
    grown = np.log10(last / middle)
    diverged = run.seeds(one, "diverged")  # a trial that failed says nothing of its critic
    grown = with_lost(grown[np.isfinite(grown)], diverged, DECADES)
    if grown.empty:
        return None
    counted = f"{len(diverged)} diverged, counted as {DECADES:g} decades" * bool(diverged)
    cited = run.cited(one, seeds=grown.index)
    metric = "score/real - score/fake"
    return Effects(grown * log(10), RATIO, metric, cited, joined(run.lost(one), counted))


def _tenth(run: Run, rows: pd.DataFrame, end: float) -> pd.Series:
    """seed -> mean gap over the tenth of the budget that ends at this share of it."""
    inside = (rows["images"] > (end - 0.1) * run.images) & (rows["images"] <= end * run.images)
    return rows[inside].groupby("seed")["gap"].mean()


EXPLOSION = tuple(
    Claim(
        number=13,
        part=name,
        statement=f"An unconstrained Wasserstein critic explodes ({model} with {name})",
        source=NOTES,
        needs="wgan and the same with clip = inf, or wgangp and the same with penalty = 0",
        rule="gap between the critic's mean scores of real and of generated samples, last tenth of "
        "training over the tenth before the middle: above 10 (linear growth gives 2, cubic 8); "
        f"a diverged trial counts as {DECADES:g} decades",
        claimed=above(log(10)),
        measure=partial(growth, model=model, freed=freed),
    )
    for name, model, freed in (
        ("clip = inf", "wgan", {"clip": float("inf")}),
        ("penalty = 0", "wgangp", {"penalty": 0}),
    )
)
