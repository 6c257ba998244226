"""The interface of a model: `GAN`, with its Config, its data and what a training step reports.

A model is two networks and two objectives. Everything that must be equal for a fair comparison is
here: the alternation of the two players, the latents, the initial weights, the gradient norms and
the values that are reported.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from . import backbones
from .descent import descend, mean
from .networks import Backbone, BatchNorm, Init, Norm, has_layer, prepared
from .streams import Stream, Streams

Player = Literal["generator", "discriminator"]
T = TypeVar("T")

# The largest values that a Config takes.
LARGEST = {"width": 4096, "discriminator_width": 4096, "latent_dim": 65_536}
LARGEST |= {"discriminator_steps": 1000}


def later(default: T) -> T:
    """A Config's field that was added after version 0.1.0, with its default.

    While the field has its default, a trial's record and hash leave it out. So trials that were
    published before the field existed keep their hash (`bench.planning.hyperparameters.recorded`).
    """
    return field(default=default, metadata={"later": True})


@dataclass(frozen=True)
class DataSpec:
    """What a model must know about the data before it is built."""

    shape: tuple[int, ...]  # of one sample: (2,) for points, (1, 28, 28) for images
    classes: int = 1  # 1: the data have no labels


@dataclass(frozen=True)
class Config:
    """The hyperparameters that every model has; a model's own Config adds to them."""

    backbone: Backbone = "mlp"
    width: int | None = None  # units or channels, the w of the backbone's layers; None: its own
    latent_dim: int = 64
    generator_norm: Norm = "batch"
    discriminator_norm: Norm = "none"
    init: Init = "torch"  # "torch": torch's own; "normal": DCGAN's N(0, 0.02); "he": He's
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    discriminator_steps: int = 1  # before each generator step
    discriminator_width: int | None = later(None)  # None: `width`
    norm_eps: float = later(1e-5)  # what batch norm adds to the variance
    norm_momentum: float = later(0.1)  # the newest batch's weight in batch norm's running averages
    shared_fakes: bool = later(False)  # does the generator train on the discriminator's last fakes?

    def __post_init__(self) -> None:
        positive = ("latent_dim", "discriminator_steps", "learning_rate", "norm_eps")
        for name in (*positive, "norm_momentum", "width", "discriminator_width"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}")
            if value is not None and value > LARGEST.get(name, math.inf):
                raise ValueError(f"{name} must be {LARGEST[name]:,} at most, not {value:,}")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must lie in [0, 1), not {self.betas}")
        if self.norm_momentum > 1:
            raise ValueError(f"norm_momentum must be 1 at most, not {self.norm_momentum}")


@dataclass(frozen=True)
class Batch:
    """What an objective may use: n real and n fake samples; images lie in [-1, 1]."""

    real: Tensor  # [n, *shape]
    fake: Tensor  # [n, *shape]; has a gradient to the generator only in the generator's own step
    latent: Tensor  # [n, latent_dim], what `fake` was generated from
    labels: Tensor  # [n] int64, the classes of `real`, which are also asked for in `fake`
    streams: Streams
    step: int  # generator steps done before this one
    observed: dict[str, Tensor] = field(default_factory=dict)

    def observe(self, name: str, value: Tensor) -> None:
        """Record a value (0-dim, on the device): its mean goes into the training curves."""
        self.observed[name] = value.detach()


@dataclass(frozen=True)
class Step:
    """What one `train_step` reports; the discriminator's values are means over its steps.

    Losses and observed values are 0-dim; gradient norms are [layers], in the order of
    `gan_zoo.descent.layer_names`. All stay on the device: to read one is to wait for it.
    """

    discriminator_loss: Tensor
    generator_loss: Tensor
    discriminator_norms: Tensor
    generator_norms: Tensor
    observed: dict[str, Tensor]
    discriminator_steps: int  # how many there were


class GAN(nn.Module):
    """Two networks, their optimizers and the game they play.

    A model must define `discriminator_loss` and `generator_loss`. It may replace the networks,
    the optimizers, what happens after a step, and the network that samples are drawn from.
    """

    defaults: ClassVar[Config] = Config()
    conditional: ClassVar[bool] = False  # do the networks get the label?
    logits: ClassVar[bool] = False  # are the scores logits, so that D(x) = sigmoid(s(x))?

    def __init__(
        self,
        spec: DataSpec,
        config: Config,
        streams: Streams,
        device: torch.device | str = "cpu",
    ) -> None:
        """Build networks and optimizers. Raises ValueError if `unsuited(spec, config)`."""
        super().__init__()
        if reason := self.unsuited(spec, config):
            raise ValueError(reason)
        self.spec, self.config, self.steps_done = spec, config, 0
        # Draw the initial weights on the CPU, so that a seed means the same on every device.
        with streams.ambient("init/generator"):
            self.generator = self.build_generator()
        with streams.ambient("init/discriminator"):
            self.discriminator = self.build_discriminator()
        # For speed alone: convolutions are 1.2 to 1.6 times faster in this order of memory.
        self.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.generator_optimizer = self.build_optimizer("generator")
        self.discriminator_optimizer = self.build_optimizer("discriminator")
        self.has_dropout = has_layer(self, nn.Dropout | nn.Dropout2d)
        self.discriminator_has_batch_norm = has_layer(self.discriminator, BatchNorm)

    @classmethod
    def unsuited(cls, spec: DataSpec, config: Config) -> str | None:
        """Why this model cannot be built for this data, in a few words; None if it can."""
        if reason := backbones.unsuited(config.backbone, spec.shape):
            return reason
        if cls.conditional and spec.classes < 2:
            return "a conditional model needs labels, and this data set has none"
        return None

    # What a model must define.

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """The scalar that the discriminator descends, on one batch."""
        raise NotImplementedError(f"{type(self).__name__} must define discriminator_loss")

    def generator_loss(self, batch: Batch) -> Tensor:
        """The scalar that the generator descends, on one batch."""
        raise NotImplementedError(f"{type(self).__name__} must define generator_loss")

    # What a model may change.

    def build_generator(self) -> nn.Module:
        """(latents [n, latent_dim], labels [n]) -> samples [n, *shape]."""
        config, classes = self.config, self.spec.classes if self.conditional else 0
        network = backbones.build_generator(
            config.backbone,
            config.latent_dim,
            self.spec.shape,
            config.width,
            classes,
            config.generator_norm,
        )
        return prepared(network, config.init, config.norm_eps, config.norm_momentum)

    def build_discriminator(self) -> nn.Module:
        """(samples [n, *shape], labels [n]) -> scores [n]: logits, or a critic's values."""
        config, classes = self.config, self.spec.classes if self.conditional else 0
        network = backbones.build_discriminator(
            config.backbone,
            self.spec.shape,
            config.discriminator_width or config.width,
            classes,
            config.discriminator_norm,
        )
        return prepared(network, config.init, config.norm_eps, config.norm_momentum)

    def build_optimizer(self, player: Player) -> Optimizer:
        """Adam on the player's parameters."""
        parameters = list(self.network_of(player).parameters())
        fused = parameters[0].device.type in ("cpu", "cuda", "mps")  # for speed alone
        config = self.config
        return Adam(parameters, lr=config.learning_rate, betas=config.betas, fused=fused)

    def discriminator_steps_at(self, step: int) -> int:
        """How many discriminator steps come before generator step `step`, counted from 0."""
        return self.config.discriminator_steps

    def after_discriminator_step(self) -> None:
        """Called after each discriminator step: the place to constrain its weights, say."""

    def after_generator_step(self) -> None:
        """Called after each generator step: the place to average its weights, say."""

    @property
    def sampler(self) -> nn.Module:
        """The network that samples are drawn from: the generator, or an average of its weights."""
        return self.generator

    # What all models share.

    def network_of(self, player: Player) -> nn.Module:
        return self.generator if player == "generator" else self.discriminator

    def next_turn(self, at_most: int | None = None) -> int:
        """How many discriminator steps the next `train_step` takes."""
        steps = self.discriminator_steps_at(self.steps_done)
        return steps if at_most is None else min(steps, at_most)

    def train_step(
        self,
        batches: Iterator[tuple[Tensor, Tensor]],
        streams: Streams,
        at_most: int | None = None,
    ) -> Step:
        """Train the discriminator for `discriminator_steps_at` steps, then the generator for one.

        Each discriminator step takes a fresh batch (real [n, *shape], labels [n]) and fresh
        latents. `at_most` limits these steps, so that all models are evaluated after the same
        number of images, whatever their schedule. Nothing here waits for the device.
        """
        steps = self.next_turn(at_most)
        if self.has_dropout:
            with streams.ambient("dropout"):
                return self._train_step(batches, streams, steps)
        return self._train_step(batches, streams, steps)

    def _train_step(
        self, batches: Iterator[tuple[Tensor, Tensor]], streams: Streams, steps: int
    ) -> Step:
        losses, norms, observed = [], [], []
        for turn in range(steps):
            # Take a batch of real samples, and draw as many latents.
            real, labels = next(batches)
            latent = streams["latent/discriminator"].normal(len(real), self.config.latent_dim)
            # Generate fakes. Those that the generator is to train on as well keep their gradient.
            shared = self.config.shared_fakes and turn == steps - 1
            with torch.set_grad_enabled(shared):
                fake = self.generator(latent, labels)
            # Step the discriminator down its loss on both, then constrain it.
            batch = Batch(real, fake.detach(), latent, labels, streams, self.steps_done)
            loss = self.discriminator_loss(batch)
            norms.append(descend(loss, self.discriminator, self.discriminator_optimizer))
            self.after_discriminator_step()
            losses.append(loss.detach())
            observed.append(batch.observed)

        # Generate fakes for the generator, as the papers do: from fresh latents, with the labels
        # of the last batch. Shared fakes save this pass.
        if not shared:
            latent = streams["latent/generator"].normal(len(real), self.config.latent_dim)
            fake = self.generator(latent, labels)
        # Step the generator down its loss.
        batch = Batch(real, fake, latent, labels, streams, self.steps_done)
        loss = self.generator_loss(batch)
        generator_norms = descend(loss, self.generator, self.generator_optimizer)
        self.after_generator_step()
        self.steps_done += 1
        # Report the means over the discriminator's steps, and the generator's one step.
        means = {name: mean([values[name] for values in observed]) for name in observed[0]}
        return Step(mean(losses), loss.detach(), mean(norms), generator_norms, means, len(losses))

    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The discriminator's scores of real and of fake samples, [n] each.

        Their means are recorded as `score/real` and `score/fake`.
        """
        if self.discriminator_has_batch_norm:  # real and fake must not share its statistics
            real = self.discriminator(batch.real, batch.labels)
            fake = self.discriminator(batch.fake, batch.labels)
        else:  # for speed alone: the same numbers in one pass
            both = torch.cat([batch.real, batch.fake]), torch.cat([batch.labels] * 2)
            real, fake = self.discriminator(*both).chunk(2)
        batch.observe("score/real", real.mean())
        batch.observe("score/fake", fake.mean())
        return real, fake

    def sample(self, labels: Tensor, rng: Stream) -> Tensor:
        """Samples for labels [n], from latents that `rng` draws: [n, *shape], images in [-1, 1].

        To be called in `eval()` mode and without gradients, as `bench.evaluation` does.
        """
        images: Tensor = self.sampler(rng.normal(len(labels), self.config.latent_dim), labels)
        return images
