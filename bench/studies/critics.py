"""What the experiments share: fresh critics, trained against fakes that are given."""

import math
from collections.abc import Callable, Iterable, Iterator
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


def relu_mlp(inputs: int, layers: int, width: int, outputs: int) -> nn.Sequential:
    """`layers` hidden layers of `width` ReLU units and a linear one; He's initial weights.

    As in WGAN-GP's released code for 2-D sets, where clipping at 0.1 hardly touches 512 units.
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
    """Both networks of `layers` hidden layers without normalisation, for points."""

    layers = 12

    def build_generator(self) -> nn.Module:
        units, outputs = self.config.width or 128, math.prod(self.spec.shape)
        return Labelled(relu_mlp(self.config.latent_dim, self.layers, units, outputs), 0)

    def build_discriminator(self) -> nn.Module:
        units, inputs = self.config.width or 128, math.prod(self.spec.shape)
        scores = relu_mlp(inputs, self.layers, units, 1).append(nn.Flatten(0))
        return Labelled(scores, 0, flat=True)


class DeepWGAN(Deep, WGAN):
    """The clipped critic."""


class DeepWGANGP(Deep, WGANGP):
    """The penalised critic."""


def critic(constraint: str, layers: int) -> tuple[str, type[GAN], dict[str, float]]:
    """(model of the zoo, class, its values) of "clip=0.01" or "penalty=10"."""
    name, value = constraint.split("=")
    model, kind = {"clip": ("wgan", DeepWGAN), "penalty": ("wgangp", DeepWGANGP)}[name]
    return model, type(kind.__name__, (kind,), {"layers": layers}), {name: float(value)}
