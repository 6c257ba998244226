"""Runs the probes of a trial. They change nothing: a run without them has the same bits."""

import importlib
import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.adoption import undisturbed as kept
from gan_zoo.base import GAN
from gan_zoo.precision import full_precision
from gan_zoo.streams import Streams, seed_globally

from ..datasets.dataset import Dataset
from ..extensions import portable
from ..planning.own import probes_of
from ..planning.trial import Trial
from ..probes import PROBES
from ..probes.batch import ProbeBatch, draw
from ..probes.measures import Look
from ..probes.own import OwnProbe, values_of
from ..probes.weights import watched, watched_lanes


class Probing:
    """The probes of a trial.

    What is kept between two readings is made from the seed alone, so no checkpoint holds it.
    """

    def __init__(self, model: GAN, trial: Trial, dataset: Dataset) -> None:
        self._model, self._trial, self._dataset = model, trial, dataset
        self._read = {n: measure(n) for n in trial.probes if n in PROBES and PROBES[n].target}
        own = probes_of(trial).items()
        self._read |= {name: partial(kept_apart, portable(name), probe) for name, probe in own}
        self._updates: dict[str, Tensor] = {}
        self.absent: dict[str, str] = {}  # probe -> why it could not be read

    @cached_property
    def _batch(self) -> ProbeBatch:
        latents = self._model.config.latent_dim
        conditional, seed = self._model.conditional, self._trial.seed
        return draw(self._dataset, latents, conditional, seed, self._trial.device)

    def step(self, ends: int) -> AbstractContextManager[None]:
        """Around the generator step that ends at `ends` images: records its updates, if due."""
        if not self._watches(ends):
            return nullcontext()
        return watched(self._model, self._updates, "layer_updates" in self._trial.probes)

    def _watches(self, ends: int) -> bool:
        """Are the updates of the step that ends at `ends` images recorded?"""
        due = self._trial.probed(ends)
        return due and bool({"updates", "layer_updates"} & set(self._trial.probes))

    def read(self, images: int) -> dict[str, float]:
        """Metric -> value if the row that ends here is probed, else nothing.

        Waits for the device once. Values that are not finite are left out. If a probe raises on a
        user's networks, `absent` has the reason, and the trial goes on.
        """
        if not self._trial.probes or not self._trial.probed(images):
            return {}
        found, self._updates = self._updates, {}
        with undisturbed(self._model, self._trial.seed, self._trial.device):
            look = Look(self._model, self._batch)
            for name in self._trial.probes:
                if name in PROBES and PROBES[name].asks_discriminator and not self._model.is_game:
                    continue
                if name in self._read and name not in self.absent:
                    try:
                        found |= self._read[name](look)
                    except Exception as error:  # whatever a user's network raises
                        self.absent[name] = f"{type(error).__name__}: {error}".partition("\n")[0]
        if not found:
            return {}
        on = self._trial.device
        values = torch.stack([value.to(on).float() for value in found.values()]).tolist()
        numbers = dict(zip(found, values, strict=True))
        return {name: value for name, value in numbers.items() if math.isfinite(value)}


def step_of_lanes(
    stack: GAN, lanes: Mapping[int, Probing], ends: int
) -> AbstractContextManager[None]:
    """As `Probing.step`, around the step of a stack; `stack` has the weights of all lanes."""
    due = {lane: probing for lane, probing in lanes.items() if probing._watches(ends)}
    if not due:
        return nullcontext()
    layers = any("layer_updates" in probing._trial.probes for probing in due.values())
    return watched_lanes(stack, {lane: p._updates for lane, p in due.items()}, layers)


@cache
def measure(name: str) -> Any:
    """The function that reads a probe."""
    module, _, function = PROBES[name].target.partition(":")
    return getattr(importlib.import_module(module), function)


def kept_apart(name: str, probe: OwnProbe, look: Look) -> dict[str, Tensor]:
    """As `values_of`, on a copy of the batch; weights, buffers and gradients are then as before."""
    tensors = [*look.model.parameters(), *look.model.buffers()]
    before = [(tensor, tensor.detach().clone(), tensor.grad) for tensor in tensors]
    grads = {id(grad): grad.clone() for _, _, grad in before if grad is not None}
    copies: dict[str, Any] = {}
    copies |= {k: v.clone() for k, v in vars(look.batch).items() if isinstance(v, Tensor)}
    try:
        return values_of(name, probe, Look(look.model, replace(look.batch, **copies)))
    finally:
        with torch.no_grad():
            for tensor, value, grad in before:
                tensor.copy_(value)
                tensor.grad = grad
                if grad is not None:
                    grad.copy_(grads[id(grad)])


@contextmanager
def undisturbed(model: nn.Module, seed: int, device: torch.device | str) -> Iterator[None]:
    """Within it: `eval()` mode in fp32. After it: modes, weights and generators as before.

    A layer that draws even in `eval()` mode draws the same numbers each time.
    """
    modes = [(module, module.training) for module in model.modules()]
    device = torch.device(device)
    model.eval()
    try:
        with (
            kept(model),
            torch.random.fork_rng([device] if device.type == "cuda" else []),
            full_precision(device),
        ):
            seed_globally(Streams(seed).seed_of("probe/ambient"), device)
            yield
    finally:
        for module, mode in modes:
            module.training = mode
