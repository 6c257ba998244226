"""A judge: a data set, its extractor, and the features of its real images."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets import OWN_FEATURES
from ..datasets.dataset import Dataset, Split, load_dataset, to_unit
from ..datasets.selection import SELECTION
from ..datasets.storage import arrays_dir, digest
from ..environment import code_digest
from ..extensions import Kept
from ..metrics.frechet import Gaussian, gaussian
from ..metrics.kernel import Within, within
from ..metrics.manifold import Balls, balls
from ..metrics.sharpness import fine
from . import EXTRACTORS, NONE, second_extractor
from .classifier import load_or_train
from .custom import load_custom
from .kept import facts, kept, of_tensor
from .network import Extractor, Seen, load_extractor

REFERENCE = 10_000  # images of a split that samples are compared with, at most
TOGETHER = 5_000  # images turned into floats at once


@dataclass(frozen=True, eq=False)
class Reference:
    """The features of a split's real images, and what metrics derive from them alone.

    Derived values are computed once, when they are first needed: later evaluations cost a fifth
    less, with the same bits.
    """

    seen: Seen
    labels: Tensor  # [n]
    rows: Tensor  # [n] of the split

    @cached_property
    def gaussian(self) -> Gaussian:
        return gaussian(self.seen.features)

    @cached_property
    def within(self) -> Within:
        return within(self.seen.features)

    @cached_property
    def balls(self) -> Balls:
        return balls(self.seen.features)

    def prepare(self) -> None:
        """Derive everything now: of several threads that need it first, each would."""
        _ = self.gaussian, self.within, self.balls


@dataclass(frozen=True, eq=False)
class Judge:
    """A data set, its extractor, and the features that this gives the real images."""

    source: str  # what `load_dataset` takes: a name or folder:PATH
    size: int | None
    features: str  # the reference of the extractor, as in `--features`
    device: str
    dataset: Dataset
    network: Extractor | None  # None for points, which are their own features, and for "none"

    @property
    def extractor(self) -> Extractor:
        """The extractor; an error if there is none (`network` is None)."""
        assert self.network is not None, f"{self.features} is no extractor"
        return self.network

    @cached_property
    def train(self) -> Reference:
        """The features of the training set, or of a fixed draw of 10,000 of its images."""
        return self._reference("train", self.dataset.train)

    @cached_property
    def holdout(self) -> Reference:
        """The features of the held-out split, or of a fixed draw of 10,000 of its images."""
        return self._reference("holdout", self.dataset.holdout)

    @cached_property
    def fine(self) -> float:
        """The share of fine detail in the held-out images: `bench.metrics.sharpness.fine`."""
        rows = self.rows("holdout", self.dataset.holdout)
        return fine(to_unit(self.dataset.holdout.samples[rows]))

    @property
    def compared(self) -> Reference:
        """What samples are compared with: the training set, or a selection split."""
        return self.holdout if self.dataset.measured_to == SELECTION else self.train

    @property
    def second(self) -> "Judge | None":
        """The judge of the same data set by the extractor's twin from another seed, if any."""
        twin = second_extractor(self.features)
        return judge_of(self.source, self.size, twin, self.device) if twin else None

    def rows(self, name: str, split: Split) -> Tensor:
        """The rows of a split that its reference has: all, or a fixed draw of 10,000."""
        if len(split) <= REFERENCE:
            return torch.arange(len(split))
        drawn = Streams(0).generator(f"reference/{self.source}/{name}")
        return torch.randperm(len(split), generator=drawn)[:REFERENCE]

    def _reference(self, name: str, split: Split) -> Reference:
        rows = self.rows(name, split)

        def see() -> Seen:
            parts = (split.samples[some].to(self.device) for some in rows.split(TOGETHER))
            seen = [self.extractor(to_unit(part)) for part in parts]
            features = torch.cat([each.features for each in seen])
            return Seen(features, torch.cat([each.probabilities for each in seen]))

        behind: list[object] = [
            code_digest("extractors", "datasets"),
            of_tensor(split.samples[rows]),
        ]
        behind += facts(self.network, self.device)
        path = arrays_dir() / f"features-{self.dataset.name}-{digest(behind)}.safetensors"
        found = kept(path, see)
        seen = Seen(found.features.to(self.device), found.probabilities.to(self.device))
        return Reference(seen, split.labels[rows], rows)


@Kept
def judge_of(source: str, size: int | None, features: str, device: str) -> Judge:
    """The judge of a data set by an extractor, made once a process and kept with its features.

    `source` and `size` are as in `load_dataset`, `features` as in `--features`. Raises InputError
    if weights or a user's class are missing or do not suit the data set.
    """
    dataset = load_dataset(source, size)
    network = None if features in (NONE, OWN_FEATURES) else load_network(features, dataset, device)
    return Judge(source, size, features, device, dataset, network)


def load_network(
    features: str,
    dataset: Dataset,
    device: str,
    progress: Callable[[str], None] | None = None,
) -> Extractor:
    """The extractor that `features` refers to, for a data set; `classifier` may have to be trained.

    Raises InputError if weights or a user's class are missing or do not suit the data set.
    """
    kind, _, file = features.partition(":")
    if kind == "classifier":
        return load_or_train(dataset, arrays_dir(), device, progress)
    if kind == "inception":
        from .inception import load_inception  # torchmetrics and torchvision: a second

        return load_inception(Path(file) if file else None, device)
    if kind in EXTRACTORS:
        return load_extractor(kind, device)
    return load_custom(features, dataset.spec.shape, device)
