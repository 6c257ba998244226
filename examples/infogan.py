"""InfoGAN (Chen et al., 2016, arXiv:1606.03657), whose latents hold a code c that can be read.

The latent is noise, one of ten classes and two numbers uniform on [-1, 1]. A third network, the
recogniser Q, reads the code from a sample. -E log Q(c | G(z, c)) bounds the information that the
sample has of the code (section 5):

    I = E (cross entropy of the class) + E (squared error of the two numbers)
    discriminator  minimises  (-log D(x) - log(1 - D(G(z, c)))) / 2,   D(x) = sigmoid(s(x))
    generator      minimises  -log D(G(z, c)) + information * I
    recogniser     minimises  I

Q has a network of its own here; in the paper it shares the discriminator's first layers.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from gan_zoo.base import Batch
from gan_zoo.gan import VanillaGAN, VanillaGANConfig
from gan_zoo.latents import categorical, uniform

CLASSES, NUMBERS = 10, 2


@dataclass
class InfoGANConfig(VanillaGANConfig):
    information: float = 1.0  # lambda: the weight of the code's likelihood

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latent_dim <= 1 + NUMBERS:
            raise ValueError(f"latent_dim must be above {1 + NUMBERS}, not {self.latent_dim}")


class InfoGAN(VanillaGAN):
    defaults = InfoGANConfig()
    config: InfoGANConfig
    further_players = ("recogniser",)

    def latent_of(self, normal: Tensor) -> Tensor:
        codes = categorical(normal[:, 0], CLASSES), uniform(normal[:, 1 : 1 + NUMBERS])
        return torch.cat([*codes, normal[:, 1 + NUMBERS :]], dim=1)

    def build_recogniser(self) -> nn.Module:
        n, w = math.prod(self.spec.shape), 2 * (self.config.width or 256)
        layers = nn.Flatten(), nn.Linear(n, w), nn.LeakyReLU(0.2), nn.Linear(w, CLASSES + NUMBERS)
        return nn.Sequential(*layers)

    def recogniser_loss(self, batch: Batch) -> Tensor:
        read, code = self.recogniser(batch.fake), batch.latent[:, : CLASSES + NUMBERS]
        numbers = mse_loss(read[:, CLASSES:], code[:, CLASSES:])
        return cross_entropy(read[:, :CLASSES], code[:, :CLASSES]) + numbers

    def generator_loss(self, batch: Batch) -> Tensor:
        unread = self.recogniser_loss(batch)
        return super().generator_loss(batch) + self.config.information * unread
