"""What the studies share: models of the zoo, a step of the critic alone, and deep critics.

`build`, `critic_step` and `fakes` train a discriminator against a generator that stays as it is.
`Deep` and its kin are generator and critic of any number of ReLU layers; `critic` chooses one by
its constraint.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.base import GAN, Batch, DataSpec
from gan_zoo.descent import descend
from gan_zoo.networks import Labelled, init_he
from gan_zoo.streams import Streams
from gan_zoo.wgan import WGAN
from gan_zoo.wgangp import WGANGP

from ..planning.hyperparameters import resolve

Rows = list[dict[str, Any]]
Tick = Callable[[float], None]  # is told which share of a seed's work is done


def streams_of(seed: int, part: str, device: str) -> Streams:
    """The random streams of one part of a study, apart from those of any training with this seed.

    They are named after `bench probe`, as studies were once called: a new name would draw other
    numbers.
    """
    return Streams(Streams(seed).seed_of(f"probe/{part}"), device)


def build(
    model: str, spec: DataSpec, streams: Streams, kind: type[GAN] | None = None, **values: Any
) -> GAN:
    """A model of the zoo with these hyperparameters, or an object of `kind` with its Config."""
    found, config = resolve(model, model, None, {})
    made: GAN = (kind or found)(spec, replace(config, **values), streams, streams.device)
    return made.train()


def critic_step(
    model: GAN, real: Tensor, labels: Tensor, fake: Tensor, latent: Tensor, streams: Streams
) -> Tensor:
    """One step of the discriminator alone, as in `GAN.train_step`; returns its loss."""
    loss = model.discriminator_loss(Batch(real, fake, latent, labels, streams, 0))
    descend(loss, model.discriminator, model.discriminator_optimizer)
    model.after_discriminator_step()
    return loss.detach()


def fakes(model: GAN, labels: Tensor, streams: Streams) -> tuple[Tensor, Tensor]:
    """Fakes without a gradient and their latents, which the discriminator's stream draws."""
    latent = streams["latent/discriminator"].normal(len(labels), model.config.latent_dim)
    with torch.no_grad():
        return model.generator(latent, labels), latent


def log_steps(steps: int, points: int) -> list[int]:
    """0 and about `points` whole steps from 1 to `steps`, evenly spaced on a log scale."""
    return [0, *np.unique(np.geomspace(1, steps, points).round().astype(int)).tolist()]


def relu_mlp(inputs: int, layers: int, width: int, outputs: int) -> nn.Sequential:
    """`layers` hidden layers of `width` ReLU units and a linear one, with He's initial weights.

    WGAN-GP's released code for 2-D sets has the same initialisation; clipping at 0.1 hardly
    touches its layers of 512 units.
    """
    parts: list[nn.Module] = []
    for units in [width] * layers:
        parts += [_he(inputs, units), nn.ReLU()]
        inputs = units
    return nn.Sequential(*parts, _he(inputs, outputs))


def _he(inputs: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    init_he(layer)
    return layer


class Deep(GAN):
    """A GAN for points: both networks have `layers` hidden layers without normalisation."""

    layers = 12

    def build_generator(self) -> nn.Module:
        units, outputs = self.config.width or 128, math.prod(self.spec.shape)
        return Labelled(relu_mlp(self.config.latent_dim, self.layers, units, outputs), 0)

    def build_discriminator(self) -> nn.Module:
        units, inputs = self.config.width or 128, math.prod(self.spec.shape)
        scores = relu_mlp(inputs, self.layers, units, 1).append(nn.Flatten(0))
        return Labelled(scores, 0, flat=True)


class DeepWGAN(Deep, WGAN):
    """With a clipped critic."""


class DeepWGANGP(Deep, WGANGP):
    """With a penalised critic."""


def critic(constraint: str, layers: int) -> tuple[str, type[GAN], dict[str, float]]:
    """The model of the zoo, the class and the hyperparameter of "clip=0.01" or "penalty=10"."""
    name, value = constraint.split("=")
    model, kind = {"clip": ("wgan", DeepWGAN), "penalty": ("wgangp", DeepWGANGP)}[name]
    return model, type(kind.__name__, (kind,), {"layers": layers}), {name: float(value)}
