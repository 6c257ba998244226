"""The conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

The vanilla game, with both networks told the class label y:

    discriminator  minimises  (-log D(x | y) - log(1 - D(G(z | y) | y))) / 2
    generator      minimises  -log D(G(z | y) | y)

so G(z | y) must match the real samples of class y. Only the inputs of the networks change:
y is joined to them one-hot, as features or as constant channels. The paper's own networks take
it through a path of its own (the preset `paper`), and are trained by SGD.
"""

from dataclasses import dataclass
from typing import Literal

from torch.optim import SGD, Optimizer

from .base import Player, later
from .gan import VanillaGAN, VanillaGANConfig

MOMENTUM, DECAY, LEAST_RATE = 0.5, 1.00004, 1e-6  # section 4.1 of the paper


@dataclass(frozen=True)
class ConditionalGANConfig(VanillaGANConfig):
    """The zoo's Adam by default; "sgd" is the paper's, its learning rate decaying step by step."""

    optimizer: Literal["adam", "sgd"] = later("adam")


class ConditionalGAN(VanillaGAN):
    defaults = ConditionalGANConfig()
    config: ConditionalGANConfig
    conditional = True

    def build_optimizer(self, player: Player) -> Optimizer:
        if self.config.optimizer == "adam":
            return super().build_optimizer(player)
        rate = self.config.learning_rate
        return SGD(self.network_of(player).parameters(), lr=rate, momentum=MOMENTUM)

    def after_discriminator_step(self) -> None:
        self._slow_down(self.discriminator_optimizer)

    def after_generator_step(self) -> None:
        self._slow_down(self.generator_optimizer)

    def _slow_down(self, optimizer: Optimizer) -> None:
        if self.config.optimizer == "sgd":
            for group in optimizer.param_groups:
                group["lr"] = max(group["lr"] / DECAY, LEAST_RATE)
