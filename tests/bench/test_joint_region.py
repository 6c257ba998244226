"""The joint prediction region: Student's interval in one coordinate, its coverage, its size."""

import numpy as np
import pytest

from bench import stats


def test_in_one_coordinate_it_is_students_prediction_interval() -> None:
    values = np.array([2.1, 3.4, 1.9, 2.6])
    region, interval = stats.prediction_region(values[:, None]), stats.prediction_interval(values)
    assert region.half_widths[0] == pytest.approx(interval.high - interval.estimate)
    assert region.volume == pytest.approx(interval.high - interval.low)
    assert region.holds([interval.high - 1e-9])
    assert not region.holds([interval.high + 1e-9])


@pytest.mark.parametrize(("n", "widths"), [(3, 32.6), (5, 5.53), (1000, 2.457)])
def test_it_reaches_so_many_deviations(n: int, widths: float) -> None:
    points = np.random.default_rng(n).normal(size=(n, 2))
    region = stats.prediction_region(points)
    assert region.half_widths / points.std(0, ddof=1) == pytest.approx([widths] * 2, rel=2e-3)
    inside = np.random.default_rng(1).uniform(-1, 1, (100_000, 2)) * region.half_widths
    share = np.mean([region.holds(region.mean + point) for point in inside[:2000]])
    box = float(np.prod(2 * region.half_widths))
    assert region.volume / box == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("n", [3, 5])
def test_it_holds_the_next_point_at_its_level_whatever_the_scales(n: int) -> None:
    rng, shape = np.random.default_rng(0), np.array([[3.0, 0.0], [40.0, 0.5]])
    hits = 0
    for _ in range(2000):
        points = rng.normal(size=(n + 1, 2)) @ shape.T
        hits += stats.prediction_region(points[:n]).holds(points[n])
    assert hits / 2000 == pytest.approx(0.95, abs=0.015)  # three standard errors


def test_what_has_no_region_is_refused() -> None:
    with pytest.raises(ValueError, match="takes 3 points or more, got 2"):
        stats.prediction_region([[1, 2], [3, 5]])
    with pytest.raises(ValueError, match="on a line"):
        stats.prediction_region([[1, 2], [2, 4], [3, 6]])
    with pytest.raises(ValueError, match="finite points"):
        stats.prediction_region(np.array([[1, np.nan], [2, 4], [3, 6]]))
