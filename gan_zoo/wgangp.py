"""The Wasserstein GAN with gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).

The losses of the clipped Wasserstein GAN, with the clipping replaced by a penalty that pulls
the norm of the critic's input gradient towards one, at random points on the lines between real
samples x and fakes G(z):

    x^ = eps x + (1 - eps) G(z),   eps ~ U[0, 1), one for each sample
    critic     minimises  E s(G(z)) - E s(x) + penalty * E (|grad s(x^)| - 1)^2
    generator  minimises -E s(G(z))

The penalty is a property of each sample alone, so the critic has no batch norm, which would tie
the samples of a batch together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .base import GAN, Batch, Config
from .networks import Backbone, Init
from .precision import full_precision
from .speed.piecewise import ConstantSlopes


@dataclass(frozen=True)
class WGANGPConfig(Config):
    """A faster optimizer than the paper's Adam(1e-4, betas 0 and 0.9), on small networks.

    On a small set of small images 1e-3 and the released code's beta1 of 0.5 reach in 256k images
    what the paper's values need many more for. The initial weights are DCGAN's, so that the
    convolutional models of the zoo start from one generator. The preset `paper` has the paper's
    optimizer, `paper-mnist` and `paper-cifar10` are its released code, networks and all.
    """

    backbone: Backbone = "conv"
    init: Init = "normal"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.5, 0.9)
    discriminator_steps: int = 5
    penalty: float = 10.0

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
        """E (|grad s(x^)| - 1)^2, in fp32 whatever the precision around it."""
        with full_precision(batch.real.device):
            x, fake = batch.real.float(), batch.fake.float()
            eps = batch.streams["penalty"].uniform(len(x), *[1] * (x.ndim - 1))
            between = torch.lerp(fake, x, eps).requires_grad_()
            with ConstantSlopes():  # a tenth of a step faster
                score = self.discriminator(between, batch.labels).sum()
            (gradient,) = torch.autograd.grad(score, between, create_graph=True)
            slope: Tensor = gradient.flatten(1).norm(dim=1)
            penalty: Tensor = (slope - 1).square().mean()
        batch.observe("penalty", penalty)
        batch.observe("slope/mean", slope.mean())
        return penalty

    def generator_loss(self, batch: Batch) -> Tensor:
        score: Tensor = self.discriminator(batch.fake, batch.labels)
        return -score.mean()
