"""When a level of quality was reached, on rows written by hand."""

import math
from pathlib import Path

import pandas as pd
import pytest

from bench.tables.cost import first, levels, reaching
from tests.bench.fake_results import fake


def rows(*seeds: list[float], model: str = "gan") -> pd.DataFrame:
    """Evaluations at 0, 100, 200, .. images and 0, 10, 20, .. seconds, a list a seed."""
    found = [
        {"model": model, "seed": seed, "images": 100 * i, "seconds": 10.0 * i, "value": value}
        for seed, values in enumerate(seeds)
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(found)


def test_the_first_evaluation_at_the_level_counts_and_the_median_of_seeds() -> None:
    own = rows([90, 40, 20, 50], [90, 60, 60, 20], [90, 70, 50, 10])
    assert first(own, 50, 3) == {"started": 3, "reached": 3, "images": 200.0, "seconds": 20.0}
    assert first(own, 20, 3) == {"started": 3, "reached": 3, "images": 300.0, "seconds": 30.0}


def test_those_that_never_got_there_count_as_later_than_all() -> None:
    own = rows([90, 40], [90, 80], [90, 80])
    row = first(own, 50, 3)
    assert (row["started"], row["reached"]) == (3, 1)
    assert math.isnan(row["images"])
    # A trial that left no evaluation at all is one that never got there.
    assert first(rows([90, 40], [90, 40]), 50, 3)["images"] == 100
    assert math.isnan(first(rows([90, 40]), 50, 2)["seconds"])


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        (([300.0, 100, 12], [300.0, 90, 14]), [20, 50, 100]),
        (([300.0, 250, 180],), [200]),
        (([1.3, 0.2, 0.05],), [0.05, 0.1, 0.2]),
        (([300.0, 310],), []),
        (([300.0, math.inf],), []),
    ],
)
def test_levels_are_round_numbers_that_the_best_reaches(
    seeds: tuple[list[float], ...], expected: list[float]
) -> None:
    assert levels(rows(*seeds)) == expected


def test_levels_are_of_the_best_model_by_its_median_seed() -> None:
    both = pd.concat([rows([300, 60], [300, 55], [300, 9]), rows([300, 200], model="wgan")])
    assert levels(both) == [100, 200]
    assert levels(both.iloc[:0]) == []


def test_every_contestant_has_a_row_a_level(tmp_path: Path) -> None:
    results = fake(tmp_path)  # wgan's last seed of three diverged
    found = reaching(results)
    assert list(found["level"].unique()) == [20, 50, 100]
    assert len(found) == 15
    assert (found["started"] == 3).all()
    by = found.set_index(["model", "level"])
    assert by.loc[("dcgan", 20), "reached"] == 3
    assert by.loc[("wgan", 20), "reached"] == 0
    assert math.isnan(by.loc[("wgan", 20), "seconds"])
    assert by.loc[("dcgan", 50), "images"] <= by.loc[("dcgan", 20), "images"]
