"""Small models and batches, shared by the tests of the zoo."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from torch import Tensor

from bench.checks import case
from gan_zoo.base import GAN, DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

GREY = DataSpec((1, 28, 28), 10)


def make(
    name: str, spec: DataSpec = GREY, seed: int = 0, device: str = "cpu", **values: Any
) -> tuple[GAN, Streams]:
    """A narrow model in training mode, and its streams."""
    kind = load(name)
    defaults = kind.defaults  # type: ignore[attr-defined]
    config = dataclasses.replace(defaults, **{"width": 4, "latent_dim": 8, **values})
    streams = Streams(seed, device)
    return kind(spec, config, streams, device).train(), streams


def batches(
    spec: DataSpec = GREY, size: int = 6, device: str = "cpu"
) -> Iterator[tuple[Tensor, Tensor]]:
    return case.batches(spec, size, device)
