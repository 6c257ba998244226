"""A stack: models of one contestant that take their training steps together."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from ..alternation import Batches, after, alternate
from ..base import GAN, Config
from ..descent import layer_of, trainable
from ..speed.layouts import laid_out_as
from ..step import Batch, Step
from ..streams import Draws
from .streams import LaneStreams
from .tensors import stacked_model, write_back
from .within import entered

MODEL = "model"
Call = Callable[..., Any]  # a function of a model and of tensors, those of one lane


def then_nothing(player: str, model: GAN) -> tuple[()]:
    """What follows the player's step; returns no tensor."""
    after(model, player)
    return ()


class Lent(nn.Module):
    """A model's methods as forward passes, so that `functional_call` can lend it tensors."""

    def __init__(self, model: GAN) -> None:
        super().__init__()
        self.model = model

    def forward(self, call: Call, *tensors: Tensor) -> tuple[Any, dict[str, Tensor]]:
        """What `call` returns, and the model's buffers after it."""
        return call(self.model, *tensors), dict(self.model.named_buffers())


class Stack:
    """Models that differ in their seed alone, one for each lane, as one Game.

    Tensors have a leading dimension for the lanes. No lane sees another's numbers, so one that
    diverges changes nothing in the others. A model may fill several lanes: then all but one
    are there to keep the width, which decides how numbers are rounded.
    """

    def __init__(self, lanes: Sequence[GAN]) -> None:
        self.lanes = lanes
        self.whole = stacked_model(lanes)
        self._lent = Lent(self.whole)
        self._numbers = torch.arange(len(lanes), device=self.whole.device)
        self._new: dict[str, Tensor] = {}  # buffers that were given another tensor in this turn

    @property
    def config(self) -> Config:
        return self.whole.config

    @property
    def further_players(self) -> tuple[str, ...]:
        return self.whole.further_players

    @property
    def steps_done(self) -> int:
        return self.whole.steps_done

    @steps_done.setter
    def steps_done(self, steps: int) -> None:
        self.whole.steps_done = steps

    def next_turn(self, at_most: int | None = None) -> int:
        return self.whole.next_turn(at_most)

    def train_step(self, batches: Batches, streams: Draws, at_most: int | None = None) -> Step:
        """As `GAN.train_step`, for all lanes: batches, streams and results have one more dimension.

        Batches are (real [lanes, n, *shape], labels [lanes, n]).
        """
        return alternate(self, batches, streams, self.next_turn(at_most))

    def write_back(self) -> None:
        """Give each model what its lane holds: for its samples, its probes and its checkpoint."""
        for lane, model in enumerate(self.lanes):
            if model not in self.lanes[:lane]:
                write_back(self.whole, model, lane)

    def forget(self) -> None:
        """Drop what a step that was broken off has left."""
        self._new = {}

    # The Game.

    def latents(self, player: str, labels: Tensor, streams: Draws) -> Tensor:
        normal = streams[f"latent/{player}"].normal(labels.shape[1], self.config.latent_dim)
        if type(self.whole).latent_of is GAN.latent_of:
            return normal
        latent: Tensor = self._each(lambda model, own: model.latent_of(own), normal)
        return latent

    def generate(self, latent: Tensor, labels: Tensor) -> Tensor:
        fake: Tensor = self._each(lambda model, z, y: model.generator(z, y), latent, labels)
        return fake

    def loss(self, player: str, batch: Batch) -> Tensor:
        def one(
            model: GAN, lane: Tensor, real: Tensor, fake: Tensor, latent: Tensor, labels: Tensor
        ) -> tuple[Tensor, dict[str, Tensor]]:
            streams = LaneStreams(batch.streams, lane)
            own = Batch(real, fake, latent, labels, streams, batch.step)
            return getattr(model, f"{player}_loss")(own), own.observed

        tensors = batch.real, batch.fake, batch.latent, batch.labels
        loss, observed = self._each(one, self._numbers, *tensors)
        batch.observed.update(observed)
        return loss  # type: ignore[no-any-return]

    def descend(self, player: str, loss: Tensor) -> Tensor:
        """Step all lanes; returns the gradient norm of each layer, [lanes, layers]."""
        parameters = trainable(self.whole.network_of(player))
        weights = list(parameters.values())
        # A lane's loss depends on its own weights alone, so the sum has all their gradients.
        gradients = torch.autograd.grad(loss.sum(), weights, allow_unused=True)
        self._settle()
        squares: dict[str, list[Tensor]] = {}
        for (name, weight), gradient in zip(parameters.items(), gradients, strict=True):
            weight.grad = None if gradient is None else laid_out_as(weight, gradient)
            of_layer = squares.setdefault(layer_of(name), [])
            if gradient is not None:
                of_layer.append(torch.linalg.vector_norm(gradient.flatten(1), dim=1))
        self.whole.optimizer_of(player).step()
        zero = torch.zeros_like(loss.detach())
        norms = [
            torch.linalg.vector_norm(torch.stack(s), dim=0) if s else zero for s in squares.values()
        ]
        return torch.stack(norms, dim=1)

    def after(self, player: str) -> None:
        name = f"after_{player}_step" if player not in self.further_players else "after_step_of"
        if getattr(type(self.whole), name) is not getattr(GAN, name):
            self._each(partial(then_nothing, player))
            self._settle()

    def steps_of(self, player: str, step: int) -> int:
        return self.whole.steps_of(player, step)

    def _each(self, call: Call, *tensors: Tensor) -> Any:
        """What `call` returns for the model and the tensors of each lane.

        Buffers that it changes are changed here too.
        """
        buffers = dict(self.whole.named_buffers())
        own = dict(self.whole.named_parameters()) | buffers | self._new

        def one(lent: dict[str, Tensor], *tensors: Tensor) -> Any:
            return functional_call(self._lent, lent, (call, *tensors))

        with entered():
            found, then = vmap(one)({f"{MODEL}.{k}": v for k, v in own.items()}, *tensors)
        for name, buffer in then.items():
            if buffer.data_ptr() != buffers[name].data_ptr():
                self._new[name] = buffer.detach()
        return found

    def _settle(self) -> None:
        """Copy new buffers into the old: after the gradients, which may need the old ones.

        Their place in memory stays, since a captured step reads it.
        """
        buffers = dict(self.whole.named_buffers())
        for name, buffer in self._new.items():
            buffers[name].copy_(buffer)
        self._new = {}
