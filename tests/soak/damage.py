"""Damages every file of a results folder, one at a time, and looks whether it is named."""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.cli.status import lines
from bench.errors import InputError
from bench.records.derived import DIGESTS
from bench.records.results import Results
from bench.records.state import FILES
from bench.records.writing import write_facts
from bench.training.checkpoints import Unusable, read

Way = Callable[[bytes, random.Random], bytes]


def truncated(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def zeroed(content: bytes, rng: random.Random) -> bytes:
    """A part of it, up to all."""
    first, last = sorted(rng.choices(range(len(content) + 1), k=2))
    hole = bytes(max(1, last - first))
    return (content[:first] + hole + content[first + len(hole) :])[: len(content)]


def flipped(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    changed[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(changed)


WAYS: tuple[Way, ...] = (truncated, zeroed, flipped)


def files(root: Path) -> list[Path]:
    """Every file of the folder whose damage must be seen.

    Alarms and weights of a trial under way are not among them: they are written anew at its end.
    """
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in found if path.name != ".lock" and not _passing(path)]


def _passing(path: Path) -> bool:
    return path.name in FILES and not path.with_name("status.json").exists()


def told(root: Path) -> str:
    """All that `bench status`, `bench.load` and the going on of a trial say of damage."""
    found: list[str] = []
    try:
        found += lines(root)
        found += Results(root).damaged
    except InputError as error:
        found.append(str(error))
    for path in root.rglob("checkpoint-*.pt"):
        try:
            read(path)
        except Unusable as reason:
            found.append(f"{path.name} {reason}")
    return "\n".join(found)


def damages(root: Path, rng: random.Random, rounds: int) -> Iterator[tuple[Path, str, bool]]:
    """(file, way, is it named?) of each damage, in each way `rounds` times; then it is mended."""
    for path in files(root):
        content = path.read_bytes()
        for way in WAYS * rounds:
            broken = way(content, rng)
            if broken == content:
                continue
            path.write_bytes(broken)
            try:
                # A digest that is damaged is told as damage to the file that it is of.
                mark = "damaged or edited" if path.name == DIGESTS else path.name
                yield path.relative_to(root), way.__name__, mark in told(root)
            finally:
                path.write_bytes(content)


def with_progress(root: Path, copy: Path) -> Path:
    """A copy whose second trial has not ended: the only kind of file that an ended one lacks."""
    shutil.copytree(root, copy)
    status = sorted(copy.glob("trials/*/*/*/status.json"))[1]
    write_facts(
        status.with_name("progress.json"),
        {"images": 64, "total": 640, "images_per_second": 9.5, "pid": 1, "host": "x"},
    )
    status.unlink()
    return copy


def campaign(root: Path, copy: Path, seed: int, rounds: int) -> dict[str, Counter[str]]:
    """Kind of file -> how many damages were tried, and how many were not named."""
    found: dict[str, Counter[str]] = {}
    rng = random.Random(seed)
    for path, _, named in damages(with_progress(root, copy), rng, rounds):
        kind = found.setdefault(kind_of(path), Counter(tried=0, unnamed=0))
        kind["tried"] += 1
        kind["unnamed"] += not named
    return found


def kind_of(path: Path) -> str:
    """ "trials/ring8/gan/s0/samples/000000160.png" -> "samples/*.png"."""
    if path.parent.name in ("samples", "plots"):
        return f"{path.parent.name}/*{path.suffix}"
    return "checkpoint-*.pt" if path.suffix == ".pt" else path.name
