"""What runs on a worker: one attempt at a unit, whose records are at home when it returns."""

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...planning.stacks import Unit
from ...records.failures import PRINTED
from ..executors import Outcomes
from ..process import begin
from .pieces import Outbox, Piece, unpack
from .shipped import Facts, difference, facts

BEAT = 5.0  # seconds between two messages, at least: progress, and checkpoints on the way
MOST_PRINTED = 100_000  # bytes that are kept of what a failed trial printed: its end
REFUSED = "refused"  # in place of outcomes, with the reason: this worker may not train


@dataclass(frozen=True)
class Job:
    """What all attempts of a run have in common."""

    work: Callable[..., Outcomes]  # of a unit; its `root` is given anew
    root: Path
    mark: str  # a file in `root`: whoever sees it shares the file system
    shared: bool
    driver: Facts


def probe(root: Path, mark: str) -> tuple[str, Facts, bool]:
    """What a worker tells of itself: its host, its versions, and whether it sees the folder."""
    begin()
    return socket.gethostname(), facts(), (root / mark).exists()


def attempt(
    job: Job, unit: Unit, name: str, inbox: Any, held: Sequence[Any]
) -> Outcomes | tuple[str, str]:
    """Train a unit, and return as `Job.work` does. `held` has references to earlier pieces."""
    from ray.exceptions import RayTaskError

    host, own, sees = probe(job.root, job.mark)
    told = difference(job.driver, own, host) or other_data(unit, host)
    if told:
        return REFUSED, told
    if job.shared and not sees:
        return REFUSED, f"{host} does not see {job.root}, as the other workers do"
    try:
        with ExitStack() as stack:
            root = job.root
            if not job.shared:
                root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gan-bench-")))
                receive(root, held)
            post = Post(inbox, name, None if job.shared else Outbox(root, keys(unit)))
            post.tell(host)
            stack.enter_context(beating(post))
            outcomes = trained(job, unit, root, post)
            post.tell()
            return outcomes
    except OSError as error:  # of the disk at home, which ends the run, or of the one here
        status = "disk" if isinstance(error, RayTaskError) else "failed"
        reason = f"cannot write the records of {host}: {error}".partition("\n")[0]
        return dict.fromkeys(keys(unit), (status, reason))


def trained(job: Job, unit: Unit, root: Path, post: "Post") -> Outcomes:
    """The outcomes of a unit, trained here; of those that failed, what was printed is kept."""
    from ..under_way import AFTER_EVALUATION

    folders = [root / "trials" / key for key in keys(unit)]
    for folder in folders:
        (folder / PRINTED).unlink(missing_ok=True)
    AFTER_EVALUATION.append(post.tell)
    try:
        with tempfile.NamedTemporaryFile() as file:
            with printing_to(file.fileno()):
                outcomes = job.work(unit, root=root)
            file.seek(max(0, file.seek(0, 2) - MOST_PRINTED))
            if said := file.read():
                for folder, key in zip(folders, keys(unit), strict=True):
                    if outcomes[key][0] == "failed":
                        (folder / PRINTED).write_bytes(said)
    finally:
        AFTER_EVALUATION.remove(post.tell)
    if not job.shared:  # a full disk of a worker is no reason to end the run
        outcomes = {k: ("failed" if s == "disk" else s, why) for k, (s, why) in outcomes.items()}
    return outcomes


def keys(unit: Unit) -> list[str]:
    return [trial.key for trial in unit]


def receive(root: Path, held: Sequence[Any]) -> None:
    """Write what earlier attempts have sent home."""
    import ray

    for reference in held:
        pieces: list[Piece] = ray.get(reference)
        for piece in pieces:
            unpack(root, piece)


def other_data(unit: Unit, host: str) -> str:
    """Which data of the user's own are not here as they are at home, in words; empty if none."""
    from ...datasets.dataset import load_dataset

    for source, size, content in {(t.source, t.size, t.content) for t in unit if t.content}:
        try:
            same = load_dataset(source, size).content == content
        except InputError as error:
            return f"{host} cannot read {source}: {error}"
        if not same:
            return f"{source} has another content on {host} than where the run was started"
    return ""


class Post:
    """Sends an attempt's news home. A process that is no longer wanted ends."""

    def __init__(self, inbox: Any, name: str, outbox: Outbox | None) -> None:
        self._inbox, self._name, self._outbox = inbox, name, outbox
        self._one = threading.Lock()

    def tell(self, host: str = "") -> None:
        """Send what has changed, and wait until it is there."""
        import ray
        from ray.exceptions import RayActorError

        with self._one:
            pieces = self._outbox.changed() if self._outbox else []
            try:
                wanted = ray.get(self._inbox.send.remote(self._name, host, pieces))
            except RayActorError:  # with the driver goes its inbox
                wanted = False
            if not wanted:
                os._exit(1)


@contextmanager
def beating(post: Post) -> Iterator[None]:
    """Within it, `post` tells every few seconds how far its trials are."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            post.tell()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def printing_to(target: int) -> Iterator[None]:
    """Within it, what the process prints goes to an open file, also from below Python."""
    kept = {number: os.dup(number) for number in (1, 2)}
    try:
        for number in kept:
            os.dup2(target, number)
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, before in kept.items():
            os.dup2(before, number)
            os.close(before)
