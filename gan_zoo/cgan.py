"""The conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

The original GAN's game, with the class label y given to both networks:

    discriminator  minimises  (-log D(x | y) - log(1 - D(G(z | y) | y))) / 2
    generator      minimises  -log D(G(z | y) | y)

So G(z | y) must match the real samples of class y, and one can ask it for a class. Only the inputs
of the networks change: a one-hot y is appended to them, as features or as constant channels. In
the paper's own networks y has layers of its own before it meets the rest, and SGD trains them
(preset `paper`).
"""

from dataclasses import dataclass
from typing import Literal

from torch.optim import SGD, Optimizer

from .base import Player, later
from .gan import VanillaGAN, VanillaGANConfig

MOMENTUM, DECAY, LEAST_RATE = 0.5, 1.00004, 1e-6  # of "sgd": section 4.1 of the paper


@dataclass
class ConditionalGANConfig(VanillaGANConfig):
    """Adam by default; "sgd" is the paper's optimizer, whose learning rate decays at each step."""

    optimizer: Literal["adam", "sgd"] = later("adam")  # sgd: the paper's, with momentum


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
        self._decay(self.discriminator_optimizer)

    def after_generator_step(self) -> None:
        self._decay(self.generator_optimizer)

    def _decay(self, optimizer: Optimizer) -> None:
        if self.config.optimizer == "sgd":
            for group in optimizer.param_groups:
                group["lr"] = max(group["lr"] / DECAY, LEAST_RATE)
