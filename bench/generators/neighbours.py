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
CLOSE = 0.01  # the share of held-out images that lie closer than what "suspiciously close" means


@dataclass(frozen=True, eq=False)
class Neighbours:
    """n samples [n, *shape], their nearest training images, and how held-out images compare."""

    images: Tensor
    found: Tensor  # [n, NEAREST, *shape], the nearest first
    distances: Tensor  # [n] float64, to the nearest
    held: Tensor  # [m] float64, of held-out images to their nearest training image
    train: int  # training images that were searched
    space: str  # "pixels", or the name and hash of an extractor

    @property
    def nearer(self) -> float:
        """The share of pairs in which the sample is nearer to the training set than the held-out
        image is: one half where samples are like held-out images, near 1 where they are copies."""
        u = mannwhitneyu(self.held.numpy(), self.distances.numpy()).statistic
        return float(u) / (len(self.held) * len(self.distances))

    @property
    def close(self) -> tuple[float, float, float]:
        """The share of samples nearer than the closest 1 % of held-out images, with its exact 95 %
        interval. 0.01 is what held-out images would score."""
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

    Near is what the extractor finds near that the trial was measured with; with `pixels`, or where
    there is none, the Euclidean distance of pixels in [-1, 1]. Of a large set 10,000 images are
    searched. Raises InputError for points, and where a user's own images are not those of then.
    """
    trained.require_same_data()
    data, judge = trained.dataset, trained.judge
    if data.truth is not None:
        raise InputError(
            f"{data.name} has points, and among 50,000 of them every place has one close by: the "
            "report's EMD and high quality tell more"
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
