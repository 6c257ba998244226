"""Modes, quality and earth mover's distance against hand counts, closed forms and a solver."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from torch import Tensor

from bench.datasets.mixtures import DISTRIBUTIONS, Mixture, ring, true_samples
from bench.metrics import points as metrics
from bench.metrics.transport import emd

MIXTURES = [d for d in DISTRIBUTIONS.values() if isinstance(d, Mixture)]
CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], dtype=torch.float64)
# Nearest to mode 0, 0, 0, 1, 1; at distances 0, 2.9, 3.1, 3.0 and 5 of a sigma of 1.
POINTS = torch.tensor([[0, 0], [0, 2.9], [3.1, 0], [10, -3.0], [15, 0]], dtype=torch.float64)


def uniform(seed: int, n: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).uniform(size=(n, 2)))


def linear_programme(x: Tensor, y: Tensor) -> float:
    """Transport as scipy's HiGHS solves it: rows of the plan sum to 1 / n, its columns to 1 / m."""
    n, m = len(x), len(y)
    cost = (x[:, None] - y).norm(dim=2).numpy()
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    weights = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    return float(linprog(cost.ravel(), A_eq=sums, b_eq=weights, method="highs").fun)


def test_modes_counted_by_hand() -> None:
    counts = metrics.mode_counts(POINTS, CENTRES, sigma=1.0)
    assert counts.tolist() == [2, 1, 0]
    assert metrics.modes_reached(counts) == 2
    assert metrics.high_quality(POINTS, CENTRES, sigma=1.0) == 3 / 5
    # All five by nearest centre: 3/5, 2/5 and 0.
    expected = 0.6 * math.log(0.6 * 3) + 0.4 * math.log(0.4 * 3)
    assert metrics.mode_kl(POINTS, CENTRES) == pytest.approx(expected, abs=1e-12)


def test_sigma_is_the_unit_of_quality() -> None:
    assert metrics.mode_counts(POINTS, CENTRES, sigma=0.1).tolist() == [1, 0, 0]
    assert metrics.mode_counts(POINTS, CENTRES, sigma=2.0).tolist() == [3, 2, 0]


def test_the_nearest_centre_and_its_distance() -> None:
    distances, labels = metrics.nearest(POINTS, CENTRES)
    assert distances.tolist() == pytest.approx([0, 2.9, 3.1, 3, 5], abs=1e-12)
    assert labels.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: m.name)
def test_true_samples_reach_all_modes_and_the_ceiling(mixture: Mixture) -> None:
    points, _ = true_samples(mixture.name, "test", 40_000)
    share = metrics.high_quality(points, mixture.centres, mixture.sigma)
    # 1 - exp(-4.5) = 0.98889, of a binomial deviation of 0.0005.
    assert share == pytest.approx(0.98889, abs=0.002)
    counts = metrics.mode_counts(points, mixture.centres, mixture.sigma)
    assert metrics.modes_reached(counts) == mixture.modes
    # 2 n KL is chi-squared with modes - 1 degrees of freedom: 7 +- 3.7 or 24 +- 6.9.
    chi_squared = 2 * len(points) * metrics.mode_kl(points, mixture.centres)
    assert 0.5 < chi_squared < 60


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda m: m.name)
def test_collapse_to_one_mode(mixture: Mixture) -> None:
    points, labels = true_samples(mixture.name, "test", 20_000)
    one = points[labels == 5]
    counts = metrics.mode_counts(one, mixture.centres, mixture.sigma)
    assert metrics.modes_reached(counts) == 1
    assert int(counts.argmax()) == 5
    assert metrics.mode_kl(one, mixture.centres) == pytest.approx(math.log(mixture.modes), abs=1e-9)
    assert 0.97 < metrics.high_quality(one, mixture.centres, mixture.sigma) < 1


def test_a_constant_generator() -> None:
    centres = ring(8, 2.0)
    on_a_mode, at_the_origin = centres[3].repeat(2500, 1), torch.zeros(2500, 2)
    assert metrics.high_quality(on_a_mode, centres, 0.02) == 1
    assert metrics.mode_counts(on_a_mode, centres, 0.02).tolist() == [0, 0, 0, 2500, 0, 0, 0, 0]
    assert metrics.high_quality(at_the_origin, centres, 0.02) == 0
    assert metrics.modes_reached(metrics.mode_counts(at_the_origin, centres, 0.02)) == 0
    assert metrics.mode_kl(at_the_origin, centres) == pytest.approx(math.log(8), abs=1e-9)
    # The mean distance to eight centres of radius 2 on a ring, all equally likely.
    assert emd(at_the_origin, centres) == pytest.approx(2, abs=1e-9)


def test_a_blob_has_no_mode_kl_and_no_quality() -> None:
    blob = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))
    assert 0 < metrics.mode_kl(blob, ring(8, 2.0)) < 0.002
    assert metrics.high_quality(blob, ring(8, 2.0), 0.02) < 0.01


@pytest.mark.parametrize(
    ("points", "centres", "sigma", "message"),
    [
        (torch.tensor([[0.0, math.nan]]), CENTRES, 1.0, "NaN or inf"),
        (torch.tensor([[0.0, math.inf]]), CENTRES, 1.0, "NaN or inf"),
        (torch.empty(0, 2), CENTRES, 1.0, "0 points and 3 centres"),
        (POINTS, torch.empty(0, 2), 1.0, "5 points and 0 centres"),
        (torch.zeros(4, 3), CENTRES, 1.0, r"\[4, 3\] and \[3, 2\]"),
        (torch.zeros(4), CENTRES, 1.0, r"\[4\] and \[3, 2\]"),
        (POINTS, CENTRES, 0.0, "sigma must be above 0"),
        (POINTS, CENTRES, math.nan, "sigma must be above 0"),
    ],
)
def test_what_modes_refuse(points: Tensor, centres: Tensor, sigma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics.high_quality(points, centres, sigma)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (12, 12), (7, 16), (20, 3)])
def test_emd_is_what_a_linear_programme_finds(n: int, m: int) -> None:
    x, y = uniform(n, n), uniform(100 + m, m) + 0.3
    assert emd(x, y) == pytest.approx(linear_programme(x, y), abs=1e-9)


@pytest.mark.parametrize("n", [5, 200])
def test_emd_on_a_line_is_the_mean_difference_of_the_sorted(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n), rng.normal(1, 2, size=n)
    direction = torch.tensor([0.6, 0.8], dtype=torch.float64)
    x, y = (torch.from_numpy(v)[:, None] * direction for v in (a, b))
    assert emd(x, y) == pytest.approx(np.abs(np.sort(a) - np.sort(b)).mean(), abs=1e-9)


def test_emd_by_hand() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    # Half of each point goes to each of four corners at the distance 1 or 2.
    y = torch.tensor([[0.0, 1.0], [0.0, -1.0], [1.0, 2.0], [1.0, -2.0]])
    assert emd(x, y) == pytest.approx(1.5, abs=1e-9)
    assert emd(y, x) == pytest.approx(1.5, abs=1e-9)


def test_emd_of_a_shift_is_the_shift_and_of_a_shuffle_nothing() -> None:
    x = uniform(0, 300)
    assert emd(x + torch.tensor([3.0, 4.0]), x) == pytest.approx(5, abs=1e-9)
    assert emd(x.flip(0), x) == pytest.approx(0, abs=1e-9)


def test_emd_of_two_true_samples_is_the_floor_and_of_a_collapse_far_above() -> None:
    (x, labels), (y, _) = (true_samples("ring8", part, 1000) for part in ("one", "two"))
    floor = emd(x, y)
    assert 0.02 < floor < 0.15
    # Onto mode 0 from each of 8: the mean chord, 2 r (sum sin(pi k / 8)) / 8 = 1.7777.
    collapsed = DISTRIBUTIONS["ring8"]
    assert isinstance(collapsed, Mixture)
    assert emd(collapsed.centres[:1], y) == pytest.approx(1.7777, abs=0.08)
    assert emd(x[labels == 0], y) > 10 * floor


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.tensor([[math.nan, 0.0]]), torch.zeros(2, 2), "NaN or inf"),
        (torch.zeros(2, 2), torch.tensor([[0.0, -math.inf]]), "NaN or inf"),
        (torch.empty(0, 2), torch.zeros(2, 2), "EMD needs points on both sides, got 0 and 2"),
        (torch.zeros(2, 3), torch.zeros(2, 2), r"\[2, 3\] and \[2, 2\]"),
        (torch.zeros(2), torch.zeros(2, 2), r"\[2\] and \[2, 2\]"),
    ],
)
def test_what_emd_refuses(x: Tensor, y: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        emd(x, y)


def test_an_emd_that_is_not_solved_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.metrics.transport.MAX_STEPS", 3)
    warned = pytest.warns(UserWarning, match="numItermax")
    with warned, pytest.raises(RuntimeError, match="EMD was not solved"):
        emd(uniform(0, 100), uniform(1, 100))
