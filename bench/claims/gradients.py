"""Claims about gradients that studies answer: 7 and 11. Each follows its measure."""

from functools import partial
from math import exp, log

import numpy as np
import pandas as pd

from .claim import NOTES, WGAN, WGANGP, Claim
from .evidence import Study
from .rule import RATIO, Effects, above, below, between, outside

LEAST = 1e-30  # in place of a norm that underflowed, so that it has a logarithm
TEN = log(10)


def gradient_left(study: Study, game: str) -> Effects | None:
    """The generator's gradient norm through a trained discriminator over that through a fresh one.

    From the first recorded step of the fresh discriminator to its last, the geometric mean over
    the stages of the frozen generator.
    """
    if study.kind != "vanishing":
        return None
    rows = study.rows
    rows = rows[(rows["game"] == game) & (rows["steps"] > 0)]
    values = [_log_fall(own) for _, own in rows.groupby("seed")]
    if not values:
        return None
    stages = ", ".join(str(stage) for stage in rows["stage"].unique())
    note = f"stages {stages}; from step {rows['steps'].min():,} to {rows['steps'].max():,}"
    cited = f"{study.folder} ({game}; {rows['seed'].nunique()} seeds)"
    return Effects(values, RATIO, "generator_grad_norm", cited, note)


def _log_fall(own: pd.DataFrame) -> float:
    """Of one seed: the mean over the stages of log(last norm / first norm)."""
    by_stage = own.sort_values("steps").groupby("stage")["generator_grad_norm"]
    logs = np.log(by_stage.last().clip(lower=LEAST)) - np.log(by_stage.first().clip(lower=LEAST))
    return float(logs.mean())


VANISHING = tuple(
    Claim(
        number=7,
        part=game,
        statement=statement,
        source=f"{NOTES}; {paper}, figure 2",
        needs="a folder of `bench study vanishing`",
        rule="gradient norm of the generator's loss after the last recorded step of a fresh "
        "discriminator over that after its first, geometric mean over the stages: "
        + claimed.words(exp),
        claimed=claimed,
        measure=partial(gradient_left, game=game),
        of=Study,
    )
    for game, statement, claimed, paper in (
        (
            "saturating",
            "The saturating generator gradient vanishes as D nears its optimum",
            below(-TEN),
            "Arjovsky & Bottou 2017, arXiv:1701.04862",
        ),
        (
            "clipping",
            "The gradient through a clipped critic does not vanish as it nears its optimum",
            above(-TEN),
            WGAN,
        ),
        (
            "penalty",
            "The gradient through a penalised critic does not vanish as it nears its optimum",
            above(-TEN),
            WGAN,
        ),
    )
)


def change_with_depth(study: Study, constraint: str) -> Effects | None:
    """The gradient norm at the first layer over that at the last, with respect to activations.

    Both lie on a least-squares line through its logarithm, layer by layer, at the last recorded
    step. A ratio above 1: the gradient grows on its way back to the input; below 1: it shrinks.
    """
    if study.kind != "depth":
        return None
    names = study.rows["constraint"].astype(str)
    alike = names[(names == constraint) | names.str.startswith(f"{constraint}=")]
    if alike.empty:
        return None
    rows = study.rows[names == alike.iloc[0]]  # of several penalties, the first
    values = [_log_change(own) for _, own in rows.groupby("seed")]
    note = f"{alike.iloc[0]}; {rows['layer'].nunique()} layers"
    cited = f"{study.folder} ({constraint}; {rows['seed'].nunique()} seeds)"
    return Effects(values, RATIO, "activation_grad_norm", cited, note)


def _log_change(own: pd.DataFrame) -> float:
    """Of one seed: log(norm at the input side / norm at the output side), along the line."""
    last = own[own["steps"] == own["steps"].max()]
    layer = last["layer"].to_numpy(float)
    logs = np.log(last["activation_grad_norm"].clip(lower=LEAST).to_numpy(float))
    slope = np.polyfit(layer, logs, 1)[0]
    return float(-slope * (layer.max() - layer.min()))


DEPTH = tuple(
    Claim(
        number=11,
        part=constraint,
        statement=f"Gradient norms {do} with depth under {name}",
        source=f"{NOTES}; {WGANGP}, figure 1b",
        needs="a folder of `bench study depth`",
        rule="norm of the gradient with respect to the activations, at the input side over the "
        "output side, on a least-squares line through its logarithm layer by layer, at the last "
        f"step: {side} a factor of 10",
        claimed=claimed,
        measure=partial(change_with_depth, constraint=constraint),
        of=Study,
    )
    for constraint, name, do, side, claimed in (
        *(
            (clip, clip, "explode or vanish", "beyond", outside(-TEN, TEN))
            for clip in ("clip=0.1", "clip=0.01", "clip=0.001")
        ),
        ("penalty", "the penalty", "neither explode nor vanish", "within", between(-TEN, TEN)),
    )
)
