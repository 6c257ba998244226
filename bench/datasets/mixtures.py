"""2-D distributions with known modes, so that mode coverage is counted without a classifier."""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor

from gan_zoo.streams import Streams

from ..errors import require

Sample = tuple[Tensor, Tensor]  # points [n, 2] float32, labels [n] int64
TRAIN = 50_000  # at least 2,000 a mode: enough to stand for the distribution
HOLDOUT = 10_000  # four times the usual protocol's 2,500 samples, drawn apart from TRAIN


class Distribution(Protocol):
    """A distribution in the plane."""

    @property
    def modes(self) -> int: ...
    def sample(self, n: int, rng: Generator) -> Sample: ...


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians of equal weight, all with the standard deviation `sigma` in both axes."""

    name: str
    centres: Tensor  # [modes, 2] float64
    sigma: float

    @property
    def modes(self) -> int:
        return len(self.centres)

    def sample(self, n: int, rng: Generator) -> Sample:
        """n points [n, 2] float32 of modes drawn uniformly, and these modes [n] int64."""
        labels = torch.randint(self.modes, (n,), generator=rng)
        # Computed in float64 and rounded once: torch's float32 kernel differs between processors.
        noise = torch.randn(n, 2, generator=rng, dtype=torch.float64)
        return (self.centres[labels] + self.sigma * noise).float(), labels


@dataclass(frozen=True)
class SwissRoll:
    """The spiral t (cos t, sin t), t ~ U[1.5 pi, 4.5 pi), plus noise, both divided by `scale`.

    The first and the third axis of scikit-learn's `make_swiss_roll` (Marsland 2014, chapter 6).
    """

    name: str
    noise: float  # standard deviation in both axes, before the division
    scale: float

    @property
    def modes(self) -> int:
        return 1

    def sample(self, n: int, rng: Generator) -> Sample:
        """n points [n, 2] float32, and their labels [n] int64, all 0."""
        t = 1.5 * math.pi * (1 + 2 * torch.rand(n, generator=rng, dtype=torch.float64))
        spiral = torch.stack([t * t.cos(), t * t.sin()], dim=1)
        noise = torch.randn(n, 2, generator=rng, dtype=torch.float64)
        points = (spiral + self.noise * noise) / self.scale
        return points.float(), torch.zeros(n, dtype=torch.int64)


def ring(modes: int, radius: float) -> Tensor:
    """Centres [modes, 2] float64, evenly around the origin, anticlockwise from (radius, 0)."""
    angles = torch.arange(modes, dtype=torch.float64) * (2 * math.pi / modes)
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def grid(side: int, spacing: float) -> Tensor:
    """Centres [side * side, 2] float64, around the origin, column by column from the bottom up."""
    axis = (torch.arange(side, dtype=torch.float64) - (side - 1) / 2) * spacing
    return torch.cartesian_prod(axis, axis)


# The published rings differ only in scale (radius = 100 sigma), and so do the published grids
# (spacing = 40 sigma). ring8 and grid25 have WGAN-GP's scale, a variance of about 1 in each
# coordinate, which suits the networks' initial weights: radius sqrt(2), spacing 1 / sqrt(2). But
# their modes are 3.5 and 2.8 times as wide, so that samples fall within 3 sigma of a mode after
# seconds on one CPU core, not minutes. Neighbouring modes are still 22 and 14 sigma apart, so the
# mode of a sample is never in doubt.
DISTRIBUTIONS: dict[str, Mixture | SwissRoll] = {
    d.name: d
    for d in (
        Mixture("ring8", ring(8, math.sqrt(2)), 0.05),
        Mixture("ring8@pacgan", ring(8, 1.0), 0.01),
        Mixture("ring8@wgangp", ring(8, 2 / 1.414), 0.02 / 1.414),
        Mixture("grid25", grid(5, 1 / math.sqrt(2)), 0.05),
        Mixture("grid25@pacgan", grid(5, 2.0), 0.05),
        Mixture("grid25@wgangp", grid(5, 2 / 2.828), 0.05 / 2.828),
        SwissRoll("swissroll", noise=0.25, scale=7.5),
    )
}


def true_samples(name: str, part: str, n: int) -> Sample:
    """n samples of a distribution, always the same for one name, part and n.

    They are drawn from the stream points/<name>/<part> of seed 0: they belong to the data set, not
    to a trial, and different parts are independent. Raises InputError for an unknown name, with
    the nearest known one. Source: PacGAN (Lin et al. 2018, section 4.1; modes as in VEEGAN,
    Srivastava et al. 2017) and WGAN-GP's code (Gulrajani et al. 2017).
    """
    return drawn(require(name, DISTRIBUTIONS, "2-D distribution"), name, part, n)


def drawn(distribution: Distribution, name: str, part: str, n: int) -> Sample:
    """As `true_samples`, of any distribution."""
    seed = Streams(0).seed_of(f"points/{name}/{part}")
    return distribution.sample(n, torch.Generator().manual_seed(seed))


def points_dataset(name: str) -> tuple[Sample, Sample]:
    """The training samples (50,000) and held-out samples (10,000); the label is the mode.

    True samples cost nothing, but these are fixed, so that the order of the data, epochs and
    memorisation mean what they mean for images. Raises InputError for an unknown name.
    """
    return true_samples(name, "train", TRAIN), true_samples(name, "holdout", HOLDOUT)
