"""The data-copying test and nearest neighbours against loops, scikit-learn and known truths."""

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors  # type: ignore[import-untyped]
from torch import Tensor

from bench.metrics.memorisation import LEAST, data_copying, nearest


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def counted_z(generated: Tensor, train: Tensor, holdout: Tensor) -> float:
    """The Mann-Whitney z of one cell, pair by pair."""

    def gaps(samples: Tensor) -> list[float]:
        return [min(float((s - t).norm()) for t in train) for s in samples]

    u = sum((a > b) + (a == b) / 2 for a, b in itertools.product(gaps(generated), gaps(holdout)))
    n, m = len(generated), len(holdout)
    return (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


def clusters(rng: np.random.Generator, counts: list[int], spread: float = 1) -> list[Tensor]:
    """Samples about (0, 0), (100, 0), (200, 0), ..: a list of one tensor for each."""
    return [
        normal(rng, count, 2) * spread + torch.tensor([100.0 * k, 0])
        for k, count in enumerate(counts)
    ]


@pytest.mark.parametrize(("n", "m", "d", "k"), [(30, 40, 2, 1), (600, 300, 16, 4), (5, 3, 50, 3)])
def test_nearest_agrees_with_scikit_learn(
    rng: np.random.Generator, n: int, m: int, d: int, k: int
) -> None:
    x, y = normal(rng, n, d) + 50, normal(rng, m, d) + 50
    tree = NearestNeighbors(n_neighbors=k, algorithm="kd_tree").fit(y.numpy())
    distances, indices = tree.kneighbors(x.numpy())
    found, gaps = nearest(x, y, k)
    assert found.dtype == torch.int64
    assert found.tolist() == indices.tolist()
    assert gaps.numpy() == pytest.approx(distances, rel=1e-12)


def test_nearest_by_hand() -> None:
    train = torch.tensor([[0.0, 0], [3, 4], [0, 1]])
    indices, distances = nearest(torch.tensor([[0.0, 0], [3, 3]]), train, k=2)
    assert indices.tolist() == [[0, 2], [1, 2]]
    assert distances.flatten().tolist() == pytest.approx([0, 1, 1, 13**0.5], rel=1e-15)


def test_a_copy_is_at_distance_zero_however_far_from_the_origin(rng: np.random.Generator) -> None:
    train = normal(rng, 400, 64).float() + 1e3
    order = torch.from_numpy(rng.permutation(400))
    indices, distances = nearest(train[order], train)
    assert torch.equal(indices[:, 0], order)
    assert float(distances.abs().max()) == 0


def test_one_cell_is_the_mann_whitney_z(rng: np.random.Generator) -> None:
    train, holdout = normal(rng, 40, 3), normal(rng, 35, 3)
    for generated in (normal(rng, 50, 3) * 1.3, train[:30], train[:1].expand(25, 3)):
        found = data_copying(generated, train, holdout, seeded(), cells=1)
        assert found == pytest.approx(counted_z(generated, train, holdout), rel=1e-12)


def test_cells_are_weighted_by_the_holdout_and_small_ones_left_out(
    rng: np.random.Generator,
) -> None:
    train = clusters(rng, [60, 50, 70, 40])
    holdout = clusters(rng, [30, 90, 40, LEAST - 1])  # the last has too few here,
    generated = clusters(rng, [LEAST, 40, LEAST - 1, 50], spread=1.5)  # the third here
    z = [counted_z(generated[k], train[k], holdout[k]) for k in (0, 1)]
    found = data_copying(
        torch.cat(generated), torch.cat(train), torch.cat(holdout), seeded(), cells=4
    )
    assert found == pytest.approx((30 * z[0] + 90 * z[1]) / 120, rel=1e-12)


def test_copies_are_far_below_zero_and_underfitting_far_above(rng: np.random.Generator) -> None:
    train, holdout, fresh = (normal(rng, n, 8) for n in (600, 400, 500))
    near = train[:500] + 0.05 * normal(rng, 500, 8)
    assert data_copying(train[:500], train, holdout, seeded()) < -5
    assert data_copying(near, train, holdout, seeded()) < -5
    assert abs(data_copying(fresh, train, holdout, seeded())) < 3
    assert data_copying(fresh * 1.6, train, holdout, seeded()) > 5


@pytest.mark.parametrize(("cells", "deviation"), [(1, 1), (4, 0.5)])
def test_without_copying_the_z_has_mean_0_and_the_deviation_that_is_named(
    rng: np.random.Generator, cells: int, deviation: float
) -> None:
    scores = []
    for seed in range(80):
        train = torch.cat(clusters(rng, [50] * cells))
        generated, holdout = (torch.cat(clusters(rng, [50] * cells)) for _ in range(2))
        scores.append(data_copying(generated, train, holdout, seeded(seed), cells=cells))
    spread = np.std(scores, ddof=1)
    assert abs(np.mean(scores)) < 4 * spread / len(scores) ** 0.5
    assert 0.68 * deviation < spread < 1.32 * deviation  # its own error is 8 %


@pytest.mark.filterwarnings("error")
def test_collapse_gives_a_finite_value(rng: np.random.Generator) -> None:
    train, holdout = normal(rng, 300, 64), normal(rng, 250, 64)
    copied = train[3].expand(200, 64)
    far = torch.full((200, 64), 2.0)
    assert -100 < data_copying(copied, train, holdout, seeded(), cells=3) < -5
    assert 5 < data_copying(far, train, holdout, seeded(), cells=3) < 100
    assert data_copying(far, far, far, seeded()) == 0
    assert 5 < data_copying(holdout, far, far, seeded()) < 100


def test_only_the_named_generator_is_drawn_from(rng: np.random.Generator) -> None:
    x, train, holdout = (normal(rng, n, 4) for n in (200, 300, 200))
    state, numbers = torch.get_rng_state(), str(np.random.get_state())  # noqa: NPY002
    first = data_copying(x, train, holdout, seeded(1))
    assert data_copying(x, train, holdout, seeded(1)) == first
    assert len({data_copying(x, train, holdout, seeded(s)) for s in range(4)}) > 1
    assert torch.equal(torch.get_rng_state(), state)
    assert str(np.random.get_state()) == numbers  # noqa: NPY002


def test_what_cannot_be_measured_is_refused(rng: np.random.Generator) -> None:
    x = normal(rng, 30, 3)
    broken = x.clone()
    broken[4, 1] = math.nan
    with pytest.raises(ValueError, match="none of 2 cells has 20 generated and 20 held-out"):
        data_copying(x[:10], x, x, seeded(), cells=2)
    for i, side in enumerate(["generated", "training", "held-out"]):
        sets = [x, x, x]
        sets[i] = broken
        with pytest.raises(ValueError, match=f"data copying: 1 of 30 {side} rows contain NaN"):
            data_copying(sets[0], sets[1], sets[2], seeded())
    with pytest.raises(ValueError, match="at least 1 cell, got 0"):
        data_copying(x, x, x, seeded(), cells=0)
    with pytest.raises(ValueError, match="samples have 3 features, training samples 2"):
        nearest(x, x[:, :2])
    with pytest.raises(ValueError, match=r"k lies in 1 \.\. 30, .* got 31"):
        nearest(x, x, k=31)
