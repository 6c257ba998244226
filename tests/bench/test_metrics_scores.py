"""The classifier's score, FID at infinity and FID within classes against closed forms."""

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import torch
from torch import Tensor

from bench.metrics import frechet as extrapolated
from bench.metrics.classifier_score import classifier_score
from bench.metrics.frechet import fid, fid_infinity, fid_within_classes, fids_by_class


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def standard(rng: np.random.Generator, n: int, d: int) -> Tensor:
    """n samples whose own mean is exactly 0 and whose unbiased covariance is the identity."""
    z = rng.normal(size=(n, d))
    z -= z.mean(axis=0)
    return torch.from_numpy(z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T)


def test_the_classifier_score_by_hand() -> None:
    sure = torch.eye(4).repeat(3, 1)
    assert classifier_score(sure) == pytest.approx(4, rel=1e-12)
    assert classifier_score(sure[[0, 1, 4, 5]]) == pytest.approx(2, rel=1e-12)
    assert classifier_score(sure[:1].expand(9, 4)) == 1
    assert classifier_score(torch.full((5, 4), 0.25)) == 1
    assert classifier_score(1.00009 * torch.eye(2)) == pytest.approx(2, rel=1e-9)  # scaled to 1
    # Rows (1, 0) and (1/2, 1/2), mean (3/4, 1/4): log(4/3) / 2 + (log(2/3) + log 2) / 4.
    p = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    expected = math.log(4 / 3) / 2 + (math.log(2 / 3) + math.log(2)) / 4
    assert classifier_score(p) == pytest.approx(math.exp(expected), rel=1e-12)


def test_the_classifier_score_is_the_exponential_of_scipys_entropies(
    rng: np.random.Generator,
) -> None:
    p = (3 * normal(rng, 200, 10)).softmax(dim=1)
    mutual = scipy.stats.entropy(p.mean(dim=0)) - scipy.stats.entropy(p, axis=1).mean()
    assert classifier_score(p) == pytest.approx(math.exp(mutual), rel=1e-10)
    assert classifier_score(p.float()) == pytest.approx(math.exp(mutual), rel=1e-5)


def test_the_classifier_score_refuses_what_is_no_probability() -> None:
    bad = torch.tensor([[0.5, 0.5], [1.5, -0.5], [math.nan, 1.0], [0.5, 0.4]])
    with pytest.raises(ValueError, match="3 of 4 rows are not probabilities"):
        classifier_score(bad)
    with pytest.raises(ValueError, match=r"are \[n, c\], got \[2\]"):
        classifier_score(bad[0])
    with pytest.raises(ValueError, match=r"got \[0, 2\]"):
        classifier_score(bad[:0])


def test_a_line_in_1_over_n_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def linear(generated: Tensor, reference: Tensor) -> float:
        sizes.append(len(generated))
        assert len(generated.unique()) == len(generated)  # drawn without replacement
        return 7 + 300 / len(generated)

    monkeypatch.setattr(extrapolated, "fid", linear)
    x = torch.arange(1000.0)[:, None]
    assert fid_infinity(x, x, seeded()) == pytest.approx(7, rel=1e-12)
    assert sorted(sizes) == [round(200 + 800 * i / 14) for i in range(15)]


def test_the_intercept_is_numpys_least_squares(rng: np.random.Generator) -> None:
    x, y, draw = normal(rng, 103, 3), normal(rng, 90, 3), seeded(4)
    sizes = [103, 82, 62, 41, 20]  # evenly from n to n // 5, 61.5 rounded to even
    values = [fid(x[torch.randperm(103, generator=draw)[:n]], y) for n in sizes]
    expected = np.polyfit(1 / np.array(sizes), values, 1)[1]
    assert fid_infinity(x, y, seeded(4), points=5) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scale", [1.0, 1.2])
def test_the_extrapolated_fid_of_gaussians_is_unbiased(
    rng: np.random.Generator, scale: float
) -> None:
    # Against exact moments (0, identity), N(0, scale^2) in 6 dimensions is at 6 (scale - 1)^2.
    reference, truth = standard(rng, 50, 6), 6 * (scale - 1) ** 2
    sets = [scale * normal(rng, 400, 6) for _ in range(40)]
    ends = np.array([fid_infinity(x, reference, seeded(i)) for i, x in enumerate(sets)])
    plain = np.array([fid(x, reference) for x in sets])
    error = ends.std(ddof=1) / len(ends) ** 0.5
    assert abs(ends.mean() - truth) < 4 * error
    # The plain one has scale^2 d / n from the mean and, to second order in the covariance's error,
    # scale d (d + 1) / (4 n) from its root.
    bias = (6 * scale**2 + 6 * 7 * scale / 4) / 400
    spread = plain.std(ddof=1) / len(plain) ** 0.5
    assert plain.mean() - truth == pytest.approx(bias, abs=4 * spread)
    assert error < bias / 4  # so that the first assertion would see the bias


def test_fid_at_infinity_of_collapsed_and_small_sets(rng: np.random.Generator) -> None:
    y = normal(rng, 80, 5)
    repeated = torch.full((100, 5), 2.0)
    assert fid_infinity(repeated, y, seeded()) == pytest.approx(fid(repeated, y), rel=1e-9)
    assert math.isfinite(fid_infinity(normal(rng, 10, 64), normal(rng, 20, 64), seeded()))


def test_fid_at_infinity_refuses_what_it_cannot_measure(rng: np.random.Generator) -> None:
    x = normal(rng, 50, 3)
    broken = x.clone()
    broken[:7] = math.nan
    with pytest.raises(ValueError, match="7 of 50 generated rows contain NaN"):
        fid_infinity(broken, x, seeded())
    with pytest.raises(ValueError, match="at least 10 generated rows and 2 points, got 9 and 15"):
        fid_infinity(x[:9], x, seeded())
    with pytest.raises(ValueError, match="got 50 and 1"):
        fid_infinity(x, x, seeded(), points=1)


def test_fid_within_classes_is_the_mean_of_the_formula_in_each(rng: np.random.Generator) -> None:
    def formula(a: np.ndarray, b: np.ndarray) -> float:
        s, t = np.cov(a.T), np.cov(b.T)
        root = scipy.linalg.sqrtm(s @ t).real
        return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * root))

    of_x, of_y = torch.arange(150) % 3, torch.arange(120) % 3
    x, y = normal(rng, 150, 4) + of_x[:, None], normal(rng, 120, 4) * (1 + of_y[:, None])
    expected = {k: formula(x[of_x == k].numpy(), y[of_y == k].numpy()) for k in range(3)}
    found = fids_by_class(x, of_x, y, of_y, 3)
    assert found == pytest.approx(expected, rel=1e-9)
    mean = sum(expected.values()) / 3
    assert fid_within_classes(x, of_x, y, of_y, 3) == pytest.approx(mean, rel=1e-9)


def test_swapped_classes_are_seen_within_them_only() -> None:
    labels = torch.arange(8) % 2
    x = torch.stack([10.0 * labels, torch.arange(8) // 2 * 1.0], dim=1)
    assert fid_within_classes(x, labels, x, labels, 2) == pytest.approx(0, abs=1e-7)
    assert fid_within_classes(x, 1 - labels, x, labels, 2) == pytest.approx(100, abs=1e-6)


def test_fid_within_classes_names_what_is_wrong(rng: np.random.Generator) -> None:
    x, labels = normal(rng, 9, 2), torch.arange(9) % 3
    few = torch.where(labels == 2, 0, labels)
    few[2] = 2
    broken = x.clone()
    broken[1] = math.inf
    with pytest.raises(ValueError, match=r"^class 2 has 1 generated samples, its FID needs 2$"):
        fids_by_class(x, few, x, labels, 3)
    with pytest.raises(ValueError, match=r"^class 2 has 1 reference samples"):
        fids_by_class(x, labels, x, few, 3)
    with pytest.raises(ValueError, match=r"^class 3 has 0 generated"):
        fids_by_class(x, labels, x, labels, 4)
    with pytest.raises(ValueError, match=r"^class 1: FID: 1 of 3 generated rows contain NaN"):
        fids_by_class(broken, labels, x, labels, 3)
    with pytest.raises(ValueError, match=r"reference labels lie in 0 \.\. 1, got 0 \.\. 2"):
        fids_by_class(x, labels % 2, x, labels, 2)
    with pytest.raises(ValueError, match=r"each of 9 generated samples, got shape \[8\]"):
        fids_by_class(x, labels[1:], x, labels, 3)
    with pytest.raises(ValueError, match="at least 1 class, got 0"):
        fids_by_class(x, labels, x, labels, 0)
