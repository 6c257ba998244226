"""`make calibrate`: all simulations, their JSON and the tables of docs/statistics.md."""

import sys

from bench.files import write_json

from . import error_and_power, guarded, looks
from .laws import ROOT

PARTS = {"pairs": error_and_power, "guarded": guarded, "looks": looks}

LAYOUTS = {"guarded": 4000}  # where single layouts are judged one by one


def quote(name: str, block: str) -> None:
    """Put the block between its marks in docs/statistics.md."""
    page = ROOT / "docs" / "statistics.md"
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = page.read_text().partition(begin)
    page.write_text(f"{head}{begin}\n{block}\n{end}{rest.partition(end)[2]}")


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else None
    for name, part in PARTS.items():
        found = part.main(asked or LAYOUTS.get(name, 20_000))
        write_json(ROOT / "results" / "calibration" / f"{name}.json", found)
        quote(name, part.tables(found))
