"""The alternation of the players: the one training step of all models, alone or in a stack."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from .config import Config
from .descent import descend, mean, means
from .step import Batch, Played, Step
from .streams import Draws

if TYPE_CHECKING:
    from .base import GAN

Batches = Iterator[tuple[Tensor, Tensor]]


class Game(Protocol):
    """What alternates: a model, or a stack of S models, whose tensors all begin with S."""

    steps_done: int  # of the generator

    @property
    def config(self) -> Config: ...

    @property
    def further_players(self) -> tuple[str, ...]: ...

    def latents(self, player: str, labels: Tensor, streams: Draws) -> Tensor:
        """Fresh latents for a player's turn, one for each label."""
        ...

    def generate(self, latent: Tensor, labels: Tensor) -> Tensor: ...

    def loss(self, player: str, batch: Batch) -> Tensor:
        """What a player descends. What the model observes goes into `batch.observed`."""
        ...

    def descend(self, player: str, loss: Tensor) -> Tensor:
        """Step a player down its loss; returns the gradient norm of each layer."""
        ...

    def after(self, player: str) -> None:
        """What follows a player's step, such as a constraint of its weights."""
        ...

    def steps_of(self, player: str, step: int) -> int:
        """How many steps a further player takes after generator step `step`."""
        ...


def alternate(game: Game, batches: Batches, streams: Draws, steps: int) -> Step:
    """Train the discriminator for `steps` steps, then every other player. See `GAN.train_step`."""
    losses, norms, observed, step = [], [], [], game.steps_done
    for turn in range(steps):
        # Take a batch of real samples, and draw as many latents.
        real, labels = next(batches)
        latent = game.latents("discriminator", labels, streams)
        # Generate fakes. Those that the generator is to train on as well keep their gradient.
        shared = game.config.shared_fakes and turn == steps - 1
        with torch.set_grad_enabled(shared):
            fake = game.generate(latent, labels)
        # Step the discriminator down its loss on both, then constrain it.
        batch = Batch(real, fake.detach(), latent, labels, streams, step)
        loss = game.loss("discriminator", batch)
        norms.append(game.descend("discriminator", loss))
        game.after("discriminator")
        losses.append(loss.detach())
        observed.append(batch.observed)

    # Generate fakes for the generator, as the papers do: from fresh latents, with the labels
    # of the last batch. Shared fakes save this pass.
    if not shared:
        latent = game.latents("generator", labels, streams)
        fake = game.generate(latent, labels)
    # Step the generator down its loss.
    batch = Batch(real, fake, latent, labels, streams, step)
    loss = game.loss("generator", batch)
    generator_norms = game.descend("generator", loss)
    game.after("generator")
    # Let the other players take their turns, on the last real samples.
    values = means(observed) | means([batch.observed], "generator/")
    further: dict[str, Played] = {}
    for player in game.further_players:
        if turns := game.steps_of(player, step):
            further[player], seen = _turn_of(game, player, turns, real, labels, streams)
            values |= seen
    game.steps_done += 1
    # Report the means over the discriminator's steps, and the generator's one step.
    return Step(mean(losses), loss.detach(), mean(norms), generator_norms, values, steps, further)


def _turn_of(
    game: Game, player: str, turns: int, real: Tensor, labels: Tensor, streams: Draws
) -> tuple[Played, dict[str, Tensor]]:
    """Steps of a further player, each on fresh fakes: the means of its losses and norms."""
    losses, norms, observed = [], [], []
    for _ in range(turns):
        latent = game.latents(player, labels, streams)
        with torch.no_grad():
            fake = game.generate(latent, labels)
        batch = Batch(real, fake, latent, labels, streams, game.steps_done)
        loss = game.loss(player, batch)
        norms.append(game.descend(player, loss))
        game.after(player)
        losses.append(loss.detach())
        observed.append(batch.observed)
    return Played(mean(losses), mean(norms)), means(observed, f"{player}/")


class Single:
    """One model as a Game."""

    def __init__(self, model: "GAN") -> None:
        self._model, self.config = model, model.config
        self.further_players = model.further_players

    @property
    def steps_done(self) -> int:
        return self._model.steps_done

    @steps_done.setter
    def steps_done(self, steps: int) -> None:
        self._model.steps_done = steps

    def latents(self, player: str, labels: Tensor, streams: Draws) -> Tensor:
        return self._model.draw_latents(len(labels), streams[f"latent/{player}"])

    def generate(self, latent: Tensor, labels: Tensor) -> Tensor:
        fake: Tensor = self._model.generator(latent, labels)
        return fake

    def loss(self, player: str, batch: Batch) -> Tensor:
        loss: Tensor = getattr(self._model, f"{player}_loss")(batch)
        return loss

    def descend(self, player: str, loss: Tensor) -> Tensor:
        model = self._model
        return descend(loss, model.network_of(player), model.optimizer_of(player))

    def after(self, player: str) -> None:
        after(self._model, player)

    def steps_of(self, player: str, step: int) -> int:
        return self._model.steps_of(player, step)


def after(model: "GAN", player: str) -> None:
    """Call what a model does after a player's step."""
    if player in model.further_players:
        model.after_step_of(player)
    elif player == "generator":
        model.after_generator_step()
    else:
        model.after_discriminator_step()
