"""The original GAN (Goodfellow et al., 2014, arXiv:1406.2661).

The discriminator classifies samples as real or fake; its score s(x) is a logit:

    D(x) = sigmoid(s(x))
    discriminator  minimises  (-log D(x) - log(1 - D(G(z)))) / 2
    generator      minimises  -log D(G(z))               (non-saturating, the default)
                   or          log(1 - D(G(z)))          (saturating, the min-max game)

Both generator losses have the same fixed point. But the gradient of the saturating one vanishes
while the discriminator is winning, since log(1 - D) is flat in s near D(G(z)) = 0; so the paper
recommends the other.
"""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus

from .base import GAN, Batch, Config


@dataclass
class VanillaGANConfig(Config):
    """The defaults of Config: fully connected networks, with batch norm in the generator only."""

    saturating: bool = False  # does the generator minimise log(1 - D), not maximise log D?


class VanillaGAN(GAN):
    defaults = VanillaGANConfig()
    config: VanillaGANConfig
    logits = True

    def discriminator_loss(self, batch: Batch) -> Tensor:
        # softplus(-s) = -log D and softplus(s) = -log(1 - D), without overflow.
        real_score, fake_score = self.scores(batch)
        return (softplus(-real_score).mean() + softplus(fake_score).mean()) / 2

    def generator_loss(self, batch: Batch) -> Tensor:
        score = self.score(batch.fake, batch.labels)
        return -softplus(score).mean() if self.config.saturating else softplus(-score).mean()
