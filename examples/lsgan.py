"""The least squares GAN (Mao et al., 2017, arXiv:1611.04076, equation 9).

The discriminator's score s(x) is regressed to 1 for real samples and to 0 for fakes:

    discriminator  minimises  E (s(x) - 1)^2 / 2 + E s(G(z))^2 / 2
    generator      minimises  E (s(G(z)) - 1)^2 / 2

A fake that is classified as real, but lies far from the boundary, still gets a gradient.
"""

from dataclasses import dataclass

from torch import Tensor

from gan_zoo.base import GAN, Batch, Config
from gan_zoo.networks import Backbone, Init, Norm


@dataclass
class LSGANConfig(Config):
    """DCGAN's networks, with the optimizer that the paper has for LSUN (section 4.2)."""

    backbone: Backbone = "conv"
    discriminator_norm: Norm = "batch"
    init: Init = "normal"
    learning_rate: float = 1e-3


class LSGAN(GAN):
    defaults = LSGANConfig()

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real, fake = self.scores(batch)
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator_loss(self, batch: Batch) -> Tensor:
        return (self.score(batch.fake, batch.labels) - 1).square().mean() / 2
