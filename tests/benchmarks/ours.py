"""Our training as a user gets it, with all that is recorded by default, without evaluations."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import pytest

from bench.checks.bf16 import factor
from bench.datasets.batches import Shuffled
from bench.datasets.dataset import load_dataset
from bench.errors import Diverged
from bench.evaluation.evaluate import Found, Subject
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import Trial
from bench.training import train, under_way
from bench.training.memory import freed_memory_kept
from gan_zoo.base import GAN
from gan_zoo.catalog import load
from gan_zoo.precision import precision_context
from gan_zoo.streams import Streams

BATCH = 64


@cache
def bf16_gains() -> bool:
    """Is training in bf16 faster here? Where it is emulated, its columns would take hours."""
    return factor("cpu") >= 1


def trial_of(name: str, batches: int, **options: Any) -> Trial:
    """A trial of the model `name` on mnist5k with so many batches of the discriminator.

    `options` are those of a plan; it is evaluated at its beginning and at its end.
    """
    usual = {"images": batches * BATCH, "evaluations": 1, "samples": 100}
    plan = Plan(tuple(parse_models(name)), seeds=(0,), **(usual | options))
    (trial,) = plan.trials(load_dataset)
    return trial


class Trainer:
    """`train`, made to measure nothing, and to draw nothing but what is `kept`."""

    def __init__(self, patch: pytest.MonkeyPatch, *kept: str) -> None:
        self._points: list[float] = []
        patch.setattr(under_way, "evaluate", self._evaluate)
        for name in {"picture", "neighbours"} - set(kept):
            patch.setattr(under_way, name, lambda *_: None)

    def __call__(self, trial: Trial, root: Path) -> float:
        """Train a trial in a folder that knows nothing of it. Seconds between its first
        evaluation point and its last: loading, building networks and ending are left out."""
        shutil.rmtree(root, ignore_errors=True)
        self._points.clear()
        assert train.train(trial, root)[0] == "finished"
        return self._points[-1] - self._points[0]

    def _evaluate(self, subjects: Sequence[Subject], *_: object) -> list[Found | Diverged]:
        self._points.append(perf_counter())
        return [([], {}) for _ in subjects]


def bare(
    name: str, size: int | None = None, precision: str = "fp32", **values: Any
) -> Iterator[None]:
    """`train_step` and nothing else, without end: a turn for each batch of the discriminator.

    `values` replace those of the model's config.
    """
    dataset, kind, streams = load_dataset("mnist5k", size), cast(type[GAN], load(name)), Streams(0)
    model = kind(dataset.spec, replace(kind.defaults, **values), streams).train()
    batches = Shuffled(dataset.train, BATCH, streams["data"])
    while True:
        with precision_context(streams.device, precision):
            step = model.train_step(batches, streams)
        for _ in range(step.discriminator_steps):
            yield


def take(steps: Iterator[object], batches: int) -> None:
    """So many turns of a loop without end."""
    for _ in islice(steps, batches):
        pass


@freed_memory_kept()
def take_ours(steps: Iterator[object], batches: int) -> None:
    """So many turns of `bare`, with memory as a trial has it."""
    take(steps, batches)
