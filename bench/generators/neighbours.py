"""Samples beside the training images nearest to them: does the generator copy?"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import binomtest, mannwhitneyu
from torch import Tensor

from ..datasets.dataset import to_unit
from ..errors import InputError
from ..extractors.judge import REFERENCE
from ..metrics.memorisation import nearest
from .load import Trained

NEAREST = 3  # training images shown below a sample
CLOSE = 0.01  # a sample is close if it is nearer than this share of the held-out images


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Samples, their nearest training images, and the distances of held-out images."""

    images: Tensor  # [n, *shape] the samples
    found: Tensor  # [n, NEAREST, *shape] training images, the nearest first
    distances: Tensor  # [n] float64, from each sample to its nearest training image
    held: Tensor  # [m] float64, from each held-out image to its nearest training image
    train: int  # how many training images were searched
    space: str  # where distances are taken: "pixels", or the name and hash of an extractor

    @property
    def nearer(self) -> float:
        """The share of pairs of a sample and a held-out image in which the sample is nearer to the
        training set: 0.5 if samples are like held-out images, near 1 if they are copies."""
        u = mannwhitneyu(self.held.numpy(), self.distances.numpy()).statistic
        return float(u) / (len(self.held) * len(self.distances))

    @property
    def close(self) -> tuple[float, float, float]:
        """The share of samples nearer than the closest 1 % of held-out images, and the bounds of
        its exact 95 % interval. Held-out images themselves score 0.01."""
        limit = float(np.quantile(self.held.numpy(), CLOSE))
        k, n = int((self.distances < limit).sum()), len(self.distances)
        bounds = binomtest(k, n).proportion_ci(0.95)
        return k / n, float(bounds.low), float(bounds.high)

    @property
    def copies(self) -> int:
        """Samples at distance 0 of a training image."""
        return int((self.distances == 0).sum())


def neighbours(trained: Trained, images: Tensor, pixels: bool = False) -> Neighbours:
    """The training images nearest to samples `images` [n, c, h, w] in [-1, 1].

    Distances are Euclidean, in the features that the trial was measured with, or between pixels in
    [-1, 1] if `pixels` is true or there is no extractor. At most 10,000 training images are
    searched. Raises InputError for points, and if a user's own images have changed.
    """
    trained.require_same_data()
    data, judge = trained.dataset, trained.judge
    if data.truth is not None:
        raise InputError(
            f"{data.name} has points: every place is close to one of 50,000; see EMD and high "
            "quality in the report instead"
        )
    if pixels or judge.network is None:
        train, holdout = data.train.samples[:REFERENCE], data.holdout.samples[:REFERENCE]
        rows, space = torch.arange(len(train)), "pixels"
        seen = [to_unit(part).flatten(1) for part in (train, holdout)] + [images.flatten(1)]
    else:
        rows, space = judge.train.rows, judge.extractor.protocol
        real = (judge.train.seen, judge.holdout.seen)
        seen = [each.features for each in (*real, judge.extractor(images))]
    if len(rows) < NEAREST:
        raise InputError(f"{data.name} has only {len(rows)} training images")
    found, distances = nearest(seen[2], seen[0], NEAREST)
    held = nearest(seen[1], seen[0])[1][:, 0]
    shown = to_unit(data.train.samples[rows[found.flatten()]]).unflatten(0, found.shape)
    return Neighbours(images, shown, distances[:, 0], held, len(rows), space)
