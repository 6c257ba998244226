"""One trial: a resolved configuration in, rows out."""

import math
import os
import resource
import socket
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from gan_zoo.base import GAN
from gan_zoo.precision import precision_context
from gan_zoo.streams import Streams

from ..datasets.batches import Shuffled
from ..datasets.dataset import Dataset, load_dataset
from ..errors import Diverged, InputError
from ..evaluation.evaluate import evaluate, judge_for
from ..evaluation.pictures import neighbours, picture
from ..files import write_bytes
from ..planning.hyperparameters import changed_since, resolve
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..probes.alarms import alarms, counted, event
from ..probes.averages import Averages, snapshot
from ..probes.weights import histograms
from ..records.state import images_held
from ..records.writing import Clock, Measured, TrialRecord
from ..words import number
from .checkpoints import Training, keep, prune, resumed
from .memory import freed_memory_kept
from .probing import Probing

HEARTBEAT = 1.0  # seconds between two writings of progress.json


@freed_memory_kept()
def train(trial: Trial, root: Path, checkpoint_every: float = CHECKPOINT_EVERY) -> tuple[str, str]:
    """Train and measure one trial, recorded below `root`. Returns its status and the reason.

    It goes on from its last checkpoint, and ends with the bits that it would have had without the
    break. A divergence is a status; whatever else goes wrong is raised.
    """
    # Load the data, build the model, go on where it stopped.
    torch.set_num_threads(trial.threads)
    record = TrialRecord.of(root, trial)
    facts: dict[str, Any] = {"label": trial.label, "config_hash": trial.config_hash}
    record.start({**trial.identity, **facts, "probes": list(trial.probes)})
    beats = Heartbeat(record, trial)
    beats.phase("reading data")
    load_dataset(trial.source, trial.size)
    beats.phase("preparing extractor")
    judge = judge_for(trial)
    require_same_code(trial)
    dataset = judge.dataset
    now = resumed(trial, record, lambda: begun(trial, dataset))
    model, averages = now.model, Averages(now.model)
    beats.phase("training", now)
    probing = Probing(model, trial, dataset)
    status, reason, kept = "finished", "", time.monotonic()
    absent: dict[str, str] = {}  # metric -> why it could not be measured
    try:
        for point in (p for p in trial.evaluation_points if p >= now.clock.images):
            # Train up to the point, with rows of the curves on the way.
            while now.clock.images < point:
                row_end = min(trial.row_end(now.clock.images), point)
                began, before = time.perf_counter(), now.clock
                used = time.thread_time()
                with precision_context(now.streams.device, trial.precision):
                    while now.clock.images < row_end:
                        # A long turn of the discriminator is cut off at the point.
                        left = (point - now.clock.images) // trial.batch_size
                        after = ticked(now.clock, model, left, trial.batch_size)
                        with probing.step(after.images):
                            averages.add(model.train_step(now.batches, now.streams, left))
                        now.clock = after
                values = averages.flush()  # waits for the device
                took = time.perf_counter() - began
                now.on_processor += time.thread_time() - used
                now.clock = replace(now.clock, seconds=before.seconds + took)
                rate = (now.clock.images - before.images) / took
                values |= snapshot(model) | {"cost/images_per_second": rate}
                began = time.perf_counter()
                record.add_curves(now.clock, values | probing.read(now.clock.images))
                now.probing += time.perf_counter() - began
                beats(now, rate)
                if now.clock.images == point or time.monotonic() - kept >= checkpoint_every:
                    # At a point, before measuring: with a larger budget it is not the last one.
                    keep(now, trial, record)
                    kept = time.monotonic()

            # Measure samples, from the same latents at every point, and picture some.
            beats.phase("evaluating", now)
            began = time.perf_counter()
            measured, absent = evaluate(model, trial, judge, last=point == trial.images)
            record.add_evaluation(now.clock, measured)
            picture(model, trial, dataset, record.sample_path(now.clock.images))
            if "weights" in trial.probes:
                record.add_histograms(now.clock.images, histograms(model))
            record.events(alarms(record.curves))
            record.flush()
            now.evaluating += time.perf_counter() - began
            beats.phase("training", now, next(map(told, measured), ""))
    except Diverged as divergence:
        status, reason = (
            "diverged",
            f"{divergence} by generator step {model.steps_done}",
        )

    # Save the weights and, last of all, the status.
    found = alarms(record.curves)
    if status == "diverged":
        found.append(event(now.clock.images, now.clock.generator_steps, "divergence", reason))
    record.events(found)
    record.flush()
    save_weights(model, record.folder / "generator.safetensors")
    prune(record.folder, 1)
    if status == "finished":
        neighbours(model, trial, judge, record.folder / "neighbours.png")
    facts = {"evaluating_seconds": now.evaluating, "not_measured": absent, "resumed": now.resumed}
    if trial.device == "cpu" and trial.threads == 1:  # others wait for each other or for a device
        # Absent where a part of the trial was trained by a version that did not count them.
        facts |= {} if math.isnan(now.on_processor) else {"cpu_seconds": now.on_processor}
    facts |= {"probing_seconds": now.probing, "not_probed": probing.absent} | counted(found)
    facts |= {"extractor_accuracy": judge.network.accuracy if judge.network else None}
    facts |= asdict(now.clock) | facts_of(model, now.streams)
    record.end(status, reason, **facts)
    return status, reason


def require_same_code(trial: Trial) -> None:
    """Raises InputError if code behind the trial has changed since the trial was planned."""
    if files := changed_since(trial):
        raise InputError(f"{files} has changed since this run began: start it again")


def begun(trial: Trial, dataset: Dataset) -> Training:
    """A trial before its first step."""
    streams = Streams(trial.seed, trial.device)
    kind, config = resolve(trial.label, trial.model, None, trial.config)
    model: GAN = kind(dataset.spec, config, streams, trial.device).train()
    split = dataset.train.to(trial.device)
    return Training(model, streams, Shuffled(split, trial.batch_size, streams["data"]))


def ticked(clock: Clock, model: GAN, at_most: int, batch_size: int) -> Clock:
    """The clock after one more generator step."""
    batches = model.next_turn(at_most)
    return replace(
        clock,
        images=clock.images + batches * batch_size,
        generator_steps=clock.generator_steps + 1,
        discriminator_steps=clock.discriminator_steps + batches * model.is_game,
    )


class Heartbeat:
    """Writes progress.json, once a second at most, for the display and for `bench status`."""

    def __init__(self, record: TrialRecord, trial: Trial) -> None:
        self._record, self._due = record, 0.0
        self._facts: dict[str, Any] = asdict(Clock(images_held(record.folder)))
        self._facts |= {"images_per_second": 0.0, "total": trial.images, "phase": "starting"}
        self._facts |= {"pid": os.getpid(), "host": socket.gethostname()}

    def __call__(self, now: Training, rate: float) -> None:
        if time.monotonic() >= self._due:
            self._facts["images_per_second"] = rate
            self.phase("training", now)

    def phase(self, name: str, now: Training | None = None, measured: str = "") -> None:
        """What the trial does from here on; `measured` is what its last evaluation gave."""
        self._facts["phase"] = name
        if now:
            self._facts |= {**asdict(now.clock), "evaluating_seconds": now.evaluating}
        if measured:
            self._facts["measured"] = measured
        self._due = time.monotonic() + HEARTBEAT
        self._record.progress(self._facts)


def told(measured: Measured) -> str:
    return f"{measured.metric.upper()} {number(measured.value)}"


def save_weights(model: GAN, path: Path) -> None:
    # Copied, since a file has no place for a weight that two layers share.
    weights = {k: v.contiguous().clone() for k, v in model.sampler.state_dict().items()}
    write_bytes(path, save(weights))


def count(network: nn.Module) -> int:
    """How many parameters a network has."""
    return sum(parameter.numel() for parameter in network.parameters())


def facts_of(model: GAN, streams: Streams) -> dict[str, Any]:
    """Facts of a trial at its end, for its row in the table of trials."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if streams.device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(streams.device)
    return {
        "conditional": model.conditional,
        "discriminator_steps_per_generator_step": model.config.discriminator_steps * model.is_game,
        **{f"{p}_parameters": count(model.network_of(p)) for p in model.players},
        "peak_memory_bytes": peak,
        "streams": streams.hashes(),
    }
