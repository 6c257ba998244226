"""Claims that stand-alone experiments answer: vanishing gradients (7) and depth (11)."""

import numpy as np
import pandas as pd

from .deciding import Finding, Region, decided, outside
from .evidence import Study

LEAST = 1e-30  # a norm that underflowed still has a logarithm
TEN = float(np.log(10))


def falls(study: Study, game: str, claimed: Region) -> Finding | None:
    """The generator's gradient norm through a trained discriminator over that through a fresh one.

    From the first recorded step of the fresh discriminator to its last, the geometric mean over
    the stages of the frozen generator.
    """
    rows = study.rows
    if study.kind != "vanishing" or rows.empty:
        return None
    rows = rows[(rows["game"] == game) & (rows["steps"] > 0)]
    values = [_fall(own) for _, own in rows.groupby("seed")]
    if not values:
        return None
    stages = ", ".join(str(stage) for stage in rows["stage"].unique())
    note = f"stages {stages}; from step {rows['steps'].min():,} to {rows['steps'].max():,}"
    cited = f"{study.folder} ({game}; {rows['seed'].nunique()} seeds)"
    return decided(values, claimed, "ratio", "generator_grad_norm", cited, note, True)


def _fall(own: pd.DataFrame) -> float:
    """Of one seed: the mean over the stages of log(last norm / first norm)."""
    by_stage = own.sort_values("steps").groupby("stage")["generator_grad_norm"]
    logs = np.log(by_stage.last().clip(lower=LEAST)) - np.log(by_stage.first().clip(lower=LEAST))
    return float(logs.mean())


def with_depth(study: Study, constraint: str, steady: bool) -> Finding | None:
    """How much the gradient by the activations changes from the last layer to the first.

    A least-squares line through its logarithm, layer by layer, at the last recorded step; a ratio
    above 1 explodes on the way back, below 1 it vanishes. steady: the claim is that it does
    neither, within a factor of 10.
    """
    rows = study.rows
    if study.kind != "depth" or rows.empty:
        return None
    names = rows["constraint"].astype(str)
    alike = names[(names == constraint) | names.str.startswith(f"{constraint}=")]
    rows = rows[names == alike.iloc[0]] if len(alike) else rows[:0]  # of several, the first
    values = [_change(own) for _, own in rows.groupby("seed")]
    if not values:
        return None
    claimed = Region(-TEN, TEN) if steady else outside(-TEN, TEN)
    note = f"{alike.iloc[0]}; {rows['layer'].nunique()} layers"
    cited = f"{study.folder} ({constraint}; {rows['seed'].nunique()} seeds)"
    return decided(values, claimed, "ratio", "activation_grad_norm", cited, note, True)


def _change(own: pd.DataFrame) -> float:
    """Of one seed: log(norm at the input side / norm at the output side), along the line."""
    last = own[own["steps"] == own["steps"].max()]
    layer = last["layer"].to_numpy(float)
    logs = np.log(last["activation_grad_norm"].clip(lower=LEAST).to_numpy(float))
    slope = np.polyfit(layer, logs, 1)[0]
    return float(-slope * (layer.max() - layer.min()))
