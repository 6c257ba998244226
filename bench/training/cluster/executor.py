"""The driver: units go to a Ray cluster as tasks, and what becomes of them comes back."""

import dataclasses
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...planning.stacks import Unit
from ...planning.trial import Trial
from ..executors import Ended, Outcomes, Work
from .connection import Needs, nodes_with_room, pinned_here, pinned_to, room
from .pieces import Inbox, packed, unpack
from .shipped import Facts, difference, facts
from .worker import Job, attempt, probe

TICK = 0.5  # seconds without an end of a unit, after which the news are read anyway
LOSSES = 3  # workers that a unit may lose before that is held against it
PATIENCE = 120.0  # seconds for a worker to start and tell its versions
LOOK = 10.0  # seconds between two looks at how large the cluster is
UNITS_AN_INBOX = 64  # workers that share one inbox
MARK = ".shared-"  # a file by which workers know that they see the folder


@dataclass(frozen=True)
class Under:
    """A unit under way."""

    name: str  # of the attempt
    unit: Unit
    inbox: Any


class OnRay:
    """An executor as `local_processes`, for a cluster that is connected.

    jobs: units at a time; None: as many as the cluster has room for, and some ahead. shared: do
    the workers see `root`? None: they are asked.
    """

    def __init__(
        self, root: Path, needs: Needs, jobs: int | None = None, shared: bool | None = None
    ) -> None:
        self.root, self.needs, self.jobs, self.shared = root.absolute(), needs, jobs, shared
        self._losses: Counter[str] = Counter()
        self._looked, self._most = -LOOK, 1

    def __call__(
        self,
        units: Iterable[Unit],
        work: Work,
        started: Callable[[Unit], None],
        ended: Ended,
        wanted: Callable[[Unit], bool] = lambda unit: True,
    ) -> None:
        import ray

        waiting = deque(units)
        running: dict[Any, Under] = {}
        if not waiting:
            return
        for left in self.root.glob(f"{MARK}*"):  # by a driver that was killed
            left.unlink(missing_ok=True)
        mark = self.root / f"{MARK}{uuid.uuid4().hex}"
        mark.touch()
        inboxes: list[Any] = []
        turns = count()
        try:
            job = self._job(work, mark.name)
            given = ray.put(job)
            inboxes = self._inboxes(mark.name, len(waiting))
            task = ray.remote(num_cpus=self.needs.cpus, num_gpus=self.needs.gpus, max_retries=0)(
                attempt
            )
            while waiting or running:
                while waiting and len(running) < self._at_once():
                    unit = waiting.popleft()
                    if wanted(unit):
                        inbox = inboxes[next(turns) % len(inboxes)]
                        under = Under(uuid.uuid4().hex, unit, inbox)
                        held = [] if job.shared else self._held(unit)
                        sent = tuple(relative(trial, Path.cwd()) for trial in unit)
                        running[task.remote(given, sent, under.name, inbox, held)] = under
                if not running:
                    break
                # All that have ended are taken at once, after all that they have sent before.
                ray.wait(list(running), timeout=TICK)
                done, _ = ray.wait(list(running), num_returns=len(running), timeout=0)
                self._read(inboxes, {under.name: under.unit for under in running.values()}, started)
                for reference in done:
                    under = running.pop(reference)
                    if ended(under.unit, self._outcome(reference, under)):
                        waiting.appendleft(under.unit)
        finally:
            mark.unlink(missing_ok=True)
            for reference in running:
                ray.cancel(reference, force=True)
            for inbox in inboxes:
                ray.kill(inbox)
            if running:  # nobody may write to the folder once it is no longer held
                ray.wait(list(running), num_returns=len(running), timeout=TICK)

    def _job(self, work: Work, mark: str) -> Job:
        """What the workers need; asks each node that is there who it is. Raises InputError."""
        import ray

        driver = facts()
        asks = ray.remote(max_retries=0)(probe)
        asked = [
            asks.options(num_cpus=0, scheduling_strategy=pinned_to(node)).remote(self.root, mark)
            for node in nodes_with_room(self.needs)
        ]
        there: list[Any] = []
        missing: list[Any] = []
        if asked:
            there, missing = ray.wait(asked, num_returns=len(asked), timeout=PATIENCE)
        told: list[tuple[str, Facts, bool]] = []
        for reference in there:
            try:
                told.append(ray.get(reference))
            except ray.exceptions.RuntimeEnvSetupError as error:
                raise InputError(f"a worker could not be set up: {first_line(error)}") from error
            except ray.exceptions.RayError:  # the node is gone, or sick: its trials will tell
                missing.append(reference)
        for host, own, _ in told:
            if why := difference(driver, own, host):
                raise InputError(why)
        shared = bool(told) and not missing and all(sees for *_, sees in told)
        if self.shared is not None:
            shared = self.shared
        return Job(work, self.root, mark, shared, driver)

    def _inboxes(self, mark: str, units: int) -> list[Any]:
        """Actors on the driver's machine, if it is of the cluster: they write what comes."""
        import ray

        many = 1 + min(self._at_once(), units) // UNITS_AN_INBOX
        kind = ray.remote(num_cpus=0, scheduling_strategy=pinned_here())(Inbox)
        return [kind.remote(self.root, mark) for _ in range(many)]

    def _at_once(self) -> int:
        """How many units are given out: some ahead, so that no worker waits for the driver."""
        if self.jobs is not None:
            return self.jobs
        if time.monotonic() - self._looked > LOOK:
            now = max(1, room(self.needs))
            self._looked, self._most = time.monotonic(), now + max(1, now // 4)
        return self._most

    def _held(self, unit: Unit) -> list[Any]:
        """A reference to what earlier attempts have sent home, if there is something."""
        import ray

        held = [piece for trial in unit if (piece := packed(self.root, trial.key)).files]
        return [ray.put(held)] if held else []

    def _read(
        self, inboxes: list[Any], units: dict[str, Unit], started: Callable[[Unit], None]
    ) -> None:
        """Read what has come: units that have begun, and files that no inbox could write."""
        import ray

        for news in ray.get([inbox.collect.remote() for inbox in inboxes]):
            for name, host, pieces in news:
                if name in units:
                    if host:
                        started(units[name])
                    for piece in pieces:
                        unpack(self.root, piece)

    def _outcome(self, reference: Any, under: Under) -> Outcomes:
        """What a unit's task returned, or how it was lost. Raises InputError if it was refused."""
        import ray

        errors = ray.exceptions
        try:
            found: Any = ray.get(reference)
        except errors.RuntimeEnvSetupError as error:
            raise InputError(f"a worker could not be set up: {first_line(error)}") from error
        except errors.RayTaskError as error:  # not of the training, which has its own status
            return "failed", first_line(error.cause or error)
        except errors.RayError as error:
            return self._lost(under, error)
        if isinstance(found, tuple):
            raise InputError(found[1])
        return found

    def _lost(self, under: Under, error: Exception) -> tuple[str, str]:
        import ray

        ray.get(under.inbox.void.remote(under.name))  # should it still live
        if isinstance(error, ray.exceptions.OutOfMemoryError):
            return "failed", "out of memory: Ray ended its worker process"
        key = under.unit[0].key
        self._losses[key] += 1
        why = words_of(error)
        return ("failed" if self._losses[key] >= LOSSES else "lost"), why


def words_of(error: Exception) -> str:
    """Ray's reason for a loss, in a few words."""
    import ray

    if isinstance(error, ray.exceptions.NodeDiedError):
        return "its node is gone"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return "its worker process is gone"
    return first_line(error)


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def relative(trial: Trial, working: Path) -> Trial:
    """The trial with its own code named as it lies in the working folder, which is shipped."""
    prefix = f"{working}/"
    model, features = (text.removeprefix(prefix) for text in (trial.model, trial.features))
    return dataclasses.replace(trial, model=model, features=features)
