"""The Wasserstein GAN with gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).

The Wasserstein GAN's game, with a penalty in place of the clipping. It pulls the norm of the
critic's input gradient towards one, at random points x^ between real samples x and fakes G(z):

    x^ = eps x + (1 - eps) G(z),   eps ~ U[0, 1), one for each sample
    critic     minimises  E s(G(z)) - E s(x) + penalty * E (|grad s(x^)| - 1)^2
    generator  minimises -E s(G(z))

The paper shows that a clipped critic tends to functions that are too simple, and that its
gradients explode or vanish with depth. The penalty concerns each sample alone, so the critic has
no batch norm, which would make a sample's score depend on the rest of its batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .base import GAN, Batch, Config, searched
from .descent import input_gradient
from .networks import Backbone, Init
from .precision import full_precision
from .speed.piecewise import ConstantSlopes


@dataclass
class WGANGPConfig(Config):
    """Small networks, and a faster optimizer than the paper's Adam (1e-4, betas 0 and 0.9).

    On few small images, 1e-3 and the released code's beta1 of 0.5 reach after 256k images what
    takes the paper's values many more. The initial weights are DCGAN's, so that all convolutional
    models start from one generator. The presets have the paper's values and its networks.
    """

    backbone: Backbone = "conv"
    init: Init = "normal"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.5, 0.9)
    discriminator_steps: int = 5
    penalty: float = searched(10.0, 1e-2, 1e2, log=True)  # the weight of the gradient penalty

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.penalty < 0:
            raise ValueError(f"penalty must be 0 or more, not {self.penalty}")


class WGANGP(GAN):
    defaults = WGANGPConfig()
    config: WGANGPConfig

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real_score, fake_score = self.scores(batch)
        penalty = self.gradient_penalty(batch)
        return fake_score.mean() - real_score.mean() + self.config.penalty * penalty

    def gradient_penalty(self, batch: Batch) -> Tensor:
        """E (|grad s(x^)| - 1)^2 as a 0-dim tensor, in fp32 whatever the precision around it."""
        with full_precision(batch.real.device):
            x, fake = batch.real.float(), batch.fake.float()
            eps = batch.streams["penalty"].uniform(len(x), *[1] * (x.ndim - 1))
            between = torch.lerp(fake, x, eps)
            with ConstantSlopes():  # for speed alone: a step takes a tenth less
                gradient = input_gradient(lambda at: self.score(at, batch.labels), between)
            slope: Tensor = gradient.flatten(1).norm(dim=1)
            penalty: Tensor = (slope - 1).square().mean()
        batch.observe("penalty", penalty)
        batch.observe("slope/mean", slope.mean())
        return penalty

    def generator_loss(self, batch: Batch) -> Tensor:
        score = self.score(batch.fake, batch.labels)
        return -score.mean()
