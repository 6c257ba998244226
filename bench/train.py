"""One trial: a resolved configuration in, rows out."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from gan_zoo.base import GAN
from gan_zoo.precision import precision_context
from gan_zoo.streams import Stream, Streams

from .datasets import Split, load_dataset, to_unit
from .drawing import neighbours, picture
from .errors import Diverged
from .evaluate import evaluate
from .extractors import accuracy
from .files import write_bytes
from .probes import Averages, snapshot
from .records import Clock, TrialRecord
from .settings import resolve
from .trial import Trial

HEARTBEAT = 1.0  # seconds between two writings of progress.json


def train(trial: Trial, root: Path) -> tuple[str, str]:
    """Train and measure one trial, recorded below `root`. Returns its status and the reason.

    A divergence is a status; whatever else goes wrong is raised.
    """
    # Load the data, build the model.
    torch.set_num_threads(trial.threads)
    record = TrialRecord(root, trial.dataset, trial.label, trial.seed)
    record.start({**trial.identity, "label": trial.label, "config_hash": trial.config_hash})
    dataset = load_dataset(trial.source, trial.size)
    streams = Streams(trial.seed, trial.device)
    kind, config = resolve(trial.label, trial.model, None, trial.config)
    model: GAN = kind(dataset.spec, config, streams, trial.device).train()
    split = dataset.train.to(trial.device)
    batches = shuffled(split, trial.batch_size, streams["data"])
    averages, clock, beats = Averages(model), Clock(), Heartbeat(record, trial)
    status, reason, evaluating = "finished", "", 0.0
    absent: dict[str, str] = {}  # metric -> why it could not be measured
    try:
        for point in trial.evaluation_points:
            # Train up to the point, with a row of the curves every `row_every` images.
            while clock.images < point:
                row_ends = (clock.images // trial.row_every + 1) * trial.row_every
                began, before = time.perf_counter(), clock
                with precision_context(streams.device, trial.precision):
                    while clock.images < min(row_ends, point):
                        averages.add(model.train_step(batches, streams))
                        clock = ticked(clock, model.config.discriminator_steps, trial.batch_size)
                values = averages.flush()  # waits for the device
                took = time.perf_counter() - began
                clock = replace(clock, seconds=before.seconds + took)
                rate = (clock.images - before.images) / took
                values |= snapshot(model) | {"cost/images_per_second": rate}
                record.add_curves(clock, values)
                beats(clock, rate)

            # Measure samples of the same latents as ever, and picture some.
            began = time.perf_counter()
            measured, absent = evaluate(model, trial, last=point == trial.images)
            record.add_evaluation(clock, measured)
            picture(model, trial, dataset, record.sample_path(clock.images))
            record.flush()
            evaluating += time.perf_counter() - began
    except Diverged as divergence:
        status, reason = (
            "diverged",
            f"{divergence} by generator step {model.steps_done}",
        )

    # Keep the weights and, last of all, say how it ended.
    record.flush()
    save_weights(model, record.folder / "generator.safetensors")
    if status == "finished":
        neighbours(model, trial, dataset, record.folder / "neighbours.png")
    facts = {"evaluating_seconds": evaluating, "not_measured": absent}
    facts |= {"extractor_accuracy": accuracy(trial)}
    facts |= asdict(clock) | facts_of(model, streams)
    record.end(status, reason, **facts)
    return status, reason


def ticked(clock: Clock, discriminator_steps: int, batch_size: int) -> Clock:
    """The clock after one more generator step."""
    return replace(
        clock,
        images=clock.images + discriminator_steps * batch_size,
        generator_steps=clock.generator_steps + 1,
        discriminator_steps=clock.discriminator_steps + discriminator_steps,
    )


def shuffled(split: Split, batch_size: int, rng: Stream) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches without end: each epoch in a new order, its incomplete last batch dropped."""
    if len(split) < batch_size:
        raise ValueError(f"{len(split)} samples are fewer than a batch of {batch_size}")
    whole = len(split) // batch_size * batch_size
    while True:
        for rows in rng.permutation(len(split))[:whole].split(batch_size):
            yield to_unit(split.samples[rows]), split.labels[rows]


class Heartbeat:
    """Writes progress.json now and then, for the display and for `bench status`."""

    def __init__(self, record: TrialRecord, trial: Trial) -> None:
        self._record, self._due = record, 0.0
        self._facts = {
            "total": trial.images,
            "pid": os.getpid(),
            "host": socket.gethostname(),
        }
        self(Clock(), 0.0)

    def __call__(self, clock: Clock, rate: float) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + HEARTBEAT
            self._record.progress({**asdict(clock), "images_per_second": rate, **self._facts})


def save_weights(model: GAN, path: Path) -> None:
    weights = {k: v.contiguous() for k, v in model.sampler.state_dict().items()}
    write_bytes(path, save(weights))


def facts_of(model: GAN, streams: Streams) -> dict[str, Any]:
    """What is known of a trial when it ends, for its row in the table of trials."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if streams.device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(streams.device)
    return {
        "conditional": model.conditional,
        "discriminator_steps_per_generator_step": model.config.discriminator_steps,
        "generator_parameters": sum(p.numel() for p in model.generator.parameters()),
        "discriminator_parameters": sum(p.numel() for p in model.discriminator.parameters()),
        "peak_memory_bytes": peak,
        "streams": streams.hashes(),
    }
