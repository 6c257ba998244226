"""Which figures of a folder are still what their records give, and need not be drawn again.

A figure is drawn from the records of its data set, the plan, and the code of this package. A digest
of all three is kept beside the figures when they have been drawn.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from ..digests import json_with_digest
from ..environment import code_digest
from ..files import read_json, write_text
from .derived import DIGESTS, damaged

DRAWN = "drawn.json"  # data set -> digest of what its figures were drawn from
LIBRARIES = ("matplotlib", "seaborn", "pandas", "numpy", "scipy", "pillow")
SHARED = ("experiment.toml", "scale.parquet")
# Files of a trial that no figure shows, or that change while nothing is trained.
UNSEEN = ("checkpoint-*", "generator.safetensors", "progress.json", "*.tmp")


def unchanged(root: Path, datasets: Iterable[str]) -> set[str]:
    """Those data sets whose figures need not be drawn again; none if a file of them is damaged."""
    try:
        drawn = read_json(root / DRAWN)
    except (OSError, ValueError):
        return set()
    same = {name for name in datasets if drawn.get(name) == _sources(root, name)}
    if not same or not (root / DIGESTS).exists():  # nobody knows whether the figures are whole
        return set()
    return set() if any(name.startswith((DIGESTS, "plots/")) for name in damaged(root)) else same


def write_drawn(root: Path, datasets: Iterable[str]) -> None:
    """Note what the figures were drawn from. To be called when all of them are there."""
    sources = {name: _sources(root, name) for name in datasets}
    if sources:
        write_text(root / DRAWN, json_with_digest(sources))


def _sources(root: Path, dataset: str) -> str:
    digest = hashlib.sha256(_code().encode())
    shared = [root / name for name in SHARED if (root / name).exists()]
    for path in (*shared, *_seen(root / "trials" / dataset)):
        digest.update(json.dumps(path.relative_to(root).as_posix()).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _seen(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(path.match(pattern) for pattern in UNSEEN):
            yield path


def _code() -> str:
    """Our code, and the versions of what draws."""
    return code_digest() + "".join(map(version, LIBRARIES))
