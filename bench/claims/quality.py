"""Claims about what the samples are like at the end of training: 1, 2, 4, 9, 10, 12."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..tables.failures import LOST
from .deciding import Finding, Region, above, decided
from .evidence import Contestant, Run, log_ratios, ranks, with_lost

HALF_A_MODE = 0.5
LIKE_TRUE = 3  # standard deviations of C_T without copying, 10 ** -0.5 each for 10 cells
Pair = Callable[[Run], tuple[Contestant | None, Contestant | None]]


def usual(a: str, b: str) -> Pair:
    """Two models, each as its paper has it."""
    return lambda run: (run.usual(a), run.usual(b))


def varied(model: str, **changes: object) -> Pair:
    """A model with some hyperparameters changed, against itself."""
    return lambda run: (run.variant(run.usual(model), **changes), run.usual(model))


def worse(run: Run, pair: Pair, claimed: Region, images: bool | None = None) -> Finding | None:
    """The ratio of the final FID or EMD of the first to that of the second, at equal images."""
    a, b = pair(run)
    if a is None or b is None or (images is not None and images != (run.metric == "fid")):
        return None
    found = log_ratios(run, a, b, run.metric)
    if not len(found.values) and found.ranks is None:
        return None
    cited = run.cited(a, b, seeds=found.seeds)
    return decided(
        found.values, claimed, "ratio", run.metric, cited, run.lost(a, b), True, found.ranks
    )


def covers(run: Run, model: str, through: bool) -> Finding | None:
    """Modes of the model less those of the GAN: at the end, or the mean through training."""
    a, b = run.usual(model), run.usual("gan")
    if a is None or b is None or run.metric != "emd":
        return None
    counts = [_modes(run, one, through) for one in (a, b)]
    both = pd.concat(counts, axis=1, join="inner")
    if both.empty:
        return None
    values = both.iloc[:, 0] - both.iloc[:, 1]
    cited = run.cited(a, b, seeds=values.index)
    return decided(values, above(HALF_A_MODE), "modes", "modes", cited, run.lost(a, b))


def _modes(run: Run, one: Contestant, through: bool) -> pd.Series:
    rows = run.course(one, "modes")
    rows = rows[rows["images"] > 0].groupby("seed")["value"]
    counts = rows.mean() if through else rows.last()
    return _with_lost(run, one, counts)


def _with_lost(run: Run, one: Contestant, values: pd.Series) -> pd.Series:
    """A lost trial has no sample of any mode or label: 0."""
    if values.empty:
        return values
    return with_lost(values, run.seeds(one, *LOST), 0.0)


def carries_label(run: Run, least: float) -> Finding | None:
    """The share of the conditional model's samples that are in the class asked for."""
    one = run.usual("cgan")
    values = pd.Series(dtype=float) if one is None else run.final(one, "label_accuracy")
    if one is None or values.empty:
        return None
    values = _with_lost(run, one, values)
    cited = run.cited(one, seeds=values.index)
    return decided(values, above(least), "share", "label_accuracy", cited, run.lost(one))


def not_copied(run: Run, model: str) -> Finding | None:
    """The data-copying statistic C_T: about 0 like held-out data, strongly negative copies."""
    one = run.usual(model)
    values = pd.Series(dtype=float) if one is None else run.final(one, "memorisation")
    if one is None or values.empty:
        return None
    cited = run.cited(one, seeds=values.index)
    bound = round(-LIKE_TRUE * 10**-0.5, 2)
    return decided(values, above(bound), "C_T", "memorisation", cited, run.lost(one))


def at_equal_seconds(run: Run, steps: int, claimed: Region) -> Finding | None:
    """The ratio for fewer critic steps, when the first of the two has ended, by its own clock."""
    base = run.usual("wgangp")
    fewer = run.variant(base, discriminator_steps=steps)
    if base is None or fewer is None:
        return None
    courses = [dict(iter(run.course(one, run.metric).groupby("seed"))) for one in (fewer, base)]
    seeds = sorted(courses[0].keys() & courses[1].keys())
    pairs = [_at_the_first_end(*(course[seed] for course in courses)) for seed in seeds]
    logs = pd.DataFrame(pairs, index=seeds, columns=["fewer", "base"], dtype=float)
    logs = logs[np.isfinite(logs).all(axis=1)]
    ranked = ranks(*_with_finals(run, fewer, base, logs))
    if logs.empty and ranked is None:
        return None
    cited = run.cited(fewer, base, seeds=logs.index)
    note = "; ".join(filter(None, (run.lost(fewer, base), "seconds of the machine that ran it")))
    values = logs["fewer"] - logs["base"]
    return decided(values, claimed, "ratio", run.metric, cited, note, True, ranked)


def _with_finals(
    run: Run, a: Contestant, b: Contestant, logs: pd.DataFrame
) -> tuple[list[pd.Series], list[list[int]]]:
    """The columns of `logs`, the end of a trial whose partner was lost added; and who was lost."""
    finals = [run.log_final(one, run.metric) for one in (a, b)]
    columns = [logs[name].combine_first(own) for name, own in zip(logs, finals, strict=True)]
    return columns, [run.seeds(one, *LOST) for one in (a, b)]


def _at_the_first_end(a: pd.DataFrame, b: pd.DataFrame) -> list[float]:
    """log a and log b at the lesser of the last seconds, interpolated in seconds."""
    end = min(a["seconds"].max(), b["seconds"].max())
    with np.errstate(divide="ignore", invalid="ignore"):
        return [float(np.interp(end, own["seconds"], np.log(own["value"]))) for own in (a, b)]
