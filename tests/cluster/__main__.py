"""`python -m tests.cluster [--measure]`: results/benchmarks/cluster and docs/cluster.md."""

import sys
from pathlib import Path

from bench.files import read_json, write_json

from . import experiment, simulation
from .measure import measure

FOLDER = Path(__file__).parent.parent.parent / "results" / "benchmarks" / "cluster"


def quote(name: str, block: str) -> None:
    """Put a table between its marks in docs/cluster.md."""
    page = FOLDER.parent.parent.parent / "docs" / "cluster.md"
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = page.read_text().partition(begin)
    page.write_text(f"{head}{begin}\n{block}\n{end}{rest.partition(end)[2]}")


if __name__ == "__main__":
    if "--measure" in sys.argv:
        write_json(FOLDER / "measured.json", measure())
    measured = read_json(FOLDER / "measured.json")
    rows = simulation.main(measured)
    write_json(FOLDER / "simulated.json", {"rows": rows})
    quote("simulated", simulation.table(rows))
    quote("driver", simulation.costs_table(measured))
    quote("experiment", experiment.table())
