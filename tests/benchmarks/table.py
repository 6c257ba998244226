"""Stored benchmarks as a table: python tests/benchmarks/table.py RUN.json README.md."""

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

HEAD = """# Benchmarks

Made by `make bench` from `{name}`; timings of one run, in turns, on one thread a trial unless said
otherwise. Ratios mean something, seconds are this machine's. Textbook: the plain loop that everyone
writes, `tests/benchmarks/textbook.py`. Cost: time beside that of the default, below 1 is cheaper.

{processor}, {cores} cores; Python {python}, torch {torch}; commit {commit}{dirty}.
"""


def table(run: dict[str, Any], name: str) -> str:
    """Markdown of a run as pytest-benchmark stores it: a part a group, a row a benchmark."""
    machine = run["machine_info"]
    about = {key: machine.get(key, "unknown") for key in ("processor", "cores", "python", "torch")}
    about |= {"commit": machine["commit"][:12], "name": name}
    parts = [HEAD.format(**about, dirty=", changed since" if machine["dirty"] else "")]
    for group, found in groupby(run["benchmarks"], key=lambda one: one["group"]):
        parts.append(f"## {group}\n\n" + "\n".join(lines(list(found))) + "\n")
    return "\n".join(parts)


def lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """The table of a group: what its benchmarks noted, or else their median seconds."""
    rows = [one["extra_info"] or {"seconds": one["stats"]["median"]} for one in found]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    yield f"| | {' | '.join(columns)} |"
    yield "| --- |" + " ---: |" * len(columns)
    for one, row in zip(found, rows, strict=True):
        case = one["param"] or one["name"].removeprefix("test_").replace("_", " ")
        yield f"| {case} | {' | '.join(shown(row.get(name)) for name in columns)} |"


def shown(value: float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main(source: Path, target: Path) -> None:
    run = json.loads(source.read_text(encoding="utf-8"))
    target.write_text(table(run, source.name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
