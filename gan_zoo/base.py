"""The interface of a model: `GAN`, with its players, its losses and its training step.

A model is two networks and two objectives. Everything that must be equal for a fair comparison is
here and in `alternation`: the turns of the players, the latents, the initial weights, the gradient
norms and the values that are reported.
"""

from contextlib import nullcontext
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from . import adoption, backbones
from .alternation import Batches, Single, alternate
from .config import LARGEST, Config, DataSpec, held, later, searched
from .networks import prepared
from .step import Batch, Played, Step
from .streams import Source, Stream, Streams

__all__ = ["GAN", "LARGEST", "Batch", "Config", "DataSpec", "Played", "Player", "Step"]
__all__ += ["held", "later", "searched"]
Player = str  # "generator", "discriminator", or one of a model's `further_players`


class GAN(nn.Module, metaclass=adoption.Placed):
    """Two networks or more, their optimizers and the game they play.

    A model must define `discriminator_loss` and `generator_loss`. It may replace the networks, the
    optimizers, what follows a step, the law of the latents, and the network that is sampled from.
    For each of its `further_players`, say `encoder`, it defines `build_encoder()`, which returns a
    network, and `encoder_loss(batch)`; the network is then `self.encoder`.
    """

    defaults: ClassVar[Config] = Config()
    conditional: ClassVar[bool] = False  # do the networks get the label?
    is_game: ClassVar[bool] = True  # is there a discriminator? Without one, see `gan_zoo.vae`
    logits: ClassVar[bool] = False  # are the scores logits, so that D(x) = sigmoid(s(x))?
    gives_features: ClassVar[bool] = False  # does the discriminator return (scores, features)?
    further_players: ClassVar[tuple[str, ...]] = ()  # beside generator and discriminator
    generator: nn.Module
    discriminator: nn.Module
    generator_optimizer: Optimizer
    discriminator_optimizer: Optimizer

    def __init__(
        self,
        spec: DataSpec,
        config: Config,
        streams: Streams,
        device: torch.device | str = "cpu",
    ) -> None:
        """Build networks and optimizers.

        Raises ValueError if `unsuited(spec, config)`, and for networks that cannot be trained here.
        """
        super().__init__()
        if reason := self.unsuited(spec, config):
            raise ValueError(reason)
        self.spec, self.config, self.steps_done = spec, config, 0
        self.device = torch.device(device)
        # Draw the initial weights on the CPU, so that a seed means the same on every device.
        for player in self.players:
            with streams.ambient(f"init/{player}"):
                setattr(self, player, self._adopted(player, getattr(self, f"build_{player}")()))
        self.to(device)
        for player in self.players:
            setattr(self, f"{player}_optimizer", self.build_optimizer(player))
        self.may_draw = any(adoption.may_draw(self.network_of(player)) for player in self.players)
        # For speed alone: real and fake samples in one pass, where each is scored alone.
        self.one_pass = self.is_game and adoption.treats_alone(self.discriminator)

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
            *(config.backbone, self.latent_inputs, self.spec.shape),
            *(config.width, classes, config.generator_norm),
        )
        return prepared(network, config.init, config.norm_eps, config.norm_momentum)

    def build_discriminator(self) -> nn.Module:
        """(samples [n, *shape], labels [n]) -> scores [n]: logits, or a critic's values.

        With `gives_features`, a tuple of the scores and of what else it gives.
        """
        return self.backbone_discriminator(self.spec.classes if self.conditional else 0)

    def backbone_discriminator(self, classes: int) -> nn.Module:
        """The discriminator of the config's backbone, told labels of so many classes (0: none)."""
        config = self.config
        network = backbones.build_discriminator(
            *(config.backbone, self.spec.shape, config.discriminator_width or config.width),
            *(classes, config.discriminator_norm),
        )
        return prepared(network, config.init, config.norm_eps, config.norm_momentum)

    def build_optimizer(self, player: Player) -> Optimizer:
        """Adam on the player's parameters."""
        parameters = list(self.network_of(player).parameters())
        if not parameters:
            raise ValueError(f"the {player} has no parameters to train")
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

    def steps_of(self, player: Player, step: int) -> int:
        """How many steps one of `further_players` takes after generator step `step`."""
        return 1

    def after_step_of(self, player: Player) -> None:
        """Called after each step of one of `further_players`."""

    def latent_of(self, normal: Tensor) -> Tensor:
        """The generator's input for standard normal numbers [n, latent_dim]: the same numbers.

        For latents of another law, return what `gan_zoo.latents` makes of the numbers.
        """
        return normal

    @property
    def sampler(self) -> nn.Module:
        """The network that samples are drawn from: the generator, or an average of its weights."""
        return self.generator

    # What all models share.

    @property
    def players(self) -> tuple[Player, ...]:
        """In the order of their turns."""
        return (*("discriminator",) * self.is_game, "generator", *self.further_players)

    def network_of(self, player: Player) -> nn.Module:
        return getattr(self, player)  # type: ignore[no-any-return]

    def optimizer_of(self, player: Player) -> Optimizer:
        return getattr(self, f"{player}_optimizer")  # type: ignore[no-any-return]

    @property
    def latent_inputs(self) -> int:
        """How many numbers `latent_of` gives the generator for one sample."""
        return self.latent_of(torch.zeros(1, self.config.latent_dim)).shape[1]

    def draw_latents(self, n: int, rng: Source) -> Tensor:
        """The generator's input for n samples, [n, latent_inputs], from the numbers of a stream."""
        return self.latent_of(rng.normal(n, self.config.latent_dim))

    def next_turn(self, at_most: int | None = None) -> int:
        """How many discriminator steps the next `train_step` takes."""
        steps = self.discriminator_steps_at(self.steps_done)
        return steps if at_most is None else min(steps, at_most)

    def train_step(self, batches: Batches, streams: Streams, at_most: int | None = None) -> Step:
        """Train the discriminator for `discriminator_steps_at` steps, then the generator for one.

        Each discriminator step takes a fresh batch (real [n, *shape], labels [n]) and fresh
        latents. `at_most` limits these steps, so that all models are evaluated after the same
        number of images, whatever their schedule. Nothing here waits for the device.
        """
        steps = self.next_turn(at_most)
        with streams.ambient("dropout") if self.may_draw else nullcontext():
            return self._train_step(batches, streams, steps)

    def _train_step(self, batches: Batches, streams: Streams, steps: int) -> Step:
        return alternate(Single(self), batches, streams, steps)

    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The discriminator's scores of real and of fake samples, [n] each.

        Their means are recorded as `score/real` and `score/fake`.
        """
        if self.one_pass:
            both = torch.cat([batch.real, batch.fake]), torch.cat([batch.labels] * 2)
            real, fake = self.score(*both).chunk(2)
        else:  # real and fake must not share the statistics of batch norm, say
            real = self.score(batch.real, batch.labels)
            fake = self.score(batch.fake, batch.labels)
        batch.observe("score/real", real.mean())
        batch.observe("score/fake", fake.mean())
        return real, fake

    def score(self, x: Tensor, labels: Tensor) -> Tensor:
        """The discriminator's scores [n] of samples [n, *shape], without its features."""
        given = self.discriminator(x, labels)
        scores: Tensor = given[0] if self.gives_features else given
        return scores

    def sample(self, labels: Tensor, rng: Stream) -> Tensor:
        """Samples for labels [n], from latents that `rng` draws: [n, *shape], images in [-1, 1].

        To be called in `eval()` mode and without gradients, as `bench.evaluation` does.
        """
        with rng.ambient() if self.may_draw else nullcontext():
            return self.sampler(self.draw_latents(len(labels), rng), labels)  # type: ignore[no-any-return]

    def _adopted(self, player: Player, network: nn.Module) -> nn.Module:
        """A network that was just built, ready to train. Raises ValueError for one that cannot."""
        if player in self.further_players:
            return adoption.plain(network, player)
        is_own = getattr(type(self), builds := f"build_{player}") is not getattr(GAN, builds)
        wanted = adoption.Wanted(self.spec, self.conditional, self.logits, self.gives_features)
        if player == "discriminator" and (is_own or self.gives_features):
            return adoption.discriminator(network, wanted)
        if player == "generator" and is_own:
            latent = self.latent_of(adoption.normal(self.config.latent_dim))
            return adoption.generator(network, wanted, latent)
        return network
