"""Seeds that lie apart, against cases worked by hand and small simulations."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench import stats
from tests.calibration.error_and_power import family_error
from tests.calibration.guarded import COLLAPSE, adjusted, at_the_margin, unequal, warned
from tests.calibration.laws import laws

STEADY = np.array([0.0, 0.1, -0.1, 0.05, -0.05, 0.08, -0.02, 0.03])


def layout() -> np.ndarray:
    return np.column_stack([STEADY, 1 - STEADY[::-1], 2 + np.roll(STEADY, 3)])


def test_a_collapse_is_found_in_its_seed_and_contestant_alone() -> None:
    y = layout()
    assert not stats.lie_apart(y).any()
    y[5, 1] += 4
    assert np.argwhere(stats.lie_apart(y)).tolist() == [[5, 1]]


def test_a_seed_that_is_hard_for_all_lies_not_apart() -> None:
    y = layout()
    y[5] += 4
    assert not stats.lie_apart(y).any()


@pytest.mark.parametrize("shape", [(4, 3), (8, 2)])
def test_too_few_seeds_or_contestants_have_no_diagnosis(shape: tuple[int, int]) -> None:
    y = np.random.default_rng(0).normal(size=shape)
    y[0, 0] = 1e6
    assert not stats.lie_apart(y).any()


def test_the_middle_stands_on_the_other_seeds() -> None:
    y = layout()
    y[5, 0] += 4
    found, kept = stats.compare_middle(y, 3)
    rest = np.delete(y, 5, axis=0)
    np.testing.assert_array_equal(kept, rest)
    assert found == stats.compare_all(rest, pairs=3)[0]
    # Seen from the other two, the contestant is left out as a whole.
    found, kept = stats.compare_middle(y[:, [1, 2, 0]], 3)
    assert found.p == pytest.approx(scipy_stats.ttest_rel(y[:, 1], y[:, 2]).pvalue)


def test_what_is_not_rare_stays() -> None:
    y = layout()
    y[[1, 5], 0] += 4  # two of eight
    assert stats.lie_apart(y).sum() == 2
    assert not stats.left_out(y).any()
    assert stats.compare_middle(y, 3)[0].n == 8


@pytest.mark.parametrize("n", [5, 8, 12])
def test_it_rarely_fires_under_normal_scores(n: int) -> None:
    rng = np.random.default_rng(1)
    for law, most in (("normal, equal spreads", 0.009), ("one of spread 4", 0.035)):
        fires = stats.lie_apart(laws()[law](rng, 4000, n, 5)).any((-2, -1)).mean()
        assert 0.002 < fires < most, law


@pytest.mark.parametrize("law", ["normal, equal spreads", "one of spread 4"])
def test_the_error_holds_with_the_diagnosis_inside(law: str) -> None:
    error, where = family_error(laws()[law](np.random.default_rng(2), 2000, 8, 5), adjusted)
    assert 0.015 < error < 0.055 + 2 * np.sqrt(0.055 / 2000), where


def test_a_collapse_hides_the_middle_no_more() -> None:
    rng, law = np.random.default_rng(3), COLLAPSE.format(0.1)
    values = unequal(law, rng, (600, 8, 5), "middle")
    told = adjusted(values) < 0.05
    assert (told & ~warned(values)).any(1).mean() < 0.06
    values[..., -1] -= 3  # now its middle is lower
    with_it = (adjusted(values) < 0.05)[:, [3, 6, 8, 9]].mean()
    without = np.mean([[c.adjusted_p < 0.05 for c in stats.compare_all(y)] for y in values], 0)
    assert with_it > without[[3, 6, 8, 9]].mean() + 0.2


def test_a_claim_on_a_rare_loss_is_never_without_a_warning() -> None:
    rng = np.random.default_rng(4)
    lost: np.ndarray = -1.0 * (rng.random((1000, 6)) < 0.06) + 0.06  # its mean is the margin
    told, quiet = at_the_margin(lost)
    assert 0.6 < told < 0.75  # .94^6
    assert quiet == 0
    told, quiet = at_the_margin(rng.normal(size=(2000, 6)))
    assert 0.02 < quiet <= told < 0.045  # 2 / 2^6


def test_the_interval_of_the_median_is_that_of_scipy() -> None:
    for n in (6, 8, 9, 12, 17):
        x = np.random.default_rng(n).normal(size=n)
        known = scipy_stats.quantile_test(x, p=0.5).confidence_interval(0.95)
        found = stats.median_interval(x)
        assert (found.low, found.high) == (known.low, known.high)
        margin = found.low - 1e-9  # the test rejects what lies outside
        assert stats.sign_test(x - margin) <= 0.05 < stats.sign_test(x - found.low - 1e-9)
    assert np.isinf(stats.median_interval(np.arange(5.0)).low)


def test_shares_of_noise_have_intervals_that_hold() -> None:
    rng, group = np.random.default_rng(5), np.repeat(np.arange(5), 4)
    held = []
    for _ in range(120):
        seed, one, two, draw, again = rng.normal(size=(5, 20)) * [[1], [0.5], [0.5], [0.5], [0.5]]
        scores = {"first": seed + one + draw, "again": seed + one + again}
        part = stats.noise_parts(scores | {"second": seed + two + draw}, group)[0]
        held.append(part.low <= 1 / 1.5 <= part.high)
    assert 0.88 < np.mean(held) < 0.995
