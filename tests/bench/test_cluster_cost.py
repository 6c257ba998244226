"""The tables of docs/cluster.md, and the simulation behind them against what can be worked out."""

from pathlib import Path
from typing import Any

import pytest

from bench.files import read_json
from tests.cluster import experiment, simulation
from tests.cluster.simulation import EVALUATIONS, START, WORKERS, Costs, Way, simulate

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "results" / "benchmarks" / "cluster"
FREE = Costs(trial=0, notice=0, byte=0, network=0)
SHARED, SENT = Way("shared", sent=False), Way("sent", sent=True)
Trials = list[tuple[str, float, float]]


def equal(count: int, seconds: float = 90.0) -> Trials:
    return [("gan", seconds, 1.0)] * count


def block(name: str) -> str:
    page = (ROOT / "docs" / "cluster.md").read_text()
    return page.split(f"<!-- {name}: begin -->\n")[1].split(f"\n<!-- {name}: end")[0]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return simulation.main(read_json(FOLDER / "measured.json"))


def test_the_tables_of_the_page_are_those_of_the_simulation(rows: list[dict[str, Any]]) -> None:
    measured = read_json(FOLDER / "measured.json")
    assert read_json(FOLDER / "simulated.json")["rows"] == rows
    assert block("simulated") == simulation.table(rows)
    assert block("driver") == simulation.costs_table(measured)
    assert block("experiment") == experiment.table()
    assert measured["many"]["trials"] == 2000


def test_a_cluster_is_used_as_it_should_be(rows: list[dict[str, Any]]) -> None:
    found = {(row["way"], row["workers"]): row["efficiency"] for row in rows}
    for way in ("shared file system", "sent home"):
        assert 0.95 <= found[way, 64] <= 1
        assert 0.85 <= found[way, 512] <= 1
    assert found["sent home, to one inbox", 512] < found["sent home", 512]


def test_two_thousand_trials_leave_the_driver_as_large_as_it_was() -> None:
    """After the first quarter, in which it loads what all trials share: at most 5 % more."""
    resident = read_json(FOLDER / "measured.json")["many"]["driver_resident_mb"]
    quarter = resident[len(resident) // 4]
    assert 0.8 <= resident[-1] / quarter <= 1.05


@pytest.mark.parametrize("workers", WORKERS)
def test_without_costs_it_is_arithmetic(workers: int) -> None:
    found = simulate(equal(2 * workers), workers, FREE, SENT)
    assert found["makespan"] == pytest.approx(START + 180)
    assert found["efficiency"] == pytest.approx(180 / (180 + START))
    more = simulate(equal(2 * workers + 1), workers, FREE, SHARED)
    assert more["makespan"] == pytest.approx(START + 270)


def test_longest_first_is_graham_s_rule() -> None:
    """Lengths 5, 5, 4, 4, 3, 3, 3 on three workers: 11 by that rule, against 9 at best."""
    trials: Trials = [("gan", 10.0 * n, float(n)) for n in (3, 4, 5, 3, 4, 5, 3)]
    assert simulate(trials, 3, FREE, SHARED)["makespan"] == pytest.approx(START + 110)


def test_a_busy_driver_and_a_busy_inbox_bound_the_makespan() -> None:
    trials = equal(500, seconds=1.0)
    slow_driver = simulate(trials, 100, Costs(0.5, 0, 0, network=0), SHARED)
    assert slow_driver["makespan"] == pytest.approx(500 * 0.5, rel=0.02)
    assert slow_driver["driver"] == pytest.approx(1, abs=0.02)
    one_inbox = Way("sent", sent=True, inboxes=False)
    slow_inbox = simulate(trials, 100, Costs(0, 0.1, 0, network=0), one_inbox)
    messages = 500 * (EVALUATIONS + 1)
    assert slow_inbox["makespan"] == pytest.approx(messages * 0.1 + START, rel=0.05)
    slow_network = simulate(trials, 100, Costs(0, 0, 0, network=1e-8), one_inbox)
    size = simulation.CHECKPOINT["gan"] + simulation.TABLES
    assert slow_network["makespan"] == pytest.approx(500 * EVALUATIONS * size * 1e-8, rel=0.05)


def test_the_cost_of_the_experiment_is_that_of_its_images() -> None:
    """By hand: gan at 2,916 images/s, with evaluations and the rest; and all of it at once."""
    found = experiment.seconds()
    assert found["mnist5k"][0] == pytest.approx(256_000 / 2916 + 9.5 + 4.0)
    assert {name: len(each) for name, each in found.items()} == dict.fromkeys(found, 50)
    assert sum(map(sum, found.values())) / 3600 == pytest.approx(9.2, abs=0.05)
