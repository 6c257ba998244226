"""What the experiments share: fresh critics, trained against fakes that are given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.base import GAN, Batch, DataSpec, descend
from gan_zoo.streams import Streams

from ..settings import resolve

Rows = list[dict[str, Any]]
Tick = Callable[[float], None]  # told which share of a seed's work is done


def fresh(seed: int, name: str, device: str) -> Streams:
    """Streams of an experiment's part, apart from those of any training with this seed."""
    return Streams(Streams(seed).seed_of(f"probe/{name}"), device)


def build(
    model: str, spec: DataSpec, streams: Streams, kind: type[GAN] | None = None, **values: Any
) -> GAN:
    """A model of the zoo with these config values, or `kind` with that model's config."""
    found, config = resolve(model, model, None, {})
    made: GAN = (kind or found)(spec, replace(config, **values), streams, streams.device)
    return made.train()


def critic_step(
    model: GAN, real: Tensor, labels: Tensor, fake: Tensor, latent: Tensor, streams: Streams
) -> Tensor:
    """One step of the discriminator alone, with its constraint, as in `GAN.train_step`."""
    loss = model.discriminator_loss(Batch(real, fake, latent, labels, streams, 0))
    descend(loss, model.discriminator, model.discriminator_optimizer)
    model.after_discriminator_step()
    return loss.detach()


def fakes(model: GAN, labels: Tensor, streams: Streams) -> tuple[Tensor, Tensor]:
    """(fakes without a gradient, their latents), from the discriminator's stream."""
    latent = streams["latent/discriminator"].normal(len(labels), model.config.latent_dim)
    with torch.no_grad():
        return model.generator(latent, labels), latent


def looks(steps: int, points: int) -> list[int]:
    """0 and about `points` steps up to `steps`, evenly on a log scale."""
    return [0, *np.unique(np.geomspace(1, steps, points).round().astype(int)).tolist()]


def counted(steps: int, wanted: Iterable[int]) -> Iterator[tuple[int, bool]]:
    """(step, is it looked at?) from 0 to `steps`."""
    chosen = set(wanted)
    return ((step, step in chosen) for step in range(steps + 1))
