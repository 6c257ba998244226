"""Probes of the weights: how far a step moves them, and their histograms.

The update-to-weight ratio |update| / |weights| shows a learning rate that is too large (a ratio
near 1) or too small; Karpathy's rule of thumb is a ratio of about 1e-3. An update includes what a
constraint does after the step, such as clipping.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from gan_zoo.base import GAN, Player
from gan_zoo.descent import layer_of, trainable

BINS = 40  # of a histogram


@contextmanager
def watched(model: GAN, into: dict[str, Tensor], layers: bool) -> Iterator[None]:
    """A context around one `train_step` that puts each network's update-to-weight ratio in `into`.

    It is the ratio of the network's last update, by layer too with `layers`. The values are tensors
    on the device, so nothing waits. A network whose optimizer took no step gets no value.
    """
    with _before(model) as before:
        yield
    for player, old in before.items():
        into |= ratios(player, trainable(model.network_of(player)), old, layers)


@contextmanager
def watched_lanes(
    model: GAN, lanes: Mapping[int, dict[str, Tensor]], layers: bool
) -> Iterator[None]:
    """The same around a step of a stack, whose weights are [lanes, *shape]: lane -> `into`."""
    with _before(model) as before:
        yield
    for player, old in before.items():
        weights = trainable(model.network_of(player))
        for lane, into in lanes.items():
            now = {name: weight[lane] for name, weight in weights.items()}
            into |= ratios(player, now, [weight[lane] for weight in old], layers)


@contextmanager
def _before(model: GAN) -> Iterator[dict[Player, list[Tensor]]]:
    """The weights of each player before its last step within the context."""
    before: dict[Player, list[Tensor]] = {}
    hooks = [
        model.optimizer_of(player).register_step_pre_hook(_copier(model, player, before))
        for player in model.players
    ]
    try:
        yield before
    finally:
        for hook in hooks:
            hook.remove()


def _copier(model: GAN, player: Player, before: dict[Player, list[Tensor]]) -> Any:
    def copy(optimizer: Optimizer, *arguments: Any) -> None:
        weights = trainable(model.network_of(player)).values()
        before[player] = [weight.detach().clone() for weight in weights]

    return copy


@torch.no_grad()
def ratios(
    network: str, now: Mapping[str, Tensor], old: list[Tensor], layers: bool
) -> dict[str, Tensor]:
    """|now - old| / |old| in L2, over all weights of a network; with `layers`, by layer too."""
    moved = torch.stack(torch._foreach_norm(torch._foreach_sub(list(now.values()), old)))
    sizes = torch.stack(torch._foreach_norm(old))
    found = {f"update_ratio/{network}": moved.norm() / sizes.norm()}
    if layers:
        names = [layer_of(name) for name in now]
        for layer in dict.fromkeys(names):
            # By index, not by a mask: to select by a mask is to wait for the device.
            own = [place for place, name in enumerate(names) if name == layer]
            of_layer = [torch.stack([norms[place] for place in own]) for norms in (moved, sizes)]
            found[f"update_ratio/{network}/{layer}"] = of_layer[0].norm() / of_layer[1].norm()
    return found


@torch.no_grad()
def histograms(model: GAN) -> list[dict[str, Any]]:
    """Histograms of each network's weights: rows of network, low, high, share, one for each bin.

    BINS equal bins reach from minus to plus the largest |w|, so that weights at a clip bound show
    at both ends; their shares add up to 1. Only matrices and kernels count: batch norm's scales,
    near 1, would squeeze all other weights into one bin. A network without such weights, or whose
    weights are not finite, has no rows.
    """
    rows = []
    for network in model.players:
        parameters = [p for p in model.network_of(network).parameters() if p.ndim > 1]
        if not parameters:
            continue
        weights = torch.cat([p.flatten().float() for p in parameters]).cpu().numpy()
        largest = float(np.abs(weights).max())
        if np.isfinite(largest):  # 0 if all weights are 0: then any range will do
            rows += [{"network": network, **bar} for bar in bars(weights, largest or 1.0, BINS)]
    return rows


def bars(weights: NDArray[Any], most: float, bins: int) -> list[dict[str, float]]:
    """The low end, high end and share of the weights [n] of equal bins over [-most, most]."""
    counts, edges = np.histogram(weights, bins, (-most, most))
    shares = (counts / len(weights)).tolist()
    places = zip(edges[:-1].tolist(), edges[1:].tolist(), shares, strict=True)
    return [{"low": low, "high": high, "share": share} for low, high, share in places]
