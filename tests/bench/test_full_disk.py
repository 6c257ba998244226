"""A disk that is full, or read-only, at any write: nothing is lost, and the run goes on later."""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bench.files
from bench.cli import main
from bench.records.derived import damaged
from bench.records.results import Results

from ..soak.kill import assert_equal
from . import tiny
from .test_damage import mounted

quick = tiny.quick
pytestmark = pytest.mark.usefixtures("few_figures", "quick")
ARGUMENTS = (
    *("run", "--dataset", "ring8", "--models", "gan", "--seeds", "2", "--set", "width=4"),
    *("--images", "960", "--evaluations", "2", "--batch-size", "16", "--jobs", "1"),
    *("--checkpoint-every", "0"),
)
NEVER = 10**6


def run(root: Path) -> Result:
    return CliRunner().invoke(main, [*ARGUMENTS, "--out", str(root)], catch_exceptions=False)


def counted(patch: pytest.MonkeyPatch, failing: int, number: int, written: float) -> list[Path]:
    """From write `failing` on the disk takes a part of each file and then no more.

    Returns the list of all files that are written, which grows.
    """
    whole, seen = bench.files.replacing, list[Path]()

    @contextmanager
    def full(path: Path) -> Iterator[Path]:
        seen.append(path)
        with whole(path) as temporary:
            yield temporary
            if len(seen) >= failing:
                os.truncate(temporary, int(written * temporary.stat().st_size))
                raise OSError(number, os.strerror(number), str(path))

    patch.setattr(bench.files, "replacing", full)
    patch.setattr("bench.parallel.cores", lambda: 1)  # what a fork writes is not counted here
    patch.setattr("bench.cli.forecast._keep", lambda *kept: None)  # the cache of rates is no record
    patch.setattr("bench.evaluation.scale.write_text", lambda path, text: None)  # only the first
    return seen


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A run on a disk with room, and the files that it wrote, in their order."""
    root = tmp_path_factory.mktemp("whole") / "r"
    with tiny.in_short(), pytest.MonkeyPatch.context() as patch:
        seen = counted(patch, NEVER, errno.ENOSPC, 0)
        assert run(root).exit_code == 0
    return root, seen


def recovered(root: Path, whole: Path, disturbed: Result, said: str) -> None:
    """It ended in one line, left a folder that can be read, and the same command goes on."""
    assert disturbed.exit_code in (1, 2), disturbed.output
    assert said in disturbed.stderr
    assert disturbed.stderr.count("\n") == 1
    assert not list(root.rglob("*.tmp"))
    if (root / "experiment.toml").exists():
        assert not set(Results(root).trials["status"]) & {"damaged", "failed", "diverged"}
    assert run(root).exit_code == 0
    assert_equal(root, whole)
    assert damaged(root) == []


SOME = [2, 17, 46, -9, -1]


@pytest.mark.parametrize("at", [*SOME, pytest.param(None, marks=pytest.mark.slow)])
def test_a_disk_that_is_full_at_a_write(
    at: int | None, whole: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    root, seen = whole
    count = len(seen)
    for failing in range(1, count + 1) if at is None else [at % (count + 1)]:
        copy, number = tmp_path / f"r{failing}", (errno.ENOSPC, errno.EROFS)[failing % 2]
        with pytest.MonkeyPatch.context() as patch:
            counted(patch, failing, number, written=(failing % 3) / 2)
            disturbed = run(copy)
        recovered(copy, root, disturbed, os.strerror(number))
        shutil.rmtree(copy)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    place = tmp_path / "disk"
    mounted(place, "-t", "tmpfs", "-o", "size=24m", "tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def filled(disk: Path, free: int) -> Callable[[], None]:
    """Fill the disk but for so many bytes; the result makes room again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(filler, filler.stat().st_size - free)
    return filler.unlink


LITTLE = [0.1, 0.3]  # of the room that the run takes
LESS = [pytest.param(k / 20, marks=pytest.mark.slow) for k in range(19)]


@pytest.mark.parametrize("share", [*LITTLE, *LESS])
def test_a_disk_with_little_room(share: float, whole: tuple[Path, list[Path]], disk: Path) -> None:
    taken = sum(512 * path.stat().st_blocks for path in whole[0].rglob("*"))
    free = 4096 * int(share * taken / 4096)
    make_room = filled(disk, free)
    disturbed = run(disk / "r")
    make_room()
    recovered(disk / "r", whole[0], disturbed, "No space left")
