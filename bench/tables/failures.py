"""Pairs once more, with every lost trial counted against its model.

A model that finishes only where it does well looks better than it is: means and pairs see its
survivors alone. The rule here: a trial that diverged or failed is worse than any that finished,
and two that were lost at one seed are equal. Trials that never had their chance (unsuited,
interrupted, waiting) do not count. How much worse is nobody's to say, so the test looks at signed
ranks, in which finished against lost is the largest difference there is.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..records.results import Results
from .protocol import final
from .verdicts import by_sign_flips

LOST = ("diverged", "failed")


def losers(results: Results, dataset: str) -> set[str]:
    """The contestants that lost a trial on the data set."""
    trials = results.trials
    return set(trials.loc[(trials["dataset"] == dataset) & trials["status"].isin(LOST), "model"])


def verdicts(
    results: Results, dataset: str, pairs: Sequence[tuple[str, str]]
) -> list[dict[str, object]]:
    """What the primary metric says of each pair under the rule, as columns of its row.

    They are told_with_failures and verdict_with_failures; none where neither lost a trial. Holm's
    family is all pairs. A statement on ranks: beside the verdict on ratios, not in its place.
    """
    lost = losers(results, dataset)
    if not lost:
        return [{} for _ in pairs]
    scores = _with_failures(results, dataset)
    ranks = [_signed_ranks(scores, a, b) for a, b in pairs]
    rng = np.random.default_rng(0)  # only for more than 20 seeds, whose flips are drawn
    p_values = [stats.sign_flip_test(r, rng) if len(r) else np.nan for r in ranks]
    family = int(np.isfinite(p_values).sum())
    return [
        _judged(a, b, r, float(p), family) if lost & {a, b} else {}
        for (a, b), r, p in zip(pairs, ranks, stats.holm(p_values), strict=True)
    ]


def _with_failures(results: Results, dataset: str) -> pd.DataFrame:
    """[seeds, models] the logarithm of the final primary metric, the worst where lost."""
    trials = results.trials[results.trials["dataset"] == dataset]
    trials = trials[trials["status"].isin(("finished", *LOST))]
    table = trials.merge(
        final(results, primary_metric(dataset), dataset)[["model", "seed", "value"]], "left"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        table["value"] = np.log(table["value"].to_numpy(float))
    lost = table["status"].isin(LOST)
    table = table[lost | np.isfinite(table["value"])]
    worst = beyond(table["value"].dropna().to_numpy(float))
    table["value"] = stats.with_failures(table["value"], table["status"].isin(LOST), worst)
    return table.pivot(index="seed", columns="model", values="value")


def beyond(finished: np.ndarray) -> float:
    """So far above what finished that those differ less from each other than from it."""
    return float(2 * finished.max() - finished.min() + 1) if len(finished) else 0.0


def _signed_ranks(scores: pd.DataFrame, a: str, b: str) -> np.ndarray:
    both = scores.reindex(columns=[a, b]).dropna()
    return stats.signed_ranks(both[a] - both[b]) if len(both) else np.empty(0)


def _judged(a: str, b: str, ranks: np.ndarray, p: float, family: int) -> dict[str, object]:
    told: stats.Told = ""
    text = "cannot tell: no seed that both ended"
    if n := len(ranks):
        told = stats.told(float(ranks.mean()), p)
        text = by_sign_flips(told, a, b, n, family)
    return {"told_with_failures": told, "verdict_with_failures": text}
