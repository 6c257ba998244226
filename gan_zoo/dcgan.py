"""The deep convolutional GAN (Radford, Metz & Chintala, 2015, arXiv:1511.06434).

The game is the original GAN's:

    discriminator  minimises  (-log D(x) - log(1 - D(G(z)))) / 2
    generator      minimises  -log D(G(z))

Only the networks change, to ones that train stably on images: strided convolutions in place of
pooling, batch norm in both networks, ReLU in the generator, LeakyReLU in the discriminator, and
initial weights N(0, 0.02).
"""

from dataclasses import dataclass

from .gan import VanillaGAN, VanillaGANConfig
from .networks import Backbone, Init, Norm


@dataclass
class DCGANConfig(VanillaGANConfig):
    """The paper's networks at a quarter of their width, with 64 latents: for small grey images.

    The preset `paper` has the paper's width (128) and its 100 latents.
    """

    backbone: Backbone = "conv"
    discriminator_norm: Norm = "batch"
    init: Init = "normal"


class DCGAN(VanillaGAN):
    defaults = DCGANConfig()
