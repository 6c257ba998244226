"""What claims are judged on: a results folder on one data set, or the folder of a study."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..tables.failures import LOST, beyond
from ..words import short

TAIL = 0.1  # of the budget: the end of training, where a curve is averaged

NOTHING = pd.DataFrame({name: pd.Series(dtype=float) for name in ("seed", "images", "value")})


@dataclass(frozen=True)
class Contestant:
    """A label of the plan, its model, and the hyperparameters that its trials recorded."""

    label: str
    model: str
    config: Mapping[str, Any]

    def usual(self) -> bool:
        """Whether loss, backbone, constraint and critic steps are its paper's; the rest is free."""
        config = self.config
        if not config:
            return False  # no trial of it has begun
        if self.model in ("gan", "cgan", "dcgan"):
            right = {"gan": "mlp", "dcgan": "conv"}.get(self.model, config.get("backbone"))
            return not config.get("saturating") and config.get("backbone") == right
        if config.get("discriminator_steps") != 5:
            return False
        if self.model == "wgan":
            return math.isfinite(config.get("clip", math.inf))
        one = config.get("penalty", 0) > 0 and config.get("discriminator_norm") == "none"
        return self.model == "wgangp" and bool(one)


@dataclass(frozen=True)
class Run:
    """The rows of one results folder on one data set.

    images: the last evaluation, so the budget of a trial. trials: model (the label), seed, status;
    curves: as recorded; evaluations: as recorded, under one protocol.
    """

    folder: str
    dataset: str
    images: int
    contestants: tuple[Contestant, ...]
    trials: pd.DataFrame
    curves: pd.DataFrame
    evaluations: pd.DataFrame

    @property
    def metric(self) -> str:
        """The primary metric: FID of images, EMD of points."""
        return primary_metric(self.dataset)

    def usual(self, model: str) -> Contestant | None:
        """The first contestant that plays its paper's game; of several rates, the middle one."""
        found = [c for c in self.contestants if c.model == model and c.usual()]
        if not found:
            return None
        alike = [c for c in found if without_rate(c) == without_rate(found[0])]
        middle = middle_rate(alike)
        return next(c for c in alike if c.config.get("learning_rate", 0) == middle)

    def variant(self, base: Contestant | None, **changes: Any) -> Contestant | None:
        """The contestant that differs from `base` in these hyperparameters alone."""
        if base is None:
            return None
        wanted = {**base.config, **changes}
        same = (c for c in self.contestants if c.model == base.model)
        return next((c for c in same if dict(c.config) == wanted), None)

    def seeds(self, one: Contestant, *statuses: str) -> list[int]:
        """The seeds of its trials with one of these statuses."""
        rows = self.trials
        own = rows[(rows["model"] == one.label) & rows["status"].isin(statuses)]
        return sorted(int(seed) for seed in own["seed"])

    @property
    def ended(self) -> int:
        """The number of seeds with a trial that finished, diverged or failed."""
        over = self.trials["status"].isin(("finished", *LOST))
        return int(self.trials.loc[over, "seed"].nunique())

    def lost(self, *some: Contestant) -> str:
        """How many trials of each diverged or failed, in words; "" where none did."""
        counts = {one.label: len(self.seeds(one, *LOST)) for one in some}
        return joined(*(f"{name}: {n} lost" for name, n in counts.items() if n))

    def course(self, one: Contestant, metric: str) -> pd.DataFrame:
        """A metric's evaluations of the finished trials, in the order of training."""
        return self._own(self._evaluations, one, metric)

    def curve(self, one: Contestant, metric: str) -> pd.DataFrame:
        """A curve's rows of the finished trials, in the order of training."""
        return self._own(self._curves, one, metric)

    def final(self, one: Contestant, metric: str) -> pd.Series:
        """seed -> value at the last evaluation of each finished trial."""
        return self.course(one, metric).groupby("seed")["value"].last()

    def log_final(self, one: Contestant, metric: str) -> pd.Series:
        """seed -> natural logarithm of `final`, where that is above 0."""
        values = self.final(one, metric)
        return np.log(values[values > 0])

    def tail(self, one: Contestant, metric: str) -> pd.Series:
        """seed -> mean of a curve over the last tenth of each finished trial."""
        rows = self.curve(one, metric)
        late = rows[rows["images"] > (1 - TAIL) * self.images]
        return late.groupby("seed")["value"].mean()

    def cited(self, *some: Contestant, seeds: Any = ()) -> str:
        """Folder, labels, budget and seeds of a finding, in words."""
        names = ", ".join(one.label for one in some)
        listed = " ".join(str(seed) for seed in sorted(seeds))
        shown = f"{short(self.images)} {'points' if self.metric == 'emd' else 'images'}"
        return f"{self.folder} ({names}; {shown}; seeds {listed or 'none'})"

    def _own(
        self, tables: dict[tuple[str, str], pd.DataFrame], one: Contestant, metric: str
    ) -> pd.DataFrame:
        rows = tables.get((one.label, metric))
        if rows is None:
            return NOTHING
        done = rows["seed"].isin(self.seeds(one, "finished")) & np.isfinite(rows["value"])
        return rows[done].sort_values(["seed", "images"], kind="stable")

    @cached_property
    def _curves(self) -> dict[tuple[str, str], pd.DataFrame]:
        return dict(iter(self.curves.groupby(["model", "metric"])))

    @cached_property
    def _evaluations(self) -> dict[tuple[str, str], pd.DataFrame]:
        return dict(iter(self.evaluations.groupby(["model", "metric"])))


@dataclass(frozen=True)
class Study:
    """The rows of one study: vanishing gradients, or gradients layer by layer."""

    folder: str
    kind: Literal["vanishing", "depth"]
    data: str  # what its networks were trained on
    rows: pd.DataFrame

    @property
    def dataset(self) -> str:
        return f"{self.kind}: {self.data}"

    @property
    def ended(self) -> int:
        """The number of seeds."""
        return int(self.rows["seed"].nunique())


Evidence = Run | Study


def with_lost(values: pd.Series, seeds: list[int], counted: float) -> pd.Series:
    """seed -> value, where each of the `seeds` that were lost counts as `counted`."""
    return pd.concat([values, pd.Series(counted, index=seeds, dtype=float)])


def ranks(finals: list[pd.Series], lost: list[list[int]]) -> np.ndarray | None:
    """Signed ranks of finals[0] - finals[1] by seed, each lost trial worse than any finished one.

    finals: two of seed -> value; lost: the seeds that each lost -> [seeds that both ended], or
    None where no trial was lost. The rule is that of bench.tables.failures.
    """
    if not any(lost):
        return None
    worst = beyond(np.concatenate([values.to_numpy(float) for values in finals]))
    counted = [with_lost(each, seeds, worst) for each, seeds in zip(finals, lost, strict=True)]
    both = pd.concat(counted, axis=1, join="inner").to_numpy(float)
    return stats.signed_ranks(both[:, 0] - both[:, 1]) if len(both) else None


def middle_rate(some: Iterable[Contestant]) -> float:
    """The lower median of their learning rates."""
    rates = sorted(float(one.config.get("learning_rate", 0)) for one in some)
    return rates[(len(rates) - 1) // 2]


def without_rate(one: Contestant) -> dict[str, Any]:
    """Its hyperparameters but for the learning rate."""
    return {name: value for name, value in one.config.items() if name != "learning_rate"}


def joined(*notes: str) -> str:
    """Notes as one; empty ones are left out."""
    return "; ".join(filter(None, notes))
