"""A trial under way: what is recorded of it, whether it trains alone or in a stack."""

import math
import os
import resource
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from gan_zoo.base import GAN
from gan_zoo.streams import Streams

from ..datasets.dataset import load_dataset
from ..errors import Diverged, InputError
from ..evaluation.evaluate import Found, Subject, evaluate, judge_for
from ..evaluation.pictures import neighbours, picture
from ..extensions import portable
from ..files import write_bytes
from ..planning.hyperparameters import changed_since
from ..planning.own import declared, probes_of
from ..planning.trial import Trial
from ..probes.alarms import alarms, counted, event
from ..probes.weights import histograms
from ..records.state import images_held
from ..records.writing import Clock, Measured, TrialRecord
from ..words import number
from .checkpoints import Training, prune
from .probing import Probing

HEARTBEAT = 1.0  # seconds between two writings of progress.json
AFTER_EVALUATION: list[Callable[[], None]] = []  # called then: records may have to go elsewhere


class UnderWay:
    """A trial, its record, and what measures it. `start` gives it the training to go on with."""

    now: Training
    probing: Probing

    def __init__(self, trial: Trial, root: Path, evaluators: int = 1) -> None:
        self.trial, self.record = trial, TrialRecord.of(root, trial)
        self.evaluators = evaluators  # threads
        facts: dict[str, Any] = {"label": trial.label, "config_hash": trial.config_hash}
        facts |= {"alone": trial.alone} if trial.alone else {}
        facts |= {"declared": declared(trial)} if trial.metrics else {}
        probes = [*map(portable, trial.probes)]
        self.record.start({**trial.identity, **facts, "probes": probes})
        self._beats = Heartbeat(self.record, trial)
        self._beats.phase("reading data")
        load_dataset(trial.source, trial.size)
        self._beats.phase("preparing extractor")
        self.judge = judge_for(trial)
        probes_of(trial)  # loads them, before their code is looked at
        require_same_code(trial)
        self.dataset = self.judge.dataset
        self._absent: dict[str, str] = {}  # metric -> why it could not be measured
        self._facts: dict[str, Any] = {}

    def start(self, now: Training) -> None:
        self.now = now
        self._beats.phase("training", now)
        self.probing = Probing(now.model, self.trial, self.dataset)

    @property
    def model(self) -> GAN:
        return self.now.model

    def add_row(
        self, before: Clock, clock: Clock, took: float, values: Mapping[str, float]
    ) -> None:
        """A row of the curves, from `before` to `clock`, which took so many seconds."""
        now = self.now
        now.clock = replace(clock, seconds=now.clock.seconds + took)
        rate = (now.clock.images - before.images) / took
        began = time.perf_counter()
        read = self.probing.read(now.clock.images)
        self.record.add_curves(now.clock, {**values, "cost/images_per_second": rate, **read})
        now.probing += time.perf_counter() - began
        self._beats(now, rate)

    def add_evaluation(self, found: Found, took: float) -> None:
        """What was measured in so many seconds, with a picture of samples."""
        trial, record, now = self.trial, self.record, self.now
        began, images = time.perf_counter(), now.clock.images
        measured, self._absent = found
        record.add_evaluation(now.clock, measured)
        picture(now.model, trial, self.dataset, record.sample_path(images))
        if "weights" in trial.probes:
            record.add_histograms(images, histograms(now.model))
        record.events(alarms(record.curves))
        record.flush()
        now.evaluating += took + time.perf_counter() - began
        self._beats.phase("training", now, next(map(told, measured), ""))
        for tell in AFTER_EVALUATION:
            tell()

    def evaluating(self) -> Subject:
        """What is to be measured now, and a word that it is."""
        self._beats.phase("evaluating", self.now)
        return Subject(self.now.model, self.trial, self.judge)

    def note(self, **facts: Any) -> None:
        """Facts for the trial's row in the table of trials."""
        self._facts |= facts

    def end(self, status: str, reason: str) -> tuple[str, str]:
        """Save the weights and, last of all, the status. Returns the status and the reason."""
        record, now = self.record, self.now
        found = alarms(record.curves)
        if status == "diverged":
            clock = now.clock
            found.append(event(clock.images, clock.generator_steps, "divergence", reason))
        record.events(found)
        record.flush()
        save_weights(now.model, record.folder / "generator.safetensors")
        prune(record.folder, 1)
        if status == "finished":
            neighbours(now.model, self.trial, self.judge, record.folder / "neighbours.png")
        facts: dict[str, Any] = {"evaluating_seconds": now.evaluating}
        facts |= {"not_measured": self._absent, "resumed": now.resumed}
        if self.trial.device == "cpu" and self.trial.threads == 1:  # others wait for each other
            # Absent where a part of the trial was trained by a version that did not count them.
            facts |= {} if math.isnan(now.on_processor) else {"cpu_seconds": now.on_processor}
        facts |= {"probing_seconds": now.probing, "not_probed": self.probing.absent} | counted(
            found
        )
        network = self.judge.network
        facts |= {"extractor_accuracy": network.accuracy if network else None}
        facts |= asdict(now.clock) | facts_of(now.model, now.streams) | self._facts
        record.end(status, reason, **facts)
        return status, reason


def measure(company: Sequence[UnderWay]) -> dict[str, Diverged]:
    """Measure samples of trials that stand at one point; from the same latents at every point.

    Returns the divergence of those whose samples are not finite, by the key of the trial.
    """
    if not company:
        return {}
    began, first = time.perf_counter(), company[0]
    last = first.now.clock.images == first.trial.images
    found = evaluate([one.evaluating() for one in company], last, first.evaluators)
    took = (time.perf_counter() - began) / len(company)  # a trial's share
    diverged = {}
    for one, each in zip(company, found, strict=True):
        if isinstance(each, Diverged):
            diverged[one.trial.key] = each
        else:
            one.add_evaluation(each, took)
    return diverged


def require_same_code(trial: Trial) -> None:
    """Raises InputError if code behind the trial has changed since the trial was planned."""
    if files := changed_since(trial):
        raise InputError(f"{files} has changed since this run began: start it again")


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
