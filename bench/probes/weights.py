"""How far one step moves the weights: |update| / |weights|, by network and by layer.

The usual sign of a learning rate that is too large (near 1) or too small (Karpathy's rule of
thumb: about 1e-3). What a constraint does after the step, such as clipping, is part of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from gan_zoo.base import GAN, Player
from gan_zoo.descent import layer_of, trainable

PLAYERS: tuple[Player, ...] = ("discriminator", "generator")


@contextmanager
def watched(model: GAN, into: dict[str, Tensor], layers: bool) -> Iterator[None]:
    """Around one `train_step`: puts the ratio of each network's last update into `into`.

    Tensors on the device: nothing waits. A network whose optimizer took no step has none.
    """
    before: dict[Player, list[Tensor]] = {}
    optimizers = (model.discriminator_optimizer, model.generator_optimizer)
    hooks = [
        optimizer.register_step_pre_hook(_copier(model, player, before))
        for player, optimizer in zip(PLAYERS, optimizers, strict=True)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    for player, old in before.items():
        into |= ratios(player, trainable(model.network_of(player)), old, layers)


def _copier(model: GAN, player: Player, before: dict[Player, list[Tensor]]) -> Any:
    def copy(optimizer: Optimizer, *arguments: Any) -> None:
        weights = trainable(model.network_of(player)).values()
        before[player] = [weight.detach().clone() for weight in weights]

    return copy


@torch.no_grad()
def ratios(
    network: str, now: dict[str, torch.nn.Parameter], old: list[Tensor], layers: bool
) -> dict[str, Tensor]:
    """|now - old| / |old|, L2 over all weights, and with `layers` over those of each layer."""
    moved = torch.stack(torch._foreach_norm(torch._foreach_sub(list(now.values()), old)))
    sizes = torch.stack(torch._foreach_norm(old))
    found = {f"update_ratio/{network}": moved.norm() / sizes.norm()}
    if layers:
        names = [layer_of(name) for name in now]
        for layer in dict.fromkeys(names):
            # By numbers, not by a mask: what a mask selects is known only when the device is.
            own = [place for place, name in enumerate(names) if name == layer]
            of_layer = [torch.stack([norms[place] for place in own]) for norms in (moved, sizes)]
            found[f"update_ratio/{network}/{layer}"] = of_layer[0].norm() / of_layer[1].norm()
    return found


BINS = 40


@torch.no_grad()
def histograms(model: GAN) -> list[dict[str, Any]]:
    """Rows of network, low, high, share: BINS equal bins of each network's weights.

    They reach from minus to plus the largest |w|, so that a pile at a clip bound is seen at both
    ends. Shares add up to 1. Matrices and kernels alone: batch norm's scales, near 1, would squeeze
    the rest into one bin. None of a network that has none, or whose weights are not finite.
    """
    rows = []
    for network in ("discriminator", "generator"):
        parameters = [p for p in model.network_of(network).parameters() if p.ndim > 1]
        if not parameters:
            continue
        weights = torch.cat([p.flatten().float() for p in parameters]).cpu().numpy()
        largest = float(np.abs(weights).max())
        if np.isfinite(largest):  # 0 where all weights are
            rows += [{"network": network, **bar} for bar in bars(weights, largest or 1.0, BINS)]
    return rows


def bars(weights: NDArray[Any], most: float, bins: int) -> list[dict[str, float]]:
    """low, high and share of all weights [n], of equal bins over [-most, most]."""
    counts, edges = np.histogram(weights, bins, (-most, most))
    shares = (counts / len(weights)).tolist()
    places = zip(edges[:-1].tolist(), edges[1:].tolist(), shares, strict=True)
    return [{"low": low, "high": high, "share": share} for low, high, share in places]
