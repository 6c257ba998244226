"""The rule on all pairs of several contestants, against closed forms and simulations."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench.stats import compare_all, detectable_difference, seeds_for, variances_of
from bench.stats.layout import partly_pooled, power
from tests.calibration.error_and_power import coverage, family_error, ours, powers
from tests.calibration.laws import EXTREME, laws


def test_two_contestants_are_the_paired_t_test() -> None:
    y = np.array([[1.0, 2.0], [1.5, 2.9], [0.7, 1.1], [2.0, 2.6]])
    (found,) = compare_all(y)
    known = scipy_stats.ttest_rel(y[:, 0], y[:, 1])
    assert found.p == found.adjusted_p == pytest.approx(known.pvalue)
    interval = known.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert (found.df, found.n) == (3, 4)


def test_three_contestants_by_hand() -> None:
    # Residuals: the first is (1, 0, -1) around its mean, the others (-1, 0, 1) / 2 each, so that
    # squares are 2, .5, .5; n = k = 3. pooled = 3 / 4; own = (q - pooled / 3) * 3 with q = 1, .25,
    # .25: 2.25, 0, 0, of which the last two are raised to the floor .075.
    deviation = np.array([[1, -0.5, -0.5], [0, 0, 0], [-1, 0.5, 0.5]])
    y = deviation + np.array([1.0, 2.0, 4.0]) + np.array([[10.0], [20.0], [30.0]])
    v = 0.7 * np.array([2.25, 0.075, 0.075]) + 0.3 * 0.75
    np.testing.assert_allclose(variances_of(y), v)
    first, second, third = compare_all(y)
    assert [c.estimate for c in (first, second, third)] == pytest.approx([-1, -3, -2])
    for found, (a, b) in zip((first, second, third), ((0, 1), (0, 2), (1, 2)), strict=True):
        df = 0.7 * 2 * (v[a] + v[b]) ** 2 / (v[a] ** 2 + v[b] ** 2) + 0.3 * 4
        error = math.sqrt((v[a] + v[b]) / 3)
        assert (found.df, found.error) == pytest.approx((df, error))
        assert found.p == pytest.approx(2 * scipy_stats.t.sf(abs(found.estimate) / error, df))
        half = scipy_stats.t.isf(0.05 / 6, df) * error
        assert found.high - found.estimate == pytest.approx(half)


def test_variances_are_unbiased_before_they_are_pooled() -> None:
    rng, spreads = np.random.default_rng(0), np.array([1.0, 1.2, 1.4, 1.6])
    found = [variances_of(each) for each in rng.normal(size=(4000, 12, 4)) * spreads]
    # Twelve seeds: the floor, which would raise the smallest, is hardly ever reached.
    expected = 0.7 * spreads**2 + 0.3 * (spreads**2).mean()
    np.testing.assert_allclose(np.mean(found, axis=0), expected, rtol=0.02)


@pytest.mark.parametrize("n", [3, 5])
def test_interval_and_verdict_are_one(n: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        for found in compare_all(rng.normal(size=(n, 4)) + np.arange(4)):
            assert (found.adjusted_p < 0.05) == (found.low > 0 or found.high < 0)


def test_a_seed_that_is_easy_for_all_changes_nothing() -> None:
    y = np.random.default_rng(2).normal(size=(5, 4))
    moved = compare_all(y + np.array([[3.0], [1.0], [-7.0], [0.0], [9.0]]))
    for one, two in zip(compare_all(y), moved, strict=True):
        assert one.p == pytest.approx(two.p)
        assert one.low == pytest.approx(two.low)


def test_one_seed_has_no_interval_and_equal_scores_no_difference() -> None:
    (found,) = compare_all([[1.0, 2.0]])
    assert (found.estimate, found.n) == (-1, 1)
    assert math.isnan(found.p)
    assert math.isnan(found.low)
    assert all(c.p == 1 for c in compare_all(np.ones((4, 3))))
    steady = compare_all(np.tile([1.0, 2.0, 3.0], (4, 1)))
    assert all(c.p == 0 for c in steady)


@pytest.mark.parametrize(
    "values", [[[1.0]], [1.0, 2.0], [[1.0, math.nan]], np.empty((0, 2))], ids=str
)
def test_what_is_no_layout_is_refused(values: object) -> None:
    with pytest.raises(ValueError, match=r"values (are|must be)"):
        compare_all(values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("n", "difference", "variances"),
    [
        (3, 3.0, (1, 1, 1, 1, 1)),
        (5, 5.0, (1, 9, 1, 1, 1)),
        (9, 1.0, (1, 1, 1, 1, 1)),
        (5, 3.0, (1, 1)),
        (12, 3.0, (1, 9, 4)),
    ],
)
def test_power_is_that_of_simulated_runs(
    n: int, difference: float, variances: tuple[float, ...]
) -> None:
    k = len(variances)
    y = np.random.default_rng(3).normal(size=(8000, n, k)) * np.sqrt(variances)
    y[..., 0] -= difference
    found, family = partly_pooled(y), k * (k - 1) // 2
    told = (found.p_values()[:, 0] * family < 0.05) & (found.estimates[:, 0] < 0)
    assert power(difference, variances, n, family) == pytest.approx(told.mean(), abs=0.025)


def test_seeds_and_differences_give_the_power_they_are_asked_for() -> None:
    variances = (0.01, 0.02, 0.01, 0.01, 0.03)
    n = seeds_for(0.2, variances, 10)
    assert n is not None
    assert power(0.2, variances, n, 10) >= 0.8 > power(0.2, variances, n - 1, 10)
    least = detectable_difference(variances, 3, 10)
    assert power(least, variances, 3, 10) == pytest.approx(0.8, abs=0.01)
    assert seeds_for(0.001, variances, 10) is None


@pytest.mark.parametrize("law", ["normal, equal spreads", "one of spread 4", "log-normal", EXTREME])
@pytest.mark.parametrize("n", [3, 5])
def test_the_error_holds_whichever_are_equal(law: str, n: int) -> None:
    noise = laws()[law](np.random.default_rng(4), 4000, n, 5)
    error, where = family_error(noise, ours)
    bound = 0.07 if law == EXTREME else 0.055
    assert 0.002 < error < bound + 2 * math.sqrt(0.055 / 4000), where


def test_all_intervals_hold_at_once() -> None:
    for law in ("normal, equal spreads", "spreads 1 to 4"):
        noise = laws()[law](np.random.default_rng(5), 4000, 3, 5)
        assert 0.945 < coverage(noise) < 0.99


def test_three_seeds_tell_what_the_paired_test_cannot() -> None:
    found = powers(np.random.default_rng(6), 2000, 3, 4)
    assert found["the rule"][0] > 4 * found["paired t, Holm"][0]
    assert 0.5 < found["the rule"][0] < 0.6
