"""The averages over training steps that make up the rows of the curves, kept on the device."""

import math
from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor

from gan_zoo.base import GAN, Step
from gan_zoo.descent import layer_names

from ..errors import Diverged

EXPLODED = 1e9  # a mean loss or gradient norm: no model recovers from more
OURS = ("loss/", "grad_norm/")
Names = tuple[tuple[str, ...], tuple[str, ...]]  # of the players that stepped, of what was observed


class Averages:
    """Means over the generator steps since the last row of the curves.

    A value that only some steps give is averaged over those. `add` costs a few small operations on
    the device; only `flush` and `rows` wait for the device. In a stack, whose steps report a value
    for each lane, there is a row for each lane.
    """

    def __init__(self, model: GAN) -> None:
        self._layers = {player: layer_names(model.network_of(player)) for player in model.players}
        # Steps that give the same names are summed together: their names, sums and number.
        self._sums: dict[Names, Tensor] = {}
        self._steps: Counter[Names] = Counter()

    def add(self, step: Step) -> None:
        """Count a step in. Raises ValueError if the model observes under a name that is ours."""
        self.put(*self.flat(step))

    def flat(self, step: Step) -> tuple[Names, Tensor]:
        """What a step reports as one vector, and its names."""
        played = step.played
        key = tuple(played), tuple(step.observed)
        scalars = [
            *(one.loss for one in played.values()),
            *(torch.linalg.vector_norm(one.norms, dim=-1) for one in played.values()),
            *step.observed.values(),
        ]
        norms = [one.norms for one in played.values()]
        values = torch.cat([torch.stack([s.float() for s in scalars], dim=-1), *norms], dim=-1)
        return key, values

    def put(self, key: Names, values: Tensor, steps: int = 1) -> None:
        """Count in the sums of so many steps that gave these names."""
        if key not in self._sums:
            for name in key[1]:
                if name.startswith(OURS):
                    raise ValueError(f"observe({name!r}): names in {' and '.join(OURS)} are taken")
            self._sums[key] = values
        else:
            self._sums[key] = self._sums[key] + values
        self._steps[key] += steps

    def flush(self) -> dict[str, float]:
        """The means by metric name; the next ones start from nothing.

        Raises Diverged if a mean is not finite, or if a loss or gradient norm is above 1e9.
        """
        (row,) = self.rows() or [{}]
        require_sound(row)
        return row

    def rows(self) -> list[dict[str, float]]:
        """The means of each lane by metric name, whatever they are; one row without lanes."""
        if not self._sums:
            return []
        sums = torch.cat(list(self._sums.values()), dim=-1)
        sums = sums.reshape(-1, sums.shape[-1])
        found = [self._means(iter(lane)) for lane in sums.tolist()]
        self._sums, self._steps = {}, Counter()
        return found

    def _means(self, sums: Iterator[float]) -> dict[str, float]:
        totals: dict[str, float] = {}
        counts: Counter[str] = Counter()
        for key in self._sums:
            for name in self._names(*key):
                totals[name] = totals.get(name, 0.0) + next(sums)
                counts[name] += self._steps[key]
        means = torch.tensor([*totals.values()]) / torch.tensor([*counts.values()])
        return dict(zip(totals, means.tolist(), strict=True))

    def _names(self, players: tuple[str, ...], observed: tuple[str, ...]) -> list[str]:
        return [
            *(f"loss/{player}" for player in players),
            *(f"grad_norm/{player}" for player in players),
            *observed,
            *(f"grad_norm/{p}/{layer}" for p in players for layer in self._layers[p]),
        ]


def require_sound(values: dict[str, float]) -> None:
    """Raises Diverged if a mean is not finite, or if a loss or gradient norm is above 1e9."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise Diverged(f"{name} became {value}")
        if abs(value) > EXPLODED and name.startswith(OURS):
            raise Diverged(f"{name} exploded to {value:.3g}")


def snapshot(model: GAN) -> dict[str, float]:
    """The share of the discriminator's weights that lie at the clip bound, if the model clips."""
    return next(iter(snapshots(model, 1)))


def snapshots(model: GAN, lanes: int) -> list[dict[str, float]]:
    """The same of each lane of a stack, whose weights are [lanes, *shape]."""
    clip = getattr(model.config, "clip", None)
    if clip is None:
        return [{}] * lanes
    with torch.no_grad():
        weights = torch.cat([p.reshape(lanes, -1) for p in model.discriminator.parameters()], dim=1)
        # In float32, as clamping to the bound rounds it.
        bound = torch.tensor(clip, dtype=weights.dtype)
        shares = (weights.abs() >= bound).float().mean(dim=1).tolist()
    return [{"clip/saturated": share} for share in shares]
