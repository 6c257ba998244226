"""Claims about the curves of the losses: 6 and 14. Each follows its measure."""

from functools import partial
from math import log

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from .claim import NOTES, WGAN, Claim
from .evidence import Contestant, Run
from .rule import RATIO, Effects, above, below

LOSS = "loss/discriminator"
LEAST = 4  # evaluations, beside that of the untrained model, that a rank correlation needs


def tracking(run: Run, model: str) -> Effects | None:
    """Spearman's rho, over a trial's evaluations, of minus the discriminator's loss and FID or EMD.

    Near 1: whenever the discriminator finds it harder to tell samples from real, they are better.
    """
    one = run.usual(model)
    if one is None:
        return None
    quality = dict(iter(run.course(one, run.metric).groupby("seed")))
    losses = dict(iter(run.curve(one, LOSS).groupby("seed")))
    found = {s: _rho(losses[s], quality[s]) for s in sorted(quality.keys() & losses.keys())}
    values = {seed: rho for seed, rho in found.items() if np.isfinite(rho)}
    if not values:
        return None
    cited = run.cited(one, seeds=values)
    metric = f"{LOSS} and {run.metric}"
    return Effects(list(values.values()), "rho", metric, cited, note=run.lost(one))


def _rho(loss: pd.DataFrame, quality: pd.DataFrame) -> float:
    """Of one trial: minus the mean loss since the last evaluation, against each evaluation."""
    ends = quality["images"].to_numpy()
    since = np.searchsorted(ends, loss["images"].to_numpy())  # the evaluation after each row
    means = loss["value"].groupby(since).mean()
    places = [i for i, end in enumerate(ends) if end > 0 and i in means.index]
    if len(places) < LEAST:
        return np.nan
    x, y = -means.loc[places].to_numpy(), quality["value"].to_numpy()[places]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan  # constant values have no ranks
    return float(spearmanr(x, y).statistic)


TRACKING = tuple(
    Claim(
        number=6,
        part=model,
        statement=f"The loss of {whose} {tracks} the quality of the samples",
        source=source,
        needs=f"gan, wgan or wgangp with {LEAST} evaluations or more",
        rule="Spearman's rho, within a trial, of minus the discriminator's loss (mean since the "
        "last evaluation) and FID or EMD, over the evaluations after the untrained one: "
        + claimed.words(),
        claimed=claimed,
        measure=partial(tracking, model=model),
    )
    for model, whose, tracks, claimed, source in (
        ("wgan", "WGAN's critic", "tracks", above(0.5), f"{NOTES}; {WGAN}, section 4.2"),
        ("wgangp", "WGAN-GP's critic", "tracks", above(0.5), f"{NOTES}; {WGAN}, section 4.2"),
        (
            "gan",
            "the GAN's discriminator",
            "does not track",
            below(0.5),
            f"{WGAN}, section 4.2, figure 4",
        ),
    )
)


def oscillation(run: Run, model: str, scale: str) -> Effects | None:
    """How much the GAN's discriminator loss moves from row to row, over that of a critic."""
    gan, critic = run.usual("gan"), run.usual(model)
    if gan is None or critic is None:
        return None
    moves = [_relative_change(run, one, scale) for one in (gan, critic)]
    both = pd.concat(moves, axis=1, join="inner")
    values = np.log(both.iloc[:, 0] / both.iloc[:, 1])
    values = values[np.isfinite(values)]
    if values.empty:
        return None
    cited = run.cited(gan, critic, seeds=values.index)
    return Effects(values, RATIO, LOSS, cited, note=run.lost(gan, critic))


def _relative_change(run: Run, one: Contestant, scale: str) -> pd.Series:
    """seed -> mean change between neighbouring rows of the second half, over `scale`.

    "size": the mean size of the loss there. "range": its range through the whole training, which
    does not depend on where the loss has its zero.
    """
    rows = run.curve(one, LOSS)
    late = rows[rows["images"] > run.images / 2].groupby("seed")["value"]
    change = late.agg(lambda x: x.diff().abs().mean())
    if scale == "range":
        return change / rows.groupby("seed")["value"].agg(np.ptp)
    return change / late.agg(lambda x: x.abs().mean())


OSCILLATION = tuple(
    Claim(
        number=14,
        part=f"{model}, by {scale}",
        statement=f"The GAN's D loss oscillates more than that of {name}'s critic, by its {scale}",
        source=NOTES,
        needs="gan and wgan or wgangp",
        rule=f"mean change from row to row of the curve, second half of training, {over}; gan / "
        f"{model} of the same seed: above 1. Rows are means over equal numbers of images; the "
        "generators' losses are left out, because a critic's scores have no fixed zero",
        claimed=above(log(1)),
        measure=partial(oscillation, model=model, scale=scale),
    )
    for model, name in {"wgan": "WGAN", "wgangp": "WGAN-GP"}.items()
    for scale, over in {
        "size": "over the mean size of the loss there",
        "range": "over the range of the loss through the whole training (a second scale, added "
        "after the first had been seen: a discriminator's loss settles near log 2 and a critic's "
        "near 0, so that their sizes do not compare)",
    }.items()
)
