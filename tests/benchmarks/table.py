"""Stored benchmarks as a page: python tests/benchmarks/table.py FOLDER writes its README.md."""

import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

HEAD = """# Benchmarks

Made by `make bench`: timings in turns, on one thread a trial unless said otherwise; of each table
the newest run. Ratios mean something, seconds are this machine's. Textbook: the plain loop that
everyone writes, `tests/benchmarks/textbook.py`. Cost: time beside that of the default, below 1 is
cheaper.
"""
RUN = (
    "From `{name}`: {processor}, {cores} cores; Python {python}, torch {torch}; "
    "commit {commit}{dirty}."
)


def page(runs: dict[str, dict[str, Any]]) -> str:
    """Markdown of runs as pytest-benchmark stores them, oldest first, by name."""
    newest = {group: part for name, run in runs.items() for group, part in parts(name, run)}
    return "\n".join([HEAD, *newest.values()])


def parts(name: str, run: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Group by group its name and its table: a row a benchmark."""
    machine = run["machine_info"]
    about = {key: machine.get(key, "unknown") for key in ("processor", "cores", "python", "torch")}
    about |= {"commit": machine["commit"][:12], "name": name}
    source = RUN.format(**about, dirty=", changed since" if machine["dirty"] else "")
    for group, found in groupby(run["benchmarks"], key=lambda one: one["group"]):
        yield group, f"## {group}\n\n" + "\n".join(lines(list(found))) + f"\n\n{source}\n"


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


def main(folder: Path) -> None:
    stored = sorted(folder.glob("*.json"), key=lambda path: path.stem)
    runs = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in stored}
    (folder / "README.md").write_text(page(runs), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
