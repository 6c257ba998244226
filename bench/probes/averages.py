"""What is recorded while a model trains: averages of every step, kept on the device."""

import math

import torch
from torch import Tensor

from gan_zoo.base import GAN, Step
from gan_zoo.descent import layer_names

from ..errors import Diverged

EXPLODED = 1e9  # a mean loss or gradient norm beyond it: nothing comes back from there


class Averages:
    """Means over the generator steps since the last row of the curves.

    Adding a step costs a few small operations on the device; only `flush` waits for it.
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
        """Metric name -> mean, and start anew.

        Raises Diverged if one is not finite, or a loss or gradient norm beyond 1e9.
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
    """What is read off the weights at a row: the share that sits on the clip bound."""
    clip = getattr(model.config, "clip", None)
    if clip is None:
        return {}
    with torch.no_grad():
        weights = torch.cat([p.flatten() for p in model.discriminator.parameters()])
        # The bound itself is a float32: compare with what clamping to it gives.
        bound = torch.tensor(clip, dtype=weights.dtype)
        return {"clip/saturated": float((weights.abs() >= bound).float().mean())}
