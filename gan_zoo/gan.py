"""The original GAN (Goodfellow et al., 2014, arXiv:1406.2661).

The discriminator is a classifier, real against fake, and its score s(x) a logit:

    D(x) = sigmoid(s(x))
    discriminator  minimises  (-log D(x) - log(1 - D(G(z)))) / 2
    generator      minimises  -log D(G(z))               (non-saturating, the default)
                   or          log(1 - D(G(z)))          (saturating, the min-max game)

Both generator losses have the same fixed point, but the gradient of the second vanishes while
the discriminator is winning: D(G(z)) = 0 is where log(1 - D) is flat.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import (
    softplus,
)  # softplus(-s) = -log sigmoid(s), without overflow

from .base import GAN, Batch, Config


@dataclass(frozen=True)
class VanillaGANConfig(Config):
    """Fully connected networks: the generator with batch norm, the discriminator without."""

    saturating: bool = False


class VanillaGAN(GAN):
    defaults = VanillaGANConfig()
    config: VanillaGANConfig
    logits = True

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real_score, fake_score = self.scores(batch)
        return (softplus(-real_score).mean() + softplus(fake_score).mean()) / 2

    def generator_loss(self, batch: Batch) -> Tensor:
        score = self.discriminator(batch.fake, batch.labels)
        return -softplus(score).mean() if self.config.saturating else softplus(-score).mean()
