"""The Wasserstein GAN with weight clipping (Arjovsky et al., 2017, arXiv:1701.07875).

The discriminator no longer classifies: it is a critic, whose score s(x) is any real number.

    critic     minimises  E s(G(z)) - E s(x)
    generator  minimises -E s(G(z))

As long as the critic is Lipschitz, its mean score of real samples minus that of fakes estimates
the earth mover's distance between the two, up to a factor. That distance has a gradient even where
real and fake samples do not overlap. Clipping all weights to [-clip, clip] keeps the critic
Lipschitz, if crudely. It is trained close to its optimum, by five steps before each generator step
(in the released code by 100 before the first 25 and every 500th), without momentum.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer, RMSprop

from .base import GAN, LARGEST, Batch, Config, Player, held, later, searched
from .networks import Backbone, Init, Norm


@dataclass
class WGANConfig(Config):
    """The paper's values on DCGAN's networks, at half the released code's width, with 64 latents.

    The preset `paper` has the released code's width (64) and its 100 latents; `released` also has
    its long critic turns. A `clip` of inf leaves the critic unconstrained, for comparison.
    """

    backbone: Backbone = "conv"
    discriminator_norm: Norm = "batch"
    init: Init = "normal"
    learning_rate: float = 5e-5
    betas: tuple[float, float] = held((0.5, 0.999))  # without effect: RMSprop has no momentum
    discriminator_steps: int = 5
    clip: float = searched(0.01, 1e-3, 1.0, log=True, endless=True)  # of every weight, at most
    long_turn: int = later(0)  # critic steps before steps 0 to 24 and every 500th; 0: no long turns

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.long_turn <= LARGEST["discriminator_steps"]:
            raise ValueError(f"long_turn must be from 0 to 1,000, not {self.long_turn}")
        if not self.clip > 0:
            raise ValueError(f"clip must be above 0, not {self.clip}")


class WGAN(GAN):
    defaults = WGANConfig()
    config: WGANConfig

    def build_optimizer(self, player: Player) -> Optimizer:
        return RMSprop(self.network_of(player).parameters(), lr=self.config.learning_rate)

    def discriminator_steps_at(self, step: int) -> int:
        long = self.config.long_turn and (step < 25 or step % 500 == 0)
        return self.config.long_turn if long else self.config.discriminator_steps

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real_score, fake_score = self.scores(batch)
        return fake_score.mean() - real_score.mean()

    @torch.no_grad()
    def after_discriminator_step(self) -> None:
        # Clipped after the step, not before it: the generator never meets an unclipped critic.
        for weight in self.discriminator.parameters():
            weight.clamp_min_(-self.config.clip).clamp_max_(self.config.clip)

    def generator_loss(self, batch: Batch) -> Tensor:
        score = self.score(batch.fake, batch.labels)
        return -score.mean()
