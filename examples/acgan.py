"""The auxiliary classifier GAN (Odena, Olah & Shlens, 2017, arXiv:1610.09585).

The generator is asked for a class y. The discriminator is not told it, but guesses it, with a
second head P(y | x) on the features that its score s(x) is made of:

    S = (-E log D(x) - E log(1 - D(G(z, y)))) / 2,   D(x) = sigmoid(s(x))
    C = (-E log P(y | x) - E log P(y | G(z, y))) / 2
    discriminator  minimises  S + C
    generator      minimises  -E log D(G(z, y)) - E log P(y | G(z, y))
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from gan_zoo.base import GAN, Batch, Config
from gan_zoo.networks import Backbone, Init, Norm, WithFeatures


@dataclass
class ACGANConfig(Config):
    """DCGAN's networks and optimizer, as in the paper's appendix, which adds dropout."""

    backbone: Backbone = "conv"
    discriminator_norm: Norm = "batch"
    init: Init = "normal"


class ACGAN(GAN):
    defaults = ACGANConfig()
    conditional = True
    logits = True
    gives_features = True

    def build_discriminator(self) -> nn.Module:
        return WithFeatures(
            self.backbone_discriminator(classes=0), nn.LazyLinear(self.spec.classes)
        )

    def discriminator_loss(self, batch: Batch) -> Tensor:
        real, class_of_real = self.discriminator(batch.real, batch.labels)
        fake, class_of_fake = self.discriminator(batch.fake, batch.labels)
        guesses = cross_entropy(class_of_real, batch.labels)
        batch.observe("score/real", real.mean())
        batch.observe("score/fake", fake.mean())
        batch.observe("class_loss/real", guesses)
        guesses = (guesses + cross_entropy(class_of_fake, batch.labels)) / 2
        return (softplus(-real).mean() + softplus(fake).mean()) / 2 + guesses

    def generator_loss(self, batch: Batch) -> Tensor:
        fake, guess = self.discriminator(batch.fake, batch.labels)
        return softplus(-fake).mean() + cross_entropy(guess, batch.labels)
