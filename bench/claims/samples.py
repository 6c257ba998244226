"""Claims about the samples: 1, 2, 4, 9, 10, 12, 15. Each follows its measure."""

from collections.abc import Callable
from functools import partial
from math import log

import numpy as np
import pandas as pd

from ..tables.failures import LOST
from .claim import NOTES, WGAN, WGANGP, Claim
from .evidence import Contestant, Run, joined, ranks, with_lost
from .rule import RATIO, Effects, above, below

Pair = Callable[[Run], tuple[Contestant | None, Contestant | None]]
RULE = "the ratio of the {} of the same seed, {}, averaged on the log scale: {} 1"


def modes_gained(run: Run, model: str, through: bool) -> Effects | None:
    """Modes of the model less those of the GAN: at the end, or the mean through training."""
    a, b = run.usual(model), run.usual("gan")
    if a is None or b is None or run.metric != "emd":
        return None
    counts = [_modes(run, one, through) for one in (a, b)]
    both = pd.concat(counts, axis=1, join="inner")
    if both.empty:
        return None
    values = both.iloc[:, 0] - both.iloc[:, 1]
    return Effects(
        values, "modes", "modes", run.cited(a, b, seeds=values.index), note=run.lost(a, b)
    )


def _modes(run: Run, one: Contestant, through: bool) -> pd.Series:
    """seed -> modes, of all evaluations but that of the untrained model."""
    rows = run.course(one, "modes")
    rows = rows[rows["images"] > 0].groupby("seed")["value"]
    return _lost_as_zero(run, one, rows.mean() if through else rows.last())


def _lost_as_zero(run: Run, one: Contestant, values: pd.Series) -> pd.Series:
    """A lost trial has no sample of any mode or label: 0."""
    return values if values.empty else with_lost(values, run.seeds(one, *LOST), 0.0)


MODES = tuple(
    Claim(
        number=1,
        part=f"{model}, {when}",
        statement=f"{name} covers more modes than the GAN, {when}",
        source=f"{NOTES}; {WGAN}, section 4.3; {WGANGP}, figure 2",
        needs="gan and wgan or wgangp on points with modes",
        rule=f"modes of {model} less modes of gan, {counted}, same seed: above 0.5",
        claimed=above(0.5),
        measure=partial(modes_gained, model=model, through=through),
    )
    for model, name in {"wgangp": "WGAN-GP", "wgan": "The clipped WGAN"}.items()
    for through, when, counted in (
        (False, "at the end", "at the last evaluation"),
        (True, "through training", "mean over all evaluations after the first"),
    )
)


def usual(a: str, b: str) -> Pair:
    """Two models, each as its paper has it."""
    return lambda run: (run.usual(a), run.usual(b))


def varied(model: str, **changes: object) -> Pair:
    """A model with some hyperparameters changed, and the model itself."""
    return lambda run: (run.variant(run.usual(model), **changes), run.usual(model))


def final_ratio(run: Run, pair: Pair, images_only: bool = False) -> Effects | None:
    """The final FID or EMD of the first over that of the second, at equal images."""
    a, b = pair(run)
    if a is None or b is None or (images_only and run.metric != "fid"):
        return None
    finals = [run.log_final(one, run.metric) for one in (a, b)]
    return _ratio(run, a, b, pd.concat(finals, axis=1, join="inner").sort_index())


def _ratio(
    run: Run, a: Contestant, b: Contestant, logs: pd.DataFrame, note: str = ""
) -> Effects | None:
    """a / b, from the logarithms `logs` [seeds that both finished, 2].

    Ranked are all seeds that both ended; where one was lost, the other has its final value.
    """
    finals = [
        logs.iloc[:, place].combine_first(run.log_final(one, run.metric))
        for place, one in enumerate((a, b))
    ]
    ranked = ranks(finals, [run.seeds(one, *LOST) for one in (a, b)])
    if logs.empty and ranked is None:
        return None
    values = logs.iloc[:, 0] - logs.iloc[:, 1]
    cited = run.cited(a, b, seeds=logs.index)
    return Effects(values, RATIO, run.metric, cited, joined(run.lost(a, b), note), ranked)


DCGAN = Claim(
    number=2,
    statement="DCGAN beats the MLP GAN at equal images",
    source=f"{NOTES}; Radford et al. 2015, arXiv:1511.06434",
    needs="gan and dcgan on images",
    rule=RULE.format("final FID", "dcgan / gan", "below"),
    claimed=below(log(1)),
    measure=partial(final_ratio, pair=usual("dcgan", "gan"), images_only=True),
)
CLIPPING = Claim(
    number=4,
    statement="Clipping slows training: worse than the penalty at equal images",
    source=f"{NOTES}; {WGANGP}, section 5",
    needs="wgan and wgangp",
    rule=RULE.format("final FID or EMD", "wgan / wgangp", "above")
    + "; each with the optimizer of its paper",
    claimed=above(log(1)),
    measure=partial(final_ratio, pair=usual("wgan", "wgangp")),
)
BATCH_NORM = Claim(
    number=12,
    statement="Batch norm does harm in the WGAN-GP critic",
    source=f"{NOTES}; {WGANGP}, section 4",
    needs="wgangp, and the same with discriminator_norm = batch",
    rule=RULE.format("final FID or EMD", "with batch norm / without", "above")
    + "; two of the lecture notes use it there, one forbids it",
    claimed=above(log(1)),
    measure=partial(final_ratio, pair=varied("wgangp", discriminator_norm="batch")),
)


def ratio_at_equal_seconds(run: Run, pair: Pair) -> Effects | None:
    """FID or EMD of the first over that of the second, at the time when one of them has ended."""
    a, b = pair(run)
    if a is None or b is None:
        return None
    courses = [dict(iter(run.course(one, run.metric).groupby("seed"))) for one in (a, b)]
    seeds = sorted(courses[0].keys() & courses[1].keys())
    pairs = [_at_the_first_end(*(course[seed] for course in courses)) for seed in seeds]
    logs = pd.DataFrame(pairs, index=seeds, columns=["a", "b"], dtype=float)
    logs = logs[np.isfinite(logs).all(axis=1)]
    return _ratio(run, a, b, logs, "seconds of the machine that ran it")


def _at_the_first_end(a: pd.DataFrame, b: pd.DataFrame) -> list[float]:
    """log a and log b at the lesser of their last seconds, interpolated in seconds."""
    end = min(a["seconds"].max(), b["seconds"].max())
    with np.errstate(divide="ignore", invalid="ignore"):
        return [float(np.interp(end, own["seconds"], np.log(own["value"]))) for own in (a, b)]


CRITIC_STEPS = tuple(
    Claim(
        number=15,
        part=f"{steps} or 5, {clock}",
        statement=f"WGAN-GP's critic needs its five steps: {steps} is worse, at equal {clock}",
        source=f"{NOTES}; {WGAN}, section 3",
        needs="wgangp, and the same with discriminator_steps 1 and 2",
        rule=RULE.format(values, f"{word} / 5", "above") + read,
        claimed=above(log(1)),
        measure=partial(measure, pair=varied("wgangp", discriminator_steps=steps)),
    )
    for clock, measure, values, read in (
        ("images", final_ratio, "final FID or EMD", ""),
        (
            "seconds",
            ratio_at_equal_seconds,
            "FID or EMD",
            "; both are read when the first of the two trials ends, interpolated in seconds",
        ),
    )
    for steps, word in {1: "1 critic step", 2: "2 critic steps"}.items()
)


def label_share(run: Run) -> Effects | None:
    """The share of the conditional GAN's samples that are in the class asked for."""
    one = run.usual("cgan")
    values = pd.Series(dtype=float) if one is None else run.final(one, "label_accuracy")
    if one is None or values.empty:
        return None
    values = _lost_as_zero(run, one, values)
    cited = run.cited(one, seeds=values.index)
    return Effects(values, "share", "label_accuracy", cited, note=run.lost(one))


LABELS = tuple(
    Claim(
        number=9,
        part=often,
        statement=f"CGAN's samples carry their label, {often}",
        source=f"{NOTES}; Mirza & Osindero 2014, arXiv:1411.1784",
        needs="cgan on images with labels, or on a mixture",
        rule=f"share of the final samples in the class asked for: above {least:g} "
        "(a lost trial: 0)",
        claimed=above(least),
        measure=label_share,
    )
    for least, often in {0.5: "more often than not", 0.9: "nine times of ten"}.items()
)


def copying(run: Run, model: str) -> Effects | None:
    """The data-copying statistic C_T: about 0 like held-out data, strongly negative copies."""
    one = run.usual(model)
    values = pd.Series(dtype=float) if one is None else run.final(one, "memorisation")
    if one is None or values.empty:
        return None
    cited = run.cited(one, seeds=values.index)
    return Effects(values, "C_T", "memorisation", cited, note=run.lost(one))


MEMORISED = tuple(
    Claim(
        number=10,
        part=model,
        statement=f"The samples of {model} are not memorised training images",
        source=NOTES,
        needs="images, with the metric memorisation at the end",
        rule="data-copying statistic C_T of the final samples: above -0.95, three of the standard "
        "deviations that it has without copying (Meehan et al. 2020)",
        claimed=above(-0.95),  # a standard deviation is 10 ** -0.5: the mean over 10 cells
        measure=partial(copying, model=model),
    )
    for model in ("gan", "cgan", "dcgan", "wgan", "wgangp")
)
