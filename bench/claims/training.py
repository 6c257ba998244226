"""Claims about what happens while a model trains, told from its curves: 3, 5, 6, 8, 13, 14."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from .deciding import Finding, Region, Verdict, above, between, decided
from .evidence import Contestant, Run, with_lost

DECADES = 9.0  # what a diverged trial counts as having grown by: it is stopped at 1e9
POINTS = 4  # evaluations after the untrained one that a rank correlation takes, at least


def at_the_end(
    run: Run, model: str, metrics: tuple[str, ...], claimed: Region, unit: str
) -> Finding | None:
    """The mean of a curve over the last tenth of training; the first of `metrics` that there is."""
    one = run.usual(model)
    for metric in metrics if one else ():
        assert one is not None
        values = run.tail(one, metric)
        if len(values):
            cited = run.cited(one, seeds=values.index)
            note = "; ".join(filter(None, (run.lost(one), constraint(one))))
            return decided(values, claimed, unit, metric, cited, note)
    return None


def constraint(one: Contestant) -> str:
    """What the critic is held by, since what follows from it hangs on how tightly."""
    held = [name for name in ("clip", "penalty") if name in one.config]
    return ", ".join(f"{name} = {one.config[name]:g}" for name in held)


def at_most_one(run: Run, model: str) -> Finding | None:
    """The largest sampled quotient: a lower bound of the Lipschitz constant."""
    found = at_the_end(run, model, ("lipschitz/max",), between(-np.inf, 1.0), "slope")
    if found is None or found.verdict != "supported":
        return found
    note = "the pairs that were looked at do not break it, which says nothing of the others"
    return replaced(found, "cannot tell", note)


def replaced(found: Finding, verdict: Verdict, note: str) -> Finding:
    """The finding with another verdict, and why."""
    notes = "; ".join(filter(None, (found.note, note)))
    return replace(found, verdict=verdict, note=notes)


def tracks(run: Run, model: str, claimed: Region) -> Finding | None:
    """Spearman's rho, over a trial's evaluations, of minus the discriminator's loss and quality.

    Near 1: whenever the discriminator finds it harder to tell samples from real, they are better.
    """
    one = run.usual(model)
    if one is None:
        return None
    quality = dict(iter(run.course(one, run.metric).groupby("seed")))
    losses = dict(iter(run.curve(one, "loss/discriminator").groupby("seed")))
    found = {s: _rho(losses[s], quality[s]) for s in sorted(quality.keys() & losses.keys())}
    values = {seed: rho for seed, rho in found.items() if np.isfinite(rho)}
    if not values:
        return None
    cited = run.cited(one, seeds=values)
    metric = f"loss/discriminator and {run.metric}"
    return decided(list(values.values()), claimed, "rho", metric, cited, run.lost(one))


def _rho(loss: pd.DataFrame, quality: pd.DataFrame) -> float:
    """Of the means of the loss since the evaluation before and the values at the evaluations."""
    ends = quality["images"].to_numpy()
    since = np.searchsorted(ends, loss["images"].to_numpy())  # the evaluation that a row leads to
    means = loss["value"].groupby(since).mean()
    places = [i for i, end in enumerate(ends) if end > 0 and i in means.index]
    if len(places) < POINTS:
        return np.nan
    x, y = -means.loc[places].to_numpy(), quality["value"].to_numpy()[places]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan  # what does not move has no ranks
    return float(spearmanr(x, y).statistic)


def explodes(run: Run, model: str, freed: Mapping[str, object]) -> Finding | None:
    """Decades that the critic's gap grows by from the middle tenth of training to the last."""
    one = run.variant(run.usual(model), **freed)
    if one is None:
        return None
    gap = run.curve(one, "score/real")
    fake = run.curve(one, "score/fake")
    both = gap.merge(fake, on=["seed", "images"], suffixes=("", "_fake"))
    both = both.assign(gap=(both["value"] - both["value_fake"]).abs())
    parts = [_part(run, both, share) for share in (0.5, 1.0)]
    grown = np.log10(parts[1] / parts[0])
    grown = grown[np.isfinite(grown)]
    diverged = run.seeds(one, "diverged")  # one that failed says nothing of the critic
    grown = with_lost(grown, diverged, DECADES)
    if grown.empty:
        return None
    counted = f"{len(diverged)} diverged, counted as {DECADES:g} decades" * bool(diverged)
    note = "; ".join(filter(None, (run.lost(one), counted)))
    cited = run.cited(one, seeds=grown.index)
    metric = "score/real - score/fake"
    return decided(grown * np.log(10), above(np.log(10)), "ratio", metric, cited, note, True)


def _part(run: Run, rows: pd.DataFrame, end: float) -> pd.Series:
    """seed -> mean gap over the tenth of the budget that ends at this share of it."""
    inside = (rows["images"] > (end - 0.1) * run.images) & (rows["images"] <= end * run.images)
    return rows[inside].groupby("seed")["gap"].mean()


def oscillates_more(run: Run, model: str, ranged: bool) -> Finding | None:
    """How much the GAN's discriminator loss moves from row to row, against that of the critic.

    ranged: in shares of the range that a loss went through, else of its mean size.
    """
    gan, critic = run.usual("gan"), run.usual(model)
    if gan is None or critic is None:
        return None
    unrest = [_unrest(run, one, ranged) for one in (gan, critic)]
    both = pd.concat(unrest, axis=1, join="inner")
    values = np.log(both.iloc[:, 0] / both.iloc[:, 1])
    values = values[np.isfinite(values)]
    if values.empty:
        return None
    cited = run.cited(gan, critic, seeds=values.index)
    note = run.lost(gan, critic)
    return decided(values, above(0.0), "ratio", "loss/discriminator", cited, note, True)


def _unrest(run: Run, one: Contestant, ranged: bool) -> pd.Series:
    """seed -> mean change between neighbouring rows of the second half, over the mean size there.

    ranged: over the range through the whole training, which no choice of zero moves.
    """
    rows = run.curve(one, "loss/discriminator")
    late = rows[rows["images"] > run.images / 2].groupby("seed")["value"]
    change = late.agg(lambda x: x.diff().abs().mean())
    whole = rows.groupby("seed")["value"].agg(np.ptp)
    return change / (whole if ranged else late.agg(lambda x: x.abs().mean()))
