"""The averages over training steps that make up the rows of the curves, kept on the device."""

import math

import torch
from torch import Tensor

from gan_zoo.base import GAN, Step
from gan_zoo.descent import layer_names

from ..errors import Diverged

EXPLODED = 1e9  # a mean loss or gradient norm: no model recovers from more


class Averages:
    """Means over the generator steps since the last row of the curves.

    `add` costs a few small operations on the device; only `flush` waits for the device.
    """

    def __init__(self, model: GAN) -> None:
        self._layers = {
            "discriminator": layer_names(model.discriminator),
            "generator": layer_names(model.generator),
        }
        self._observed: list[str] = []
        self._total: Tensor | None = None
        self._steps = 0

    def add(self, step: Step) -> None:
        self._observed = list(step.observed)
        scalars = [
            step.discriminator_loss,
            step.generator_loss,
            step.discriminator_norms.norm(),
            step.generator_norms.norm(),
            *step.observed.values(),
        ]
        norms = [step.discriminator_norms, step.generator_norms]
        values = torch.cat([torch.stack([s.float() for s in scalars]), *norms])
        self._total = values if self._total is None else self._total + values
        self._steps += 1

    def flush(self) -> dict[str, float]:
        """The means by metric name; the next ones start from nothing.

        Raises Diverged if a mean is not finite, or if a loss or gradient norm is above 1e9.
        """
        if self._total is None:
            return {}
        values = dict(zip(self._names(), (self._total / self._steps).tolist(), strict=True))
        self._total, self._steps = None, 0
        for name, value in values.items():
            if not math.isfinite(value):
                raise Diverged(f"{name} became {value}")
            if abs(value) > EXPLODED and name.startswith(("loss/", "grad_norm/")):
                raise Diverged(f"{name} exploded to {value:.3g}")
        return values

    def _names(self) -> list[str]:
        players = ("discriminator", "generator")
        return [
            *(f"loss/{player}" for player in players),
            *(f"grad_norm/{player}" for player in players),
            *self._observed,
            *(f"grad_norm/{p}/{layer}" for p in players for layer in self._layers[p]),
        ]


def snapshot(model: GAN) -> dict[str, float]:
    """The share of the discriminator's weights that lie at the clip bound, if the model clips."""
    clip = getattr(model.config, "clip", None)
    if clip is None:
        return {}
    with torch.no_grad():
        weights = torch.cat([p.flatten() for p in model.discriminator.parameters()])
        # In float32, as clamping to the bound rounds it.
        bound = torch.tensor(clip, dtype=weights.dtype)
        return {"clip/saturated": float((weights.abs() >= bound).float().mean())}
