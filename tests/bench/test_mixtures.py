"""The 2-D distributions against their parameters, measured, and against scikit-learn."""

import hashlib
import math

import pytest
import torch
from torch import Tensor

from bench.datasets.mixtures import DISTRIBUTIONS, Mixture, grid, points_dataset, ring, true_samples
from bench.errors import InputError
from bench.metrics.points import nearest
from bench.metrics.transport import emd

MIXTURES = [d for d in DISTRIBUTIONS.values() if isinstance(d, Mixture)]
# name: radius or spacing, sigma; LITERATURE of PacGAN and WGAN-GP's code, to its digits.
PUBLISHED = {
    "ring8@pacgan": (1.0, 0.01),
    "ring8@wgangp": (1.414, 0.0141),
    "grid25@pacgan": (2.0, 0.05),
    "grid25@wgangp": (0.707, 0.0177),
}


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sha256(*tensors: Tensor) -> str:
    return hashlib.sha256(b"".join(t.numpy().tobytes() for t in tensors)).hexdigest()


def closest_pair(centres: Tensor) -> float:
    return float(torch.pdist(centres).min())


def test_a_ring_has_eight_distinct_equally_spaced_modes() -> None:
    centres = ring(8, 3.0)
    assert len({(round(x, 9), round(y, 9)) for x, y in centres.tolist()}) == 8
    assert centres.norm(dim=1).tolist() == pytest.approx([3.0] * 8, abs=1e-12)
    sides = (centres - centres.roll(1, dims=0)).norm(dim=1)  # also from the last to the first
    assert sides.tolist() == pytest.approx([6 * math.sin(math.pi / 8)] * 8, abs=1e-12)
    assert centres[0].tolist() == [3, 0]
    assert centres[2].tolist() == pytest.approx([0, 3], abs=1e-12)  # anticlockwise


def test_a_grid_is_centred_and_even() -> None:
    centres = grid(5, 2.0)
    wanted = [[x, y] for x in (-4.0, -2.0, 0.0, 2.0, 4.0) for y in (-4.0, -2.0, 0.0, 2.0, 4.0)]
    assert centres.tolist() == wanted


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_setups(name: str) -> None:
    mixture = DISTRIBUTIONS[name]
    assert isinstance(mixture, Mixture)
    size, sigma = PUBLISHED[name]
    if name.startswith("ring"):
        assert float(mixture.centres.norm(dim=1).max()) == pytest.approx(size, abs=6e-4)
    else:
        assert closest_pair(mixture.centres) == pytest.approx(size, abs=6e-4)
    assert mixture.sigma == pytest.approx(sigma, abs=6e-5)


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: m.name)
def test_centres_and_sigma_measured(mixture: Mixture) -> None:
    points, labels = mixture.sample(100_000, generator(1))
    spread = (points.double() - mixture.centres[labels]) / mixture.sigma
    # 1e5 in each axis: deviations of 0.0022 (sigma), 0.0032 (mean) and 0.0032 (correlation).
    assert spread.std(dim=0).tolist() == pytest.approx([1, 1], abs=0.01)
    assert spread.mean(dim=0).tolist() == pytest.approx([0, 0], abs=0.015)
    assert float(torch.corrcoef(spread.T)[0, 1]) == pytest.approx(0, abs=0.015)
    # 100,000 / modes of each, of a deviation below its root.
    counts = torch.bincount(labels, minlength=mixture.modes).double()
    expected = 100_000 / mixture.modes
    assert (counts - expected).abs().max() < 5 * math.sqrt(expected)


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_the_defaults_have_unit_variance(name: str) -> None:
    points, _ = true_samples(name, "test", 100_000)
    assert points.std(dim=0).tolist() == pytest.approx([1, 1], abs=0.02)
    assert points.mean(dim=0).tolist() == pytest.approx([0, 0], abs=0.02)


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: m.name)
def test_modes_are_apart_and_labels_are_the_nearest(mixture: Mixture) -> None:
    assert closest_pair(mixture.centres) > 10 * mixture.sigma
    points, labels = mixture.sample(20_000, generator(2))
    # Half the gap is more than 5 sigma: a stray label is one in a million.
    assert int((nearest(points, mixture.centres)[1] != labels).sum()) == 0


def test_the_swiss_roll_is_that_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")

    def reference(seed: int) -> Tensor:
        rolled, _ = datasets.make_swiss_roll(800, noise=0.25, random_state=seed)
        return torch.from_numpy(rolled[:, [0, 2]] / 7.5)

    points, labels = true_samples("swissroll", "test", 800)
    assert labels.unique().tolist() == [0]
    floor = emd(reference(0), reference(1))
    assert 0.5 * floor < emd(points, reference(0)) < 1.6 * floor
    assert emd(points * 1.2, reference(0)) > 1.6 * floor  # so the bound can tell


def test_the_noise_of_the_swiss_roll_is_measured() -> None:
    roll = DISTRIBUTIONS["swissroll"]
    points, _ = roll.sample(50_000, generator(3))
    radius, angle = points.double().norm(dim=1) * 7.5, points[:, 1].atan2(points[:, 0]).double()
    # Across the spiral, whose arms are 2 pi apart, to the nearest arm: t = angle + 2 pi k.
    off = torch.remainder(radius - angle + math.pi, 2 * math.pi) - math.pi
    assert float(off.std()) == pytest.approx(0.25, abs=0.01)
    assert float(radius.max()) == pytest.approx(4.5 * math.pi, abs=1.2)
    assert float(radius.min()) == pytest.approx(1.5 * math.pi, abs=1.2)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("ring8", "e5779832b2516bbcb8247c6ee01c2f480c29302dce9a014e556e6694ff3ad389"),
        ("grid25@wgangp", "74747be1ba50d20cd7ac879f54951f8579dc21dfcb7319c3e5e174c946e3cd40"),
        ("swissroll", "2753e96837d5f1d2f91d314d54ec96e0593cfacb6e2baff64baf901ff8eea514"),
    ],
)
def test_draws_are_reproducible(name: str, digest: str) -> None:
    assert sha256(*true_samples(name, "test", 1000)) == digest


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_data_set_of_points(name: str) -> None:
    (train, labels), (holdout, held_labels) = points_dataset(name)
    assert train.shape == (50_000, 2)
    assert holdout.shape == (10_000, 2)
    assert train.dtype == holdout.dtype == torch.float32
    assert labels.dtype == held_labels.dtype == torch.int64
    assert labels.shape == (50_000,)
    assert held_labels.shape == (10_000,)
    classes = list(range(DISTRIBUTIONS[name].modes))
    assert labels.unique().tolist() == held_labels.unique().tolist() == classes
    rows, held_rows = train.view(torch.int64), holdout.view(torch.int64)  # a point is 8 bytes
    assert not torch.isin(held_rows, rows).any()  # drawn from a stream of its own
    again, _ = points_dataset(name)[0]
    assert torch.equal(again, train)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'ring8@pacgan'"):
        points_dataset("ring8@pacgam")
