"""Fully connected ReLU networks of any depth, for the two Wasserstein models of the zoo."""

import math

from torch import nn

from gan_zoo.base import GAN
from gan_zoo.networks import Labelled, init_he
from gan_zoo.wgan import WGAN
from gan_zoo.wgangp import WGANGP


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
