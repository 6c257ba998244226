"""Precision, recall, density and coverage against prdc, loops over exact integers, closed forms."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import torch
from prdc import compute_prdc  # type: ignore[import-untyped]
from torch import Tensor

from bench.metrics.manifold import ROWS, Manifold, balls, manifold, squared_distances


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape))


def counted(generated: np.ndarray, reference: np.ndarray, k: int, k_precision: int) -> Manifold:
    """The definitions with closed balls, on integers: every distance is exact, ties are ties."""

    def square(a: np.ndarray, b: np.ndarray) -> int:
        return sum((int(s) - int(t)) ** 2 for s, t in zip(a, b, strict=True))

    def radii(points: np.ndarray, k: int) -> list[int]:
        return [
            sorted(square(p, q) for j, q in enumerate(points) if i != j)[k - 1]
            for i, p in enumerate(points)
        ]

    n, m = len(generated), len(reference)
    gaps = [[square(y, x) for x in generated] for y in reference]
    narrow, wide = radii(reference, k_precision), radii(reference, k)
    fake = radii(generated, k_precision)
    precise = sum(any(gaps[i][j] <= narrow[i] for i in range(m)) for j in range(n))
    recalled = sum(any(gaps[i][j] <= fake[j] for j in range(n)) for i in range(m))
    balls = sum(gaps[i][j] <= wide[i] for i in range(m) for j in range(n))
    covered = sum(min(gaps[i]) <= wide[i] for i in range(m))
    return Manifold(precise / n, recalled / m, balls / (k * n), covered / m)


@pytest.mark.parametrize(
    ("n", "m", "d", "k"), [(80, 60, 8, 5), (600, 2 * ROWS, 64, 3), (9, 7, 1, 1)]
)
def test_equal_k_agree_with_prdc(rng: np.random.Generator, n: int, m: int, d: int, k: int) -> None:
    x, y = normal(rng, n, d) * 1.2 + 0.1, normal(rng, m, d)
    expected = compute_prdc(y.numpy(), x.numpy(), nearest_k=k)
    found = manifold(x, y, k=k, k_precision=k)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-12), name
    assert 0 < found.precision < 1
    assert 0 < found.recall < 1


def test_kept_balls_have_the_same_bits(rng: np.random.Generator) -> None:
    y = normal(rng, 2 * ROWS + 7, 16).float()
    kept, narrow = balls(y), balls(y, k=2, k_precision=1)
    for n in (6, 400):
        x = normal(rng, n, 16).float() * 1.2
        assert manifold(x, kept) == manifold(x, y)
        assert manifold(x, narrow) == manifold(x, y, k=2, k_precision=1) != manifold(x, y)


def test_each_pair_of_metrics_has_its_own_k(rng: np.random.Generator) -> None:
    x, y = normal(rng, 150, 8) * 1.2, normal(rng, 200, 8)
    three, five = (manifold(x, y, k=k, k_precision=k) for k in (3, 5))
    assert manifold(x, y) == Manifold(three.precision, three.recall, five.density, five.coverage)
    assert manifold(x, y, k=2, k_precision=5).precision == five.precision


def test_features_far_from_the_origin_keep_their_digits(rng: np.random.Generator) -> None:
    x, y = normal(rng, 150, 8) * 1.2, normal(rng, 200, 8)
    assert manifold(x + 1e7, y + 1e7) == manifold(x, y)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("d", "high"), [(1, 12), (2, 5), (6, 3)])
def test_ties_on_a_grid_of_integers_are_counted_exactly(seed: int, d: int, high: int) -> None:
    draw = np.random.default_rng(seed)
    x, y = draw.integers(0, high, size=(30, d)), draw.integers(0, high + 1, size=(41, d))
    found = manifold(torch.from_numpy(x).float(), torch.from_numpy(y).float())
    assert astuple(found) == pytest.approx(astuple(counted(x, y, 5, 3)), abs=1e-12)
    far = manifold(torch.from_numpy(x) + 1e6, torch.from_numpy(y) + 1e6)  # exact in float64
    assert far == found


def test_four_points_on_a_line_by_hand() -> None:
    reference = torch.tensor([[0.0], [1.0], [3.0], [10.0]])  # k = 1: radii 1, 1, 2, 7
    generated = torch.tensor([[0.5], [1.5], [20.0]])  # radii 1, 1, 18.5
    # 0.5 lies in the balls of 0 and 1; 1.5 in those of 1 and 3; 20 in none.
    # 0 and 1 lie in the ball of 0.5; 3 and 10 in that of 20, which reaches down to 1.5.
    # The balls with a generated point: 0, 1, 3.
    found = manifold(generated, reference, k=1, k_precision=1)
    assert astuple(found) == pytest.approx((2 / 3, 1, 4 / 3, 3 / 4), abs=1e-12)


def test_the_same_distribution_has_the_expected_density_and_coverage(
    rng: np.random.Generator,
) -> None:
    # Naeem et al.: the density is 1 on average, the coverage 1 - (m-1)..(m-k) / (m+n-1)..(m+n-k).
    n, m, k = 60, 80, 4
    found = [manifold(normal(rng, n, 3), normal(rng, m, 3), k=k) for _ in range(150)]
    density = np.array([f.density for f in found])
    coverage = np.array([f.coverage for f in found])
    expected = 1 - math.prod(range(m - k, m)) / math.prod(range(m + n - k, m + n))
    for values, mean in [(density, 1), (coverage, expected)]:
        error = values.std(ddof=1) / len(values) ** 0.5
        assert error < 0.01
        assert abs(values.mean() - mean) < 4 * error


def test_a_generator_that_repeats_one_point(rng: np.random.Generator) -> None:
    y = normal(rng, 300, 16)
    inside, outside = y[7].expand(50, 16), torch.full((50, 16), 9.0)
    found = manifold(inside, y)
    assert found.precision == 1
    assert found.recall == 1 / 300  # only the point itself: its balls have no size
    over = int(((y - y[7]).norm(dim=1) <= (torch.cdist(y, y).sort().values[:, 5] + 1e-9)).sum())
    assert found.density == pytest.approx(over / 5, rel=1e-12)
    assert found.coverage == over / 300
    assert manifold(outside, y) == Manifold(0, 0, 0, 0)
    assert manifold(outside, outside) == Manifold(1, 1, 10, 1)  # 50 balls over each, / 5
    assert manifold(y, inside).precision == 1 / 300


@pytest.mark.parametrize("offset", [0, 1e3])
def test_copies_of_the_reference_lie_on_the_rims(rng: np.random.Generator, offset: float) -> None:
    y = normal(rng, 500, 64).float() + offset
    copies = y[torch.from_numpy(rng.permutation(500))]
    # Each ball has its centre and k neighbours: the last of them is exactly on the rim.
    assert astuple(manifold(copies, y)) == pytest.approx((1, 1, 6 / 5, 1), abs=1e-12)


def test_fewer_samples_than_features_and_one_that_ran_away(rng: np.random.Generator) -> None:
    x, y = normal(rng, 6, 64), normal(rng, 8, 64)
    expected = compute_prdc(y.numpy(), x.numpy(), nearest_k=3)
    assert manifold(x, y, k=3).density == pytest.approx(expected["density"], abs=1e-12)
    x[0] = 1e120
    found = manifold(x, y)
    assert all(0 <= value < 10 for value in astuple(found))


def test_squared_distances_keep_what_float64_can(rng: np.random.Generator) -> None:
    x, y = normal(rng, 40, 32), normal(rng, 50, 32)
    exact = (x[:, None] - y).square().sum(dim=2)
    assert torch.allclose(squared_distances(x, y), exact, rtol=1e-13, atol=1e-12)
    lower = squared_distances(x, y, slack=2)
    assert bool((lower < exact).all())
    assert torch.allclose(lower, exact, rtol=1e-11)


def test_manifold_refuses_what_it_cannot_measure(rng: np.random.Generator) -> None:
    x = normal(rng, 8, 3)
    broken, large = x.clone(), x.clone()
    broken[1, 0], broken[3, 1], large[0, 0] = math.nan, math.inf, 1e160
    with pytest.raises(ValueError, match=r"^precision and recall: 2 of 8 generated rows contain"):
        manifold(broken, x)
    with pytest.raises(ValueError, match=r": 1 of 8 reference rows .* too large$"):
        manifold(x, large)
    with pytest.raises(ValueError, match="more than k = 3 generated rows, got 3"):
        manifold(x[:3], x)
    with pytest.raises(ValueError, match="more than k = 5 reference rows, got 5"):
        manifold(x, x[:5])
    with pytest.raises(ValueError, match="generated has 3, reference has 2"):
        manifold(x, x[:, :2])
    with pytest.raises(ValueError, match="k of at least 1, got 0 and 3"):
        manifold(x, x, k=0)
    with pytest.raises(ValueError, match=r"generated features are \[n, d\], got \[3\]"):
        manifold(x[0], x)
    with pytest.raises(ValueError, match=r"got \[0, 3\]"):
        manifold(x, x[:0])
