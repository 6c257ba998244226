"""The deep convolutional GAN (Radford, Metz & Chintala, 2015, arXiv:1511.06434).

The vanilla game,

    discriminator  minimises  (-log D(x) - log(1 - D(G(z)))) / 2
    generator      minimises  -log D(G(z))

on networks that suit images: strided convolutions in place of pooling, batch norm in both
networks, ReLU in the generator, LeakyReLU in the discriminator, initial weights N(0, 0.02).
Only the networks change.
"""

from dataclasses import dataclass

from .gan import VanillaGAN, VanillaGANConfig
from .networks import Backbone, Init, Norm


@dataclass(frozen=True)
class DCGANConfig(VanillaGANConfig):
    """The paper's, but a quarter as wide, with 64 latents: enough for small grey images.

    The preset `paper` has its width 128 and 100 latents.
    """

    backbone: Backbone = "conv"
    discriminator_norm: Norm = "batch"
    init: Init = "normal"


class DCGAN(VanillaGAN):
    defaults = DCGANConfig()
