"""The hinge loss with spectral normalisation (Miyato et al., 2018, arXiv:1802.05957).

    discriminator  minimises  E max(0, 1 - s(x)) + E max(0, 1 + s(G(z)))     (equation 16)
    generator      minimises -E s(G(z))                                      (equation 17)

Each weight matrix W of the discriminator is used as W / sigma(W), sigma being its largest singular
value, so that every layer, and the discriminator with it, is 1-Lipschitz. One power iteration a
forward pass follows sigma; torch's own parametrisation does it, and keeps its vectors in buffers.
A kernel [out, in, h, w] counts as a matrix [out, in h w], as in the paper.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import relu
from torch.nn.utils.parametrizations import spectral_norm

from gan_zoo.base import GAN, Batch, Config
from gan_zoo.networks import Backbone


@dataclass
class SNGANConfig(Config):
    """The zoo's networks; the optimizer is setting C of the paper's table 1."""

    backbone: Backbone = "conv"


class SNGAN(GAN):
    defaults = SNGANConfig()

    def build_discriminator(self) -> nn.Module:
        network = super().build_discriminator()
        for layer in list(network.modules()):
            if isinstance(layer, nn.Conv2d | nn.Linear):
                spectral_norm(layer)
        return network

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real, fake = self.scores(batch)
        return relu(1 - real).mean() + relu(1 + fake).mean()

    def generator_loss(self, batch: Batch) -> Tensor:
        return -self.score(batch.fake, batch.labels).mean()
