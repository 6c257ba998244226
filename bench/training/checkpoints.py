"""Checkpoints: the whole state of a trial, so that a killed one goes on to the same bits.

A file holds the sha256 of the rest in hex, then the state as `torch.save` writes it. It is read as
data (`weights_only`), so a crafted file runs no code. Checkpoints are written where a row of the
curves ends: there no average is half done, so none has to be kept.
"""

import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer

from gan_zoo.base import GAN
from gan_zoo.streams import Streams

from ..datasets.batches import Shuffled
from ..files import write_bytes
from ..planning.trial import Trial
from ..records.state import checkpoints_in
from ..records.writing import Clock, TrialRecord

VERSION = 1  # of the state's layout
KEPT = 2  # while a trial runs; the last one stays, so that a larger budget can go on
DIGITS = 64  # of a sha256 in hex


class Unusable(Exception):
    """Why a checkpoint cannot be used, in a few words."""


@dataclass
class Training:
    """A trial while it runs."""

    model: GAN
    streams: Streams
    batches: Shuffled
    clock: Clock = field(default_factory=Clock)
    evaluating: float = 0.0  # seconds
    probing: float = 0.0  # seconds; the clock does not count them
    on_processor: float = 0.0  # of the clock's seconds, those that this thread had a processor
    resumed: list[str] = field(default_factory=list)  # where it went on, what it passed over


def keep(training: Training, trial: Trial, record: TrialRecord) -> None:
    """Write the rows so far, then a checkpoint that counts them."""
    record.flush()
    content = io.BytesIO()
    torch.save(state_of(training, trial, record), content)
    digest = hashlib.sha256(content.getvalue()).hexdigest().encode()
    write_bytes(
        record.folder / f"checkpoint-{training.clock.images:010d}.pt", digest + content.getvalue()
    )
    prune(record.folder, KEPT)


def prune(folder: Path, kept: int) -> None:
    """Remove all checkpoints but the last `kept`."""
    for path in checkpoints_in(folder)[kept:]:
        path.unlink()


def usable(trial: Trial, folder: Path) -> set[int]:
    """At how many images there are checkpoints of this trial that can be read."""
    found = set()
    for path in checkpoints_in(folder):
        try:
            state = read(path)
        except Unusable:
            continue
        if state.get("version") == VERSION and state.get("course") == trial.course:
            found.add(images_of(path))
    return found


def images_of(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def drop_later(folder: Path, images: int) -> None:
    """Remove the checkpoints beyond so many images."""
    for path in checkpoints_in(folder):
        if images_of(path) > images:
            path.unlink()


def resumed(trial: Trial, record: TrialRecord, begin: Callable[[], Training]) -> Training:
    """The trial as its newest usable checkpoint has it, or as `begin` makes it.

    Rows and pictures beyond that checkpoint are removed, and so are checkpoints that cannot be
    used; `Training.resumed` tells of both.
    """
    passed_over: list[str] = []
    for path in checkpoints_in(record.folder):
        training = begin()  # anew: an unusable checkpoint may have been loaded in part
        try:
            load(path, training, trial, record)
        except Unusable as reason:
            passed_over.append(f"{path.name} {reason}")
            path.unlink()
            continue
        training.resumed += [*passed_over, f"went on from {training.clock.images:,} images"]
        return training
    record.clear()
    training = begin()
    training.resumed += [*passed_over, "started anew"] if passed_over else []
    return training


def state_of(training: Training, trial: Trial, record: TrialRecord) -> dict[str, Any]:
    model = training.model
    return {
        "version": VERSION,
        "course": trial.course,
        "model": model.state_dict(),
        "steps_done": model.steps_done,
        "optimizers": {name: one.state_dict() for name, one in optimizers(model).items()},
        "streams": training.streams.state_dict(),
        "batches": training.batches.state_dict(),
        "clock": asdict(training.clock),
        "evaluating": training.evaluating,
        "probing": training.probing,
        "on_processor": training.on_processor,
        "rows": record.rows,
        "resumed": training.resumed,
    }


def optimizers(model: GAN) -> dict[str, Optimizer]:
    return {player: model.optimizer_of(player) for player in model.players}


def load(path: Path, training: Training, trial: Trial, record: TrialRecord) -> None:
    """Put a checkpoint into a training that has just begun. Raises Unusable."""
    state = read(path)
    if state.get("version") != VERSION:
        raise Unusable(f"is of version {state.get('version')}, not {VERSION}")
    if state.get("course") != trial.course:
        raise Unusable("belongs to another configuration")
    model = training.model
    try:
        model.load_state_dict(state["model"])
        model.steps_done = state["steps_done"]
        for name, optimizer in optimizers(model).items():
            optimizer.load_state_dict(state["optimizers"][name])
        training.streams.load_state_dict(state["streams"])
        training.batches.load_state_dict(state["batches"])
        training.clock = Clock(**state["clock"])
        training.evaluating = state["evaluating"]
        training.probing = state.get("probing", 0.0)  # absent in version 0.1.0
        training.on_processor = state.get("on_processor", math.nan)  # absent in older ones
        training.resumed = state["resumed"]
        record.resume(state["rows"], training.clock.images)
    except Exception as error:  # a damaged table or a model's own state may raise anything
        raise Unusable(f"does not fit: {first_line(error)}") from error


def read(path: Path) -> dict[str, Any]:
    """What a checkpoint holds; raises Unusable if it is not what was written."""
    content = path.read_bytes()
    digest, state = content[:DIGITS], content[DIGITS:]
    if hashlib.sha256(state).hexdigest().encode() != digest:
        raise Unusable("is damaged: its hash is another")
    try:
        found = torch.load(io.BytesIO(state), map_location="cpu", weights_only=True)
    except Exception as error:  # torch's own reader raises many kinds
        raise Unusable(f"is not a checkpoint: {first_line(error)}") from error
    if not isinstance(found, dict):
        raise Unusable("is not a checkpoint: it holds no state")
    return found


def first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]
