"""Records on their way home: the files of a trial that changed, written there by rename.

A trial's files are read in the reverse of the order in which they are written, and written at home
in that order: tables before the checkpoint that counts their rows, the status last of all. So the
folder at home is at any time one that the trial itself could have left if it had been killed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ...files import write_bytes

PROGRESS = "progress.json"
Files = dict[str, bytes]  # name below the folder of a trial -> content


@dataclass(frozen=True)
class Piece:
    """What changed in the folder of one trial, and all names that it holds now."""

    key: str  # of the trial
    files: Files
    names: frozenset[str]


class Outbox:
    """Finds what has changed in the folders of some trials since it last looked."""

    def __init__(self, root: Path, keys: Iterable[str]) -> None:
        self._folders = {key: root / "trials" / key for key in keys}
        self._sent: dict[Path, tuple[int, int, int]] = {}

    def changed(self) -> list[Piece]:
        """A piece for each trial with changes. What is given is not given again."""
        pieces = []
        for key, folder in self._folders.items():
            names = names_in(folder)
            files: Files = {}
            for name in sorted(names, key=order, reverse=True):
                path = folder / name
                try:
                    found = path.stat()
                    mark = (found.st_mtime_ns, found.st_size, found.st_ino)
                    if self._sent.get(path) != mark:
                        files[name] = path.read_bytes()
                        self._sent[path] = mark
                except FileNotFoundError:  # pruned since
                    names.discard(name)
            gone = {path for path in self._sent if path.is_relative_to(folder)}
            gone -= {folder / name for name in names}
            for path in gone:
                del self._sent[path]
            if files or gone:
                pieces.append(Piece(key, files, frozenset(names)))
        return pieces


def unpack(root: Path, piece: Piece) -> None:
    """Write a piece below `root`, then remove what its trial no longer has."""
    folder = root / "trials" / piece.key
    for name in sorted(piece.files, key=order):
        write_bytes(folder / name, piece.files[name])
    for name in names_in(folder) - piece.names:
        (folder / name).unlink(missing_ok=True)


def packed(root: Path, key: str) -> Piece:
    """All that the folder of a trial holds: what another worker goes on from."""
    folder = root / "trials" / key
    names = names_in(folder) - {PROGRESS}
    return Piece(key, {name: (folder / name).read_bytes() for name in names}, frozenset(names))


def names_in(folder: Path) -> set[str]:
    """The files of a trial, without those that are being written."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def order(name: str) -> tuple[int, str]:
    """The place of a file in the order of writing."""
    if name == "status.json":
        return 3, name
    if name.startswith("checkpoint-"):
        return 2, name
    return (0 if name == "trial.json" else 1), name


@dataclass
class Inbox:
    """Takes in what workers send: writes it, if it sees the folder, or keeps it for the driver.

    It is a Ray actor. Whoever sends learns whether it is still wanted: an attempt whose worker was
    taken for dead is void, since another has begun.
    """

    root: Path
    mark: str  # a file in `root`
    _void: set[str] = field(default_factory=set)
    _news: list[tuple[str, str, list[Piece]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._here = (self.root / self.mark).exists()

    def send(self, attempt: str, host: str, pieces: list[Piece]) -> bool:
        if attempt in self._void:
            return False
        if self._here:
            for piece in pieces:
                unpack(self.root, piece)
            pieces = []
        if host or pieces:
            self._news.append((attempt, host, pieces))
        return True

    def collect(self) -> list[tuple[str, str, list[Piece]]]:
        """What came since the last call: attempt, where it began or "", and what to write."""
        news, self._news = self._news, []
        return news

    def void(self, attempt: str) -> None:
        self._void.add(attempt)
