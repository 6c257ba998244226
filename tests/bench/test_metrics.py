"""The metrics against closed forms, other implementations and hand counts."""

import itertools
import math

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor
from torchmetrics.image.kid import poly_mmd

from bench.metrics.frechet import fid
from bench.metrics.kernel import kid, within
from bench.metrics.modes import class_shares, label_accuracy, mode_kl, modes_covered


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape))


def prescribed(rng: np.random.Generator, n: int, mean: np.ndarray, cov: np.ndarray) -> Tensor:
    """n samples whose own mean and unbiased covariance are exactly these."""
    z = rng.normal(size=(n, len(mean)))
    z -= z.mean(axis=0)
    white = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    return torch.from_numpy(white @ np.linalg.cholesky(cov).T + mean)


def reference_fid(x: Tensor, y: Tensor) -> float:
    """The formula with scipy's matrix square root, as in pytorch-fid."""
    a, b = x.double().numpy(), y.double().numpy()
    s, t = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(s @ t).real
    gap = a.mean(axis=0) - b.mean(axis=0)
    return float(gap @ gap + np.trace(s) + np.trace(t) - 2 * np.trace(root))


def nuclear_fid(x: Tensor, y: Tensor) -> float:
    """tr (S T)^(1/2) as the sum of singular values of X^T Y: exact for singular covariances."""
    a, b = x.double().numpy(), y.double().numpy()
    gap = a.mean(axis=0) - b.mean(axis=0)
    a, b = (a - a.mean(axis=0)) / len(a[1:]) ** 0.5, (b - b.mean(axis=0)) / len(b[1:]) ** 0.5
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return float(gap @ gap + (a**2).sum() + (b**2).sum() - 2 * root)


def test_fid_of_diagonal_gaussians_is_the_closed_form(rng: np.random.Generator) -> None:
    mu, nu = np.array([1.0, -2.0, 0.5]), np.array([0.0, 0.0, 2.5])
    s, t = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 0.25])  # variances
    # |mu - nu|^2 = 1 + 4 + 4; the squared differences of deviations: 1, 0, 2.5^2.
    value = fid(prescribed(rng, 50, mu, np.diag(s)), prescribed(rng, 80, nu, np.diag(t)))
    assert value == pytest.approx(9 + 1 + 0 + 6.25, abs=1e-9)


def test_fid_of_full_covariances_is_the_closed_form(rng: np.random.Generator) -> None:
    # [[2, 1], [1, 2]] against the identity: eigenvalues 3 and 1, so (sqrt(3) - 1)^2.
    mean, cov = np.zeros(2), np.array([[2.0, 1.0], [1.0, 2.0]])
    value = fid(prescribed(rng, 40, mean, cov), prescribed(rng, 60, mean, np.eye(2)))
    assert value == pytest.approx((3**0.5 - 1) ** 2, abs=1e-9)


def test_fid_of_covariances_that_do_not_commute(rng: np.random.Generator) -> None:
    # In 2 dimensions tr (S T)^(1/2) = sqrt(tr(S T) + 2 sqrt(det S det T)); S T = [[2, 3], [1, 6]].
    s, t = np.array([[2.0, 1.0], [1.0, 2.0]]), np.diag([1.0, 3.0])
    value = fid(prescribed(rng, 40, np.zeros(2), s), prescribed(rng, 60, np.ones(2), t))
    assert value == pytest.approx(2 + 4 + 4 - 2 * (8 + 2 * 9**0.5) ** 0.5, abs=1e-9)


@pytest.mark.parametrize(("n", "m", "d"), [(200, 300, 5), (400, 300, 64)])
def test_fid_agrees_with_the_matrix_square_root(
    rng: np.random.Generator, n: int, m: int, d: int
) -> None:
    x, y = normal(rng, n, d) @ normal(rng, d, d) + 1, normal(rng, m, d) * 3
    assert fid(x, y) == pytest.approx(reference_fid(x, y), rel=1e-9)


def test_fid_of_one_repeated_image_is_the_closed_form(rng: np.random.Generator) -> None:
    c, y = normal(rng, 6), normal(rng, 100, 6) + 2
    expected = float((y.mean(dim=0) - c).square().sum() + y.var(dim=0).sum())
    assert fid(c.expand(50, 6), y) == pytest.approx(expected, rel=1e-12)
    assert fid(y, c.expand(50, 6)) == pytest.approx(expected, rel=1e-12)


def test_fid_of_two_constant_sets_is_the_squared_distance() -> None:
    x, y = torch.tensor([[3.0, 4.0]]).expand(5, 2), torch.zeros(7, 2)
    assert fid(x, y) == pytest.approx(25, abs=1e-12)
    assert fid(x, x) == 0


@pytest.mark.parametrize(("n", "m", "d"), [(2, 2, 10), (20, 30, 64), (40, 200, 64)])
def test_fid_with_fewer_samples_than_features(
    rng: np.random.Generator, n: int, m: int, d: int
) -> None:
    x, y = 10 * normal(rng, n, d) + 100, 10 * normal(rng, m, d)
    assert fid(x, y) == pytest.approx(nuclear_fid(x, y), rel=1e-6)


def test_fid_in_a_shared_subspace_is_that_of_the_subspace(rng: np.random.Generator) -> None:
    x, y, nothing = normal(rng, 90, 3), 2 * normal(rng, 90, 3), torch.zeros(90, 20)
    wide = fid(torch.cat([x, nothing], dim=1), torch.cat([y, nothing], dim=1))
    assert wide == pytest.approx(fid(x, y), rel=1e-9)


@pytest.mark.parametrize("n", [10, 500])
def test_fid_of_a_set_with_itself_is_zero(rng: np.random.Generator, n: int) -> None:
    x = normal(rng, n, 32) + 5
    assert 0 <= fid(x, x) < 1e-6
    assert 0 <= fid(x, x[torch.from_numpy(rng.permutation(n))]) < 1e-5


def test_fid_does_not_see_a_rotation_or_the_order_of_the_sets(rng: np.random.Generator) -> None:
    x, y = normal(rng, 80, 8) * 2, normal(rng, 90, 8) + 1
    turn = torch.linalg.qr(normal(rng, 8, 8)).Q
    assert fid(x @ turn, y @ turn) == pytest.approx(fid(x, y), rel=1e-10)
    assert fid(y, x) == pytest.approx(fid(x, y), rel=1e-10)


def test_fid_far_from_the_origin_keeps_its_digits(rng: np.random.Generator) -> None:
    x, y = normal(rng, 80, 8), normal(rng, 90, 8) * 2
    assert fid(x + 1e4, y + 1e4) == pytest.approx(fid(x, y), rel=1e-9)


def test_fid_of_float32_features_is_computed_in_float64(rng: np.random.Generator) -> None:
    x, y = normal(rng, 80, 8).float() + 100, normal(rng, 90, 8).float() + 100
    assert fid(x, y) == fid(x.double(), y.double())


def test_fid_refuses_what_it_cannot_measure(rng: np.random.Generator) -> None:
    x = normal(rng, 5, 3)
    broken = x.clone()
    broken[1, 0], broken[3, 1], broken[3, 2] = math.nan, math.inf, math.nan
    with pytest.raises(ValueError, match=r"^FID: 2 of 5 generated rows contain NaN or inf$"):
        fid(broken, x)
    with pytest.raises(ValueError, match=r"^FID: 2 of 5 reference rows contain NaN or inf$"):
        fid(x, broken)
    with pytest.raises(ValueError, match="at least 2 generated rows, got 1"):
        fid(x[:1], x)
    with pytest.raises(ValueError, match="generated has 3, reference has 2"):
        fid(x, x[:, :2])
    with pytest.raises(ValueError, match=r"got shape \[3\]"):
        fid(x, x[0])


def plain_kid(x: Tensor, y: Tensor) -> float:
    """The three means over pairs, one kernel at a time."""

    def mean(a: Tensor, b: Tensor, same: bool) -> float:
        pairs: list[float] = [
            (float(a[i] @ b[j]) / a.shape[1] + 1) ** 3
            for i, j in itertools.product(range(len(a)), range(len(b)))
            if not (same and i == j)
        ]
        return sum(pairs) / len(pairs)

    return mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)


@pytest.mark.parametrize(("n", "d"), [(2, 1), (7, 3), (30, 16)])
def test_kid_agrees_with_a_double_loop(rng: np.random.Generator, n: int, d: int) -> None:
    x, y = normal(rng, n, d), normal(rng, n, d) + 0.5
    assert kid(x, y) == pytest.approx(plain_kid(x, y), rel=1e-4, abs=1e-5)


def test_kid_by_hand() -> None:
    # d = 1: k(1, 2) = 27, k(0, 3) = 1, and 1, 64, 1, 343 across: 27 + 1 - 2 * 409 / 4.
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [3.0]])
    assert kid(x, y) == pytest.approx(28 - 204.5, rel=1e-6)


def test_kid_of_unequal_sets_uses_every_row(rng: np.random.Generator) -> None:
    x, y = normal(rng, 12, 4), normal(rng, 20, 4) + 1
    assert kid(x, y) == pytest.approx(plain_kid(x, y), rel=1e-4)
    assert kid(x, y) == pytest.approx(kid(y, x))


def test_kid_is_unbiased_and_goes_below_zero(rng: np.random.Generator) -> None:
    draws = np.array([kid(normal(rng, 40, 4), normal(rng, 40, 4)) for _ in range(600)])
    error = draws.std(ddof=1) / len(draws) ** 0.5
    assert abs(draws.mean()) < 4 * error
    assert 0.2 < np.mean(draws < 0) < 0.8
    shifted = kid(normal(rng, 400, 4), normal(rng, 400, 4) + 1)
    assert shifted > 10 * draws.std()


def test_kid_in_blocks_is_torchmetrics_mmd(rng: np.random.Generator) -> None:
    x, y = normal(rng, 700, 64).double().relu(), normal(rng, 700, 64).double().relu()
    assert kid(x, y) == pytest.approx(float(poly_mmd(x, y)), rel=1e-9, abs=1e-10)


def test_kid_of_a_kept_reference_has_the_same_bits(rng: np.random.Generator) -> None:
    y = normal(rng, 600, 16).float()
    kept = within(y)
    for n in (2, 300):
        x = normal(rng, n, 16).float() + 0.1
        assert kid(x, kept) == kid(x, y)
    with pytest.raises(ValueError, match=r"\[5, 3\] and \[600, 16\]"):
        kid(torch.zeros(5, 3), kept)
    with pytest.raises(ValueError, match=r"at least 2 rows, got shape \[1, 16\]"):
        within(y[:1])


def test_kid_refuses_what_it_cannot_measure(rng: np.random.Generator) -> None:
    x = normal(rng, 5, 3)
    broken = x.clone()
    broken[2, 1] = math.nan
    with pytest.raises(ValueError, match="KID is nan"):
        kid(x, broken)
    with pytest.raises(ValueError, match="NaN or inf, or are too large"):
        kid(x * 1e60, x)
    with pytest.raises(ValueError, match="at least 2 rows on each side, got 5 and 1"):
        kid(x, x[:1])
    with pytest.raises(ValueError, match=r"\[5, 3\] and \[5, 2\]"):
        kid(x, x[:, :2])


def test_a_generator_that_repeats_one_image_is_seen(rng: np.random.Generator) -> None:
    real, fresh = normal(rng, 500, 8), normal(rng, 500, 8)
    repeated = fresh[:1].expand(500, 8)
    assert fid(repeated, real) > 20 * fid(fresh, real) > 0
    assert kid(repeated, real) > 20 * abs(kid(fresh, real))
    shares = class_shares(torch.full((500,), 3), 10)
    assert modes_covered(shares) == 1
    assert mode_kl(shares) == pytest.approx(math.log(10), rel=1e-12)


def test_class_shares_by_hand() -> None:
    shares = class_shares(torch.tensor([0, 2, 2, 3]), 5)
    assert shares.tolist() == [0.25, 0, 0.5, 0.25, 0]
    assert shares.dtype == torch.float64


def test_class_shares_refuse_what_is_no_class() -> None:
    with pytest.raises(ValueError, match=r"0 \.\. 2, got 0 \.\. 3"):
        class_shares(torch.tensor([0, 3]), 3)
    with pytest.raises(ValueError, match=r"got -1 \.\. 0"):
        class_shares(torch.tensor([-1, 0]), 3)
    with pytest.raises(ValueError, match="at least one"):
        class_shares(torch.tensor([], dtype=torch.int64), 3)
    with pytest.raises(ValueError, match="float32"):
        class_shares(torch.tensor([1.0]), 3)


@pytest.mark.parametrize("classes", [3, 7, 8, 10, 25, 1000])
@pytest.mark.parametrize("factor", [1, 3, 7, 101])
def test_a_class_exactly_at_the_border_counts(classes: int, factor: int) -> None:
    n = 10 * classes * factor  # a tenth of the uniform share is `factor` samples
    for count, covered in [(factor - 1, 1), (factor, 2), (factor + 1, 2)]:
        counts = torch.zeros(classes, dtype=torch.float64)
        counts[0], counts[1] = n - count, count
        assert modes_covered(counts / n) == covered


def test_mode_kl_by_hand() -> None:
    half = torch.tensor([0.5, 0.5, 0, 0], dtype=torch.float64)
    skewed = torch.tensor([0.25, 0.75, 0, 0], dtype=torch.float64)
    assert mode_kl(half) == pytest.approx(math.log(2), rel=1e-12)
    assert mode_kl(half, half) == 0
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert mode_kl(half, skewed) == pytest.approx(expected, rel=1e-12)
    assert mode_kl(half, torch.tensor([1.0, 0, 0, 0]).double()) == math.inf
    with pytest.raises(ValueError, match=r"\[4\] and the reference is \[2\]"):
        mode_kl(half, half[:2])


def test_swapped_labels_lower_the_label_accuracy() -> None:
    labels = torch.arange(10).repeat(10)
    swapped = torch.where(labels == 3, 8, torch.where(labels == 8, 3, labels))
    assert label_accuracy(labels, labels) == 1
    assert label_accuracy(swapped, labels) == 0.8
    assert torch.equal(class_shares(swapped, 10), class_shares(labels, 10))  # shares cannot see it
    with pytest.raises(ValueError, match="at least one"):
        label_accuracy(labels[:0], labels[:0])
    with pytest.raises(ValueError, match=r"\[100\] and \[99\]"):
        label_accuracy(labels, labels[1:])
