"""The variational autoencoder (Kingma & Welling, 2014, arXiv:1312.6114): a baseline, and no game.

It has an explicit density, where a GAN has none. An encoder guesses the latents that a sample came
from, and both networks climb the same bound on the log likelihood of the data:

    p(z) = N(0, 1),   p(x | z) = N(G(z), sigma^2),   q(z | x) = N(mu(x), s(x)^2)
    encoder and generator  minimise  -ELBO(x) = -log p(x | z) + KL(q(z | x), p(z)) >= -log p(x)
    where  z = mu(x) + s(x) eps,  eps ~ N(0, 1),   KL = sum (mu^2 + s^2 - 1 - log s^2) / 2

The generator G is that of the backbone, as in the GANs. The encoder is the backbone's discriminator
with another last layer. sigma is one number for all pixels: 1, so that the loss is half the squared
error plus KL, as in most public code. It weighs the two terms: a smaller one gives sharper samples
that hang together less. The best one for the likelihood is the root of the mean squared error of a
batch (Rybkin et al., 2020, arXiv:2006.13202): sigma=none.

A sample is G(z), the mean of p(x | z), as in the pictures that a VAE is known by. A draw from the
density itself would have the noise N(0, sigma^2) on every pixel.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .adoption import evaluating
from .alternation import Batches
from .base import GAN, Config
from .descent import descend_together
from .networks import Backbone, Init, Labelled, prepared
from .precision import full_precision
from .step import Played, Step
from .streams import Streams

LEAST = 1e-12  # of sigma^2: below it a perfect reconstruction would have an infinite density


@dataclass
class VAEConfig(Config):
    """DCGAN's generator and initial weights, and Adam as most VAEs have it.

    `discriminator_norm` and `discriminator_width` are those of the encoder. Each batch is a step of
    both networks, so `discriminator_steps` is 1.
    """

    backbone: Backbone = "conv"
    init: Init = "normal"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    sigma: float | None = 1.0  # of p(x | z), above 0; none: the best one for each batch

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sigma is not None and not self.sigma > 0:
            raise ValueError(f"sigma must be above 0, not {self.sigma}")
        if self.discriminator_steps != 1:
            raise ValueError(
                "a VAE has no discriminator, and both networks step on every batch: "
                f"discriminator_steps is 1, not {self.discriminator_steps}"
            )
        if self.shared_fakes:
            raise ValueError("a VAE has no fakes to share: shared_fakes stays false")


class VAE(GAN):
    defaults = VAEConfig()
    config: VAEConfig
    is_game = False
    further_players = ("encoder",)
    encoder: nn.Module
    encoder_optimizer: Optimizer

    def build_encoder(self) -> nn.Module:
        """(samples [n, *shape], labels [n], ignored) -> mu and log s, [n, 2 latent_dim]."""
        network = self.backbone_discriminator(0)
        assert isinstance(network, Labelled)
        layers = list(network.layers.children())
        last = max(place for place, one in enumerate(layers) if list(one.parameters()))
        network.layers = nn.Sequential(*layers[:last], nn.Flatten())
        with evaluating(network), torch.no_grad():
            few = torch.zeros(1, *self.spec.shape), torch.zeros(1, dtype=torch.int64)
            inputs = network(*few).shape[1]
        config, head = self.config, nn.Linear(inputs, 2 * self.config.latent_dim)
        network.layers.append(prepared(head, config.init, config.norm_eps, config.norm_momentum))
        return network

    def _train_step(self, batches: Batches, streams: Streams, steps: int) -> Step:
        # Encode a batch of real samples, draw a latent for each, and decode it.
        real, labels = next(batches)
        mean, log_spread = self.encoder(real, labels).chunk(2, dim=1)
        with full_precision(real.device):
            mean, log_spread = mean.float(), log_spread.float()
            noise = streams["latent/encoder"].normal(len(real), self.config.latent_dim)
            latent = mean + log_spread.exp() * noise
        decoded = self.generator(self.latent_of(latent), labels)
        # Step both networks up the bound, from one pass.
        with full_precision(real.device):
            error = decoded.float() - real.float()
            variance = self.variance_of(error)
            fit = log_likelihood(error, variance).mean()
            kl = divergence(mean, log_spread).mean()
            loss = kl - fit
        both = (self.generator, self.generator_optimizer), (self.encoder, self.encoder_optimizer)
        generator_norms, encoder_norms = descend_together(loss, both)
        self.after_generator_step()
        self.after_step_of("encoder")
        self.steps_done += 1
        # Report the bound and its terms. There is no discriminator.
        values = {
            "elbo": -loss,
            "elbo/log_likelihood": fit,
            "elbo/kl": kl,
            "sigma": variance.sqrt(),
        }
        seen, loss = {name: value.detach() for name, value in values.items()}, loss.detach()
        further = {"encoder": Played(loss, encoder_norms)}
        return Step(None, loss, None, generator_norms, seen, 0, further)

    def variance_of(self, error: Tensor) -> Tensor:
        """sigma^2, as the config has it or from the errors of a batch."""
        if self.config.sigma is not None:
            return error.new_full((), self.config.sigma**2)
        return error.square().mean().clamp(min=LEAST)


def log_likelihood(error: Tensor, variance: Tensor) -> Tensor:
    """log N(error; 0, variance) in nats, [n], summed over all but the first dimension."""
    error = error.flatten(1)
    constant = error.shape[1] * (variance.log() + math.log(2 * math.pi))
    return -(error.square().sum(1) / variance + constant) / 2


def divergence(mean: Tensor, log_spread: Tensor) -> Tensor:
    """KL of N(mean, exp(log_spread)^2) from N(0, 1) in nats, [n], summed over the latents."""
    return (mean.square() + (2 * log_spread).exp() - 1 - 2 * log_spread).sum(1) / 2
