"""What lost trials say of a pair.

A model that finishes only where it does well looks better than it is. Where both of a pair finished
in half of the seeds or more, the pair is judged on those and a warning names the lost trials. Else
the finished seeds are not the middle, and the pair is judged with every lost trial counted as worse
than any that finished, two lost at one seed as equal. How much worse is nobody's to say, so that
test looks at signed ranks. Trials that never had their chance (unsuited, interrupted, waiting) do
not count. Which test judges a pair depends on the number of lost trials alone.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..records.results import Results
from .protocol import final

LOST = ("diverged", "failed")


def losers(results: Results, dataset: str) -> set[str]:
    """The contestants that lost a trial on the data set."""
    trials = results.trials
    return set(trials.loc[(trials["dataset"] == dataset) & trials["status"].isin(LOST), "model"])


@dataclass(frozen=True)
class Ended:
    """The final primary metric of all trials that ended, as logarithms, the worst where lost."""

    scores: pd.DataFrame  # [seeds, models]
    lost: pd.DataFrame  # [seeds, models] bool

    def mostly_lost(self, a: str, b: str) -> bool:
        """Did both finish in fewer than half of the seeds that both ended?"""
        lost = self._pair(self.lost, a, b).any(axis=1)
        return bool(len(lost)) and float(lost.mean()) > 0.5

    def ranked(self, a: str, b: str) -> tuple[stats.Told, float, int]:
        """What a is, compared with b, p of the signed ranks, and the seeds that both ended."""
        both = self._pair(self.scores, a, b)
        ranks = stats.signed_ranks(both[a] - both[b])
        rng = np.random.default_rng(0)  # only for more than 20 seeds, whose flips are drawn
        p = stats.sign_flip_test(ranks, rng)
        return "lower" if ranks.mean() < 0 else "higher", p, len(ranks)

    def _pair(self, table: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
        if not {a, b} <= set(self.scores):
            return table.iloc[:0]
        return table.loc[self.scores[[a, b]].dropna().index, [a, b]].astype(table.dtypes[a])


def ended(results: Results, dataset: str) -> Ended:
    """Every trial of the data set that finished, diverged or failed."""
    trials = results.trials[results.trials["dataset"] == dataset]
    trials = trials[trials["status"].isin(("finished", *LOST))]
    table = trials.merge(
        final(results, primary_metric(dataset), dataset)[["model", "seed", "value"]], "left"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        table["value"] = np.log(table["value"].to_numpy(float))
    table["lost"] = table["status"].isin(LOST)
    table = table[table["lost"] | np.isfinite(table["value"])]
    worst = beyond(table["value"].dropna().to_numpy(float))
    table["value"] = stats.with_failures(table["value"], table["lost"], worst)
    shape = {"index": "seed", "columns": "model"}
    lost = table.pivot(**shape, values="lost")
    return Ended(table.pivot(**shape, values="value"), lost.eq(True))


def beyond(finished: np.ndarray) -> float:
    """So far above what finished that those differ less from each other than from it."""
    return float(2 * finished.max() - finished.min() + 1) if len(finished) else 0.0
