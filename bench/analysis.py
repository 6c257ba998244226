"""All tables of a results folder, each computed once, for the text and the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from .claims import CLAIMS, Claim, judged, runs_of
from .records.results import Results
from .tables.agreement import extractor_agreement
from .tables.cost import reaching
from .tables.looks import of_shared_seeds
from .tables.matching import matched
from .tables.noise import noise
from .tables.pairs import Detectable, comparisons, detectable
from .tables.protocol import datasets
from .tables.reported_losses import reported_losses
from .tables.scale import scale
from .tables.summary import summary


@dataclass(frozen=True)
class Analysis:
    """The tables of a results folder, each computed once."""

    results: Results
    # Of a user's own, beside ours, by their names.
    own_claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict, hash=False)
    own_figures: Mapping[str, Any] = field(default_factory=dict, hash=False)  # Plots

    @cached_property
    def summary(self) -> pd.DataFrame:
        return summary(self.results)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        return comparisons(self.results, self.summary)

    @cached_property
    def matched_seeds(self) -> "Analysis":
        """What figures show: the seeds that all contestants have, but all pairs as judged."""
        found = replace(self, results=of_shared_seeds(self.results))
        if found.results is self.results:
            return self
        vars(found)["comparisons"] = self.comparisons
        return found

    @cached_property
    def detectable(self) -> dict[str, Detectable]:
        """Data set -> how small a difference its seeds can tell."""
        found = {name: detectable(self.results, name) for name in datasets(self.results)}
        return {name: each for name, each in found.items() if each is not None}

    @cached_property
    def scale(self) -> pd.DataFrame:
        return scale(self.results)

    @cached_property
    def agreement(self) -> pd.DataFrame:
        return extractor_agreement(self.results)

    @cached_property
    def matched(self) -> pd.DataFrame:
        return matched(self.results)

    @cached_property
    def noise(self) -> pd.DataFrame:
        return noise(self.results)

    @cached_property
    def reported(self) -> pd.DataFrame:
        return reported_losses(self.results)

    @cached_property
    def reaching(self) -> pd.DataFrame:
        return reaching(self.results)

    @cached_property
    def claims(self) -> pd.DataFrame:
        """What the papers say, as far as this folder alone can speak to it."""
        own = (part for parts in self.own_claims.values() for part in parts)
        return judged(runs_of(self.results), whole=False, claims=(*CLAIMS, *own))

    def models(self, dataset: str) -> pd.DataFrame:
        """The rows of `summary` on a data set, best first."""
        return self.summary[self.summary["dataset"] == dataset]

    def measured(self, dataset: str, metrics: tuple[str, ...]) -> list[str]:
        """Those of the metrics that a finished trial on the data set has a value of."""
        table = self.models(dataset)
        return [metric for metric in metrics if (table[f"{metric}_n"] > 0).any()]

    def pairs(self, dataset: str) -> pd.DataFrame:
        """The rows of `comparisons` on a data set on its primary outcome."""
        rows = self.comparisons
        return rows[(rows["dataset"] == dataset) & (rows["outcome"] == "primary")]
