"""The relativistic average GAN (Jolicoeur-Martineau, 2018, arXiv:1807.00734).

The discriminator says how much more real a sample is than the average sample of the other kind:

    D(x) = sigmoid(s(x) - E s(G(z))),   D(G(z)) = sigmoid(s(G(z)) - E s(x))
    discriminator  minimises  (-E log D(x) - E log(1 - D(G(z)))) / 2
    generator      minimises  (-E log D(G(z)) - E log(1 - D(x))) / 2

So the generator's turn needs the scores of real samples too: the curves have them as
generator/score/real. The paper's sums are halved here, as in the zoo's original GAN.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus

from gan_zoo.base import GAN, Batch, Config
from gan_zoo.networks import Backbone, Init, Norm


@dataclass
class RaGANConfig(Config):
    """DCGAN's networks and optimizer."""

    backbone: Backbone = "conv"
    discriminator_norm: Norm = "batch"
    init: Init = "normal"


class RaGAN(GAN):
    defaults = RaGANConfig()

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real, fake = self.scores(batch)
        return relative(real, fake)

    def generator_loss(self, batch: Batch) -> Tensor:
        real, fake = self.scores(batch)
        return relative(fake, real)


def relative(upper: Tensor, lower: Tensor) -> Tensor:
    """The loss that lifts the scores `upper` above the scores `lower`."""
    return (softplus(lower.mean() - upper).mean() + softplus(lower - upper.mean()).mean()) / 2
