"""Our training as a user gets it, with all that is recorded by default, without evaluations."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from bench import train
from bench.batches import Shuffled
from bench.datasets import load_dataset
from bench.parsing import parse_models
from bench.plan import Plan
from bench.trial import Trial
from gan_zoo.base import GAN
from gan_zoo.catalog import load
from gan_zoo.precision import precision_context
from gan_zoo.streams import Streams

BATCH = 64


def trial_of(name: str, batches: int, precision: str = "fp32") -> Trial:
    """A trial of the model `name` on mnist5k with so many batches of the discriminator."""
    values: dict[str, Any] = {"images": batches * BATCH, "evaluations": 1, "samples": 100}
    plan = Plan(tuple(parse_models(name)), precision=precision, seeds=(0,), **values)
    (trial,) = plan.trials(load_dataset)
    return trial


def only_training(patch: pytest.MonkeyPatch) -> None:
    """Make `bench.train.train` measure and draw nothing."""
    patch.setattr(train, "evaluate", lambda *_, **__: ([], {}))
    for name in ("picture", "neighbours"):
        patch.setattr(train, name, lambda *_: None)


def recorded(trial: Trial, root: Path) -> None:
    """One trial from its first file to its last, in a folder that knows nothing of it."""
    shutil.rmtree(root, ignore_errors=True)
    assert train.train(trial, root)[0] == "finished"


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
