"""The boundary equilibrium GAN (Berthelot et al., 2017, arXiv:1703.10717).

The discriminator is an autoencoder, and its score L(x) = E |x - D(x)| the error over a sample:

    discriminator  minimises  E L(x) - k E L(G(z))
    generator      minimises  E L(G(z))
    balance        k <- k + rate (ratio E L(x) - E L(G(z))),   kept in [0, 1]

The ratio trades variety for quality. M = E L(x) + |ratio E L(x) - E L(G(z))| tells how far the
training has come. k is a buffer, so that a checkpoint holds it, and never leaves the device.
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn, zeros

from gan_zoo.base import GAN, Batch, Config


@dataclass
class BEGANConfig(Config):
    """Fully connected networks; the paper has convolutions, and Adam at 1e-4."""

    learning_rate: float = 1e-4
    ratio: float = 0.5  # gamma: the fakes' reconstruction loss over the real samples'
    rate: float = 1e-3  # lambda: how fast k follows the balance


class Autoencoder(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return (super().forward(x) - x).abs().flatten(1).mean(1)


class BEGAN(GAN):
    defaults = BEGANConfig()
    config: BEGANConfig

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.register_buffer("k", zeros(()))

    def build_discriminator(self) -> nn.Module:
        n, w = math.prod(self.spec.shape), self.config.width or 256
        inner = [nn.Flatten(), nn.Linear(n, 2 * w), nn.ELU(), nn.Linear(2 * w, w // 4), nn.ELU()]
        outer = [nn.Linear(w // 4, 2 * w), nn.ELU(), nn.Linear(2 * w, n)]
        return Autoencoder(*inner, *outer, nn.Unflatten(1, self.spec.shape))

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real, fake = (score.mean() for score in self.scores(batch))
        loss, balance = real - self.k * fake, (self.config.ratio * real - fake).detach()
        batch.observe("convergence", real + balance.abs())
        self.k = (self.k + self.config.rate * balance).clamp(0, 1)
        return loss

    def generator_loss(self, batch: Batch) -> Tensor:
        return self.score(batch.fake, batch.labels).mean()
