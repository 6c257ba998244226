"""The conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

The vanilla game, with both networks told the class label y:

    discriminator  minimises  (-log D(x | y) - log(1 - D(G(z | y) | y))) / 2
    generator      minimises  -log D(G(z | y) | y)

so G(z | y) must match the real samples of class y. Only the inputs of the networks change:
y is joined to them one-hot, as features or as constant channels.
"""

from .gan import VanillaGAN


class ConditionalGAN(VanillaGAN):
    conditional = True
