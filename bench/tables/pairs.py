"""A row for each pair of contestants and metric, judged by the rule of `bench.stats.layout`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..records.results import Results
from . import failures, warnings
from .looks import in_looks, reached
from .protocol import datasets, final, metrics
from .summary import summary
from .verdicts import verdict

HANDED_LABELS = ["modes", "mode_kl"]  # a conditional model is told its classes
ALPHA = 0.05
LEAST = 3  # seeds from which on a spread is known well enough to plan by
PAIRED, POOLED, RANKED = "paired t", "partly pooled t", "signed ranks"
COLUMNS = ["dataset", "metric", "outcome", "scale", "model_a", "model_b", "n"]
COLUMNS += ["difference", "low", "high", "ratio", "ratio_low", "ratio_high", "level", "method"]
COLUMNS += ["p", "adjusted_p", "sign_flip_p", "sign_flip_holm_p"]
COLUMNS += ["probability_of_improvement", "variance_removed", "seeds_for_power"]
COLUMNS += ["look", "equivalent"]
COLUMNS += ["told", "warning", "verdict"]
Row = dict[str, object]


def comparisons(results: Results, summaries: pd.DataFrame | None = None) -> pd.DataFrame:
    """A row for each pair and metric; COLUMNS.

    summaries: those of `summary`, where they are there already.

    `model_a` ranks before `model_b`. difference, low, high are a - b on the metric's natural scale:
    of logarithms for distances, whose ratio, ratio_low, ratio_high are a / b. The interval is
    simultaneous: with all pairs of the metric and data set it holds at `level`. p is of the pair
    alone, adjusted_p times the number of pairs. told: what a is, compared with b: "lower",
    "higher", or "" where that cannot be told, which is where the interval contains no difference;
    verdict: the same in words. sign_flip_p and sign_flip_holm_p check it without assumptions on
    spreads. n: the seeds that the verdict stands on: those that both finished, but for rare ones
    that lie apart (`stats.compare_middle`). look: of a folder in looks (`bench.stats.looks`), the
    number of seeds at which the pair was judged, whose interval is at the level of that look;
    equivalent: the difference lies within the folder's margin. warning: what the middle of the
    scores does not say (rare collapses, alarms, lost trials). Where lost trials leave fewer than
    half of the seeds, method is "signed ranks" of all that ended (`failures`), without an
    interval. seeds_for_power: for the power .8, of the primary metric.
    """
    summaries = summary(results) if summaries is None else summaries
    rows: list[Row] = []
    for dataset in datasets(results):
        ranked = summaries[summaries["dataset"] == dataset]
        said = warnings.of_trials(results, dataset)
        for metric in metrics(results):
            family = _family(results, dataset, metric, ranked, said)
            outcome = "primary" if metric == primary_metric(dataset) else "exploratory"
            rows += [{"dataset": dataset, "metric": metric, "outcome": outcome} | r for r in family]
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True)
class Detectable:
    """The smallest difference, of logarithms, that a pair of usual spread is told apart by."""

    difference: float  # told in 4 of 5 runs
    n: int  # seeds


def detectable(results: Results, dataset: str) -> Detectable | None:
    """Of the primary metric; None for fewer than three seeds or two contestants that have them."""
    values, log = by_seed(results, primary_metric(dataset), dataset)
    layout = values.dropna(axis="columns").to_numpy(float)
    n, k = layout.shape
    if n < LEAST or k < 2 or not log:
        return None
    usual = np.full(k, stats.variances_of(layout).mean())
    if not usual[0]:
        return None
    found = stats.detectable_difference(usual, n, k * (k - 1) // 2)
    return Detectable(found, n)


def by_seed(results: Results, metric: str, dataset: str) -> tuple[pd.DataFrame, bool]:
    """[seeds, models] the final values on the natural scale, and whether they are logarithms.

    A distance that is not above 0 has no logarithm (KID's estimate is unbiased and can be
    negative). For the primary metric the value is left out; any other metric is then compared as it
    is.
    """
    table = final(results, metric, dataset)
    table = table[np.isfinite(table["value"])]
    log = metrics(results)[metric].scale == "log"
    if log and metric == primary_metric(dataset):
        table = table[table["value"] > 0]
    log &= bool((table["value"] > 0).all())
    values = table.pivot(index="seed", columns="model", values="value")
    return (np.log(values) if log else values), log


@dataclass(frozen=True)
class Finals:
    """The final values of a metric: `columns` [models, seeds], NaN where a trial has none."""

    labels: list[str]
    columns: np.ndarray

    @classmethod
    def of_table(cls, values: pd.DataFrame) -> "Finals":
        """From [seeds, models]."""
        return cls(list(values), np.ascontiguousarray(values.to_numpy(float).T))

    def of(self, pair: Sequence[str], others: bool = False) -> np.ndarray:
        """[n, 2] the seeds that both have; with `others`, who has all of these comes after."""
        if not set(pair) <= set(self.labels):
            return np.empty((0, len(pair)))
        places = [self.labels.index(label) for label in pair]
        seeds = ~np.isnan(self.columns[places]).any(axis=0)
        if others:
            whole = ~np.isnan(self.columns[:, seeds]).any(axis=1)
            places += [int(at) for at in np.flatnonzero(whole) if at not in places]
        return np.ascontiguousarray(self.columns[places][:, seeds]).T


def _family(
    results: Results, dataset: str, metric: str, ranked: pd.DataFrame, trials: dict[str, list[str]]
) -> list[Row]:
    """The pairs of one metric on one data set, judged together; trials: what these say."""
    values, log = by_seed(results, metric, dataset)
    primary = metric == primary_metric(dataset)
    conditional = ranked.loc[ranked["conditional"], "model"] if metric in HANDED_LABELS else []
    # Who lost every trial still has its pairs on the primary metric: no row goes missing.
    losers = failures.losers(results, dataset) if primary else set()
    there = set(values) | losers
    if not there:
        return []
    finals = Finals.of_table(values)
    pairs = list(combinations([label for label in ranked["model"] if label in there], 2))
    asked = reached(results, dataset)
    counted = failures.ended(results, dataset) if losers else None
    by_ranks = [pair for pair in pairs if counted is not None and counted.mostly_lost(*pair)]
    apart: dict[tuple[str, str], str] = {}
    for pair in pairs:
        if handed := " and ".join(label for label in pair if label in set(conditional)):
            apart[pair] = f"not comparable: {handed} is handed its labels"
        elif pair not in by_ranks and not len(finals.of(pair)):
            apart[pair] = "cannot tell: no seed that both finished"
        elif asked == []:
            apart[pair] = f"not judged before {results.experiment['looks'][0]} seeds have ended"
    judged = [pair for pair in pairs if pair not in apart]
    on_scores = [pair for pair in judged if pair not in by_ranks]
    decisions = in_looks(results, values, on_scores, len(judged), asked or [], log)
    flips = dict(zip(on_scores, _sign_flips(finals, on_scores), strict=True))
    rows: list[Row] = []
    for pair in pairs:
        row: Row = {"model_a": pair[0], "model_b": pair[1], "n": 0, "told": "", "warning": ""}
        said = [text for label in pair for text in trials.get(label, [])]
        if pair in apart:
            row["verdict"] = apart[pair]
        elif counted is not None and pair in by_ranks:
            row |= _by_ranks(counted, pair, len(judged), "; ".join(said))
        else:
            row |= flips[pair] | _judged(finals, pair, len(judged), log, said, primary)
            if pair in decisions:
                row |= _decided(results, decisions[pair], pair, log, str(row["warning"]))
            better = metrics(results)[metric].better
            row |= _beside(finals.of(pair).T, better)
        rows.append(row)
    return rows


def _by_ranks(counted: failures.Ended, pair: tuple[str, str], family: int, warning: str) -> Row:
    """A pair of which lost trials leave fewer than half of the seeds."""
    side, p, n = counted.ranked(*pair)
    adjusted = min(1.0, p * family)
    told: stats.Told = side if adjusted < ALPHA else ""
    found = {"method": RANKED, "n": n, "p": p, "adjusted_p": adjusted, "told": told}
    text = verdict(told, *pair, n, warning, middle=False)
    return found | {"warning": warning, "verdict": text}


def _judged(
    finals: Finals,
    pair: tuple[str, str],
    family: int,
    log: bool,
    said: list[str],
    primary: bool,
) -> Row:
    """The pair in the layout of all contestants that have its seeds, by the rule of its middle."""
    full = finals.of(pair, others=True)
    found, layout = stats.compare_middle(full, family)
    warning = "; ".join([*warnings.of_seeds(full, pair), *said])
    told = stats.told(found.estimate, found.adjusted_p)
    planned = primary and found.n >= LEAST  # its simulation takes a while
    needed = _needed(layout, found, family) if planned else None
    row = _row(found, layout, log) | {"n": found.n, "told": told, "warning": warning}
    row |= {"seeds_for_power": np.nan if needed is None else needed}
    return row | {"verdict": verdict(told, *pair, found.n, warning)}


def _decided(
    results: Results, decision: stats.Decision, pair: tuple[str, str], log: bool, warning: str
) -> Row:
    """What differs from `_judged` where the folder is judged in looks."""
    found, equal = decision.comparison, decision.equivalent and not decision.apart
    told = stats.told(found.estimate, found.adjusted_p)
    text = verdict(told, *pair, found.n, warning)
    if equal:
        text = f"equal within {100 * results.experiment['margin']:g} %"
        text += f" in the middle, but {warning}" * bool(warning)
    return _ends(found, log) | {
        "n": found.n,
        "level": 1 - decision.look.share,
        "p": found.p,
        "adjusted_p": found.adjusted_p,
        "look": decision.look.n,
        "equivalent": equal,
        "told": told,
        "verdict": text,
    }


def _ends(found: stats.Comparison, log: bool) -> Row:
    """The difference with its interval, and the ratio of values whose logarithms these are."""
    ends = {"": found.estimate, "_low": found.low, "_high": found.high}
    ratios = {f"ratio{end}": float(np.exp(value)) for end, value in ends.items()} if log else {}
    return {"difference": found.estimate, "low": found.low, "high": found.high, **ratios}


def _row(found: stats.Comparison, layout: np.ndarray, log: bool) -> Row:
    method = "none" if found.n == 1 else PAIRED if layout.shape[1] == 2 else POOLED
    return {
        "scale": "log" if log else "linear",
        **_ends(found, log),
        "level": 0.95,
        "method": method,
        "p": found.p,
        "adjusted_p": found.adjusted_p,
    }


def _sign_flips(finals: Finals, pairs: list[tuple[str, str]]) -> list[Row]:
    """The check without assumptions on spreads: exact sign flips, Holm over the family."""
    rng = np.random.default_rng(0)  # only for more than 20 seeds, whose flips are drawn
    both = [finals.of(pair) for pair in pairs]
    p_values = [stats.sign_flip_test(each[:, 0] - each[:, 1], rng) for each in both]
    return [
        {"sign_flip_p": p, "sign_flip_holm_p": float(holm)}
        for p, holm in zip(p_values, stats.holm(p_values), strict=True)
    ]


def _beside(pair: np.ndarray, better: str) -> Row:
    a, b = pair
    first, second = (a, b) if better == "lower" else (b, a)
    return {
        "probability_of_improvement": stats.probability_of_improvement(first, second),
        "variance_removed": stats.variance_removed_by_pairing(a, b),
    }


def _needed(layout: np.ndarray, found: stats.Comparison, family: int) -> int | None:
    """Seeds for the power .8 if difference and spreads are as these seeds have them."""
    if not found.error:
        return len(layout) if found.estimate else None
    return stats.seeds_for(found.estimate, stats.variances_of(layout), family)
