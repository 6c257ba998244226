"""What a report makes of the records, and the digests by which damage to it is seen."""

import hashlib
from pathlib import Path

from ..files import write_text

DIGESTS = "report.sha256"  # as `sha256sum -c` reads it
DERIVED = (
    *("index.parquet", "summary.csv", "comparisons.csv", "claims.csv", "summary.md", "summary.tex"),
    *("comparisons.tex", "report.md", "report.html", "drawn.json"),
)


def write_digests(root: Path) -> None:
    """Write the digests of all that a report has just written."""
    lines = (f"{_digest(root / name)}  {name}\n" for name in _files(root))
    write_text(root / DIGESTS, "".join(lines))


def damaged(root: Path) -> list[str]:
    """The files of a report that are not what was written; absent ones are not named."""
    try:
        lines = (root / DIGESTS).read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:  # of an earlier version
        return []
    except (OSError, ValueError):
        return [DIGESTS]
    written = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = _files(root)
    if not written.keys() >= set(there):
        return [DIGESTS]
    return [name for name in there if _digest(root / name) != written[name]]


def _files(root: Path) -> list[str]:
    """Those files of a report that there are."""
    plots = (path for path in sorted((root / "plots").rglob("*")) if path.is_file())
    return [
        *(name for name in DERIVED if (root / name).exists()),
        *(path.relative_to(root).as_posix() for path in plots),
    ]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
