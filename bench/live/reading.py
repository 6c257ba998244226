"""A results folder, read again and again: a file is opened only where it has changed."""

import os
import re
import threading
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ..errors import Damaged, InputError
from ..records.layout import ResultsFolder
from ..records.state import COMPLETE, facts_of, is_alive, readable_facts

T = TypeVar("T")
Key = tuple[str, str, int]  # data set, label, seed
Stamp = tuple[int, int, int] | None  # time, size and inode of a file; None where there is none
FACTS = ("trial.json", "status.json", "progress.json")
OVER = (*COMPLETE, "unsuited", "failed", "damaged")  # what a run that goes on does not come back to
HOLDER = re.compile(r"process (\d+) on (\S+)")  # what a run writes into the folder's lock


class Seen(NamedTuple):
    """A trial as its files tell of it."""

    key: Key
    folder: Path
    facts: dict[str, Any]
    ended: float  # when its status was written, seconds since the epoch; 0 where there is none

    @property
    def status(self) -> str:
        return str(self.facts["status"])


class Folder:
    """A results folder that others write to. Nothing that lies outside of it is read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._held: dict[Hashable, tuple[object, Any]] = {}
        self._lock = threading.Lock()

    def kept(self, name: Hashable, stamp: object, read: Callable[[], T]) -> T:
        """What `read` gave when the stamp was this one, else what it gives now."""
        with self._lock:
            held = self._held.get(name)
        if held is not None and held[0] == stamp:
            found: T = held[1]
            return found
        found = read()
        with self._lock:
            self._held[name] = (stamp, found)
        return found

    def stamps(self, paths: Iterable[Path]) -> tuple[Stamp, ...]:
        return tuple(map(self.stamp, paths))

    def stamp(self, path: Path) -> Stamp:
        """By what a change of a file is seen; a file outside the folder is as good as absent."""
        try:
            found = path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if self.holds(path) else None

    def holds(self, path: Path) -> bool:
        """Does the path, its links followed, lie within the folder?"""
        return os.path.realpath(path).startswith(self._real + os.sep)

    def plan(self) -> ResultsFolder | None:
        """The folder with its plan; None where there is none yet, or none that can be read."""
        path = self.root / "experiment.toml"

        def read() -> ResultsFolder | None:
            try:
                found = ResultsFolder(self.root)
                found.experiment  # noqa: B018, it is read here and kept
            except InputError:
                return None
            return found

        stamp = self.stamp(path)
        return self.kept("plan", stamp, read) if stamp else None

    def trials(self) -> list[Seen]:
        """Every trial of the plan, in its order."""
        found = self.plan()
        return [] if found is None else [self._seen(found, key) for key in found.keys]

    def written(self) -> bool:
        """Does a process of this machine hold the folder, as `bench run` does?"""
        try:
            text = (self.root / ".lock").read_text(encoding="utf-8")[:200]
        except (OSError, ValueError):
            return False
        holder = HOLDER.match(text)
        here = holder is not None and holder[2] == os.uname().nodename
        return here and holder is not None and is_alive({"pid": holder[1], "host": holder[2]})

    def _seen(self, plan: ResultsFolder, key: Key) -> Seen:
        folder = plan.trial_folder(*key)
        files = [folder / name for name in FACTS]
        stamps = self.stamps(files)

        def read() -> dict[str, Any]:
            if any(path.exists() and not self.holds(path) for path in files):
                return {"status": "damaged", "reason": "lies outside the folder"}
            try:
                planned = readable_facts(files[0]).get("images", plan.experiment["images"])
                return {"planned": planned} | facts_of(folder)
            except Damaged as why:
                return {"status": "damaged", "reason": str(why)}

        facts = self.kept(("facts", key), stamps, read)
        if facts["status"] == "running" and not is_alive(facts):
            facts = facts | {"status": "interrupted"}
        return Seen(key, folder, facts, stamps[1][0] / 1e9 if stamps[1] else 0.0)
