"""Alarms on rows made by hand: raised where they should be, once, and not before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import Damaged
from bench.probes.alarms import (
    ENOUGH,
    GROWN,
    START,
    WINDOW,
    alarms,
    collapses,
    counted,
    divergences,
)
from bench.records.state import events_in

LATE = [START] * 9  # every row is past the start


@pytest.mark.parametrize(
    ("shares", "steps", "raised"),
    [
        ([0.9, 0.8, 0.3, 0.2, 0.1], [1, 2, 3, 4, 5], [3]),  # fell, and is told once
        ([0.1, 0.2, 0.3, 0.45], [1, 2, 3, 4], []),  # never diverse, and early: still learning
        ([0.1, 0.2, 0.2, 0.2], [1, 2, START, START + 1], [2]),  # never diverse, and late
        ([0.9, 0.2, 0.4, 0.2], [1, 2, 3, 4], [1]),  # better, but not well again
        ([0.9, 0.2, 0.5, 0.24], [1, 2, 3, 4], [1, 3]),  # well again, and fell again
        ([0.9, 0.2, 0.2, 0.2], [1, START - 1, START, START + 1], [1]),  # one fall, one alarm
        ([0.9, 0.25, 0.3], LATE[:3], []),  # at the bound, not below it
        ([0.0, 0.0], LATE[:2], [0]),  # one single sample
        ([], [], []),
    ],
)
def test_collapse(shares: list[float], steps: list[int], raised: list[int]) -> None:
    assert collapses([2 * share for share in shares], [2.0] * len(shares), steps) == raised


def series(*parts: tuple[float, int]) -> list[float]:
    return [value for value, times in parts for _ in range(times)]


@pytest.mark.parametrize(
    ("values", "raised"),
    [
        (series((1, 30), (GROWN * 1.01, 1)), [30]),
        (series((1, 30), (GROWN * 0.99, 1)), []),
        (series((-1, 30), (-GROWN * 1.01, 1)), [30]),  # a critic's loss, whose sign is nothing
        (series((1, ENOUGH - 1), (1e6, 1)), []),  # too few before it
        (series((1, ENOUGH), (1e6, 1)), [ENOUGH]),
        (series((1, 30), (100, 5)), [30]),  # high for a while: once
        (series((1, 30), (100, 1), (1, 5), (99, 1)), [30]),  # no higher than it has been
        (series((1, 30), (100, 1), (1, 5), (101, 1)), [30, 36]),
        (series((500, 1), (1, 60), (100, 1)), []),  # it began higher
        (series((0, 30), (1, 1)), []),  # nothing to compare with
        ([1.0 * 1.02**i for i in range(400)], []),  # slow growth moves the median along
    ],
)
def test_divergence(values: list[float], raised: list[int]) -> None:
    assert [i for i, _ in divergences(values)] == raised


def test_the_median_runs_over_the_window_alone() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 2, 120)
    values[90] = 500.0
    ((place, median),) = divergences(values.tolist())
    assert place == 90
    assert median == pytest.approx(np.median(values[90 - WINDOW : 90]))


def rows_of(values: dict[str, list[float]]) -> list[dict[str, Any]]:
    return [
        {"metric": name, "value": value, "images": 640 * (i + 1), "generator_steps": 2 * (i + 1)}
        for name, column in values.items()
        for i, value in enumerate(column)
    ]


def test_alarms_name_their_place_and_are_in_order() -> None:
    rows = rows_of(
        {
            "loss/generator": series((2, 30), (100, 1)),
            "diversity/fake": [5.0, 1.2],
            "diversity/real": [6.0, 6.0],
            "score/real": series((1, 30), (1e9, 1)),  # not watched
        }
    )
    assert alarms(rows) == [
        {
            "step": 4,
            "images": 1280,
            "kind": "collapse",
            "text": "two fake samples are 20% as far apart as two real ones",
        },
        {
            "step": 62,
            "images": 19840,
            "kind": "divergence",
            "text": "loss/generator is 100, 50 times its median",
        },
    ]
    assert counted(alarms(rows)) == {"collapse_alarms": 1, "divergence_alarms": 1}
    assert counted([]) == {"collapse_alarms": 0, "divergence_alarms": 0}


def test_the_alarms_of_a_beginning_are_the_first_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    names = ("loss/discriminator", "grad_norm/generator", "diversity/fake")
    values = {name: np.exp(2.5 * rng.normal(size=300)).tolist() for name in names}
    values["diversity/real"] = [2.0] * 300
    whole = alarms(rows_of(values))
    assert len(whole) > 5
    for end in (20, 77, 150, 299):
        part = alarms(rows_of({name: column[:end] for name, column in values.items()}))
        assert part == [event for event in whole if event["images"] <= 640 * end]


def test_rows_from_memory_and_from_disk_give_the_same_text() -> None:
    values = {"loss/generator": [*np.random.default_rng(2).uniform(1, 1.1, 40).tolist(), 77.7]}
    on_disk = {
        name: np.asarray(column, np.float32).astype(float).tolist()
        for name, column in values.items()
    }
    assert alarms(rows_of(values)) == alarms(rows_of(on_disk)) != []


@pytest.mark.parametrize(
    "content",
    ["{}", "[1]", "[", '[{"step": 1}]', '[{"step": "1", "images": 1, "kind": "", "text": ""}]'],
)
def test_a_damaged_list_of_events_is_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    assert events_in(path) == []
    path.write_text(content)
    with pytest.raises(Damaged, match=r"events\.json"):
        events_in(path)
