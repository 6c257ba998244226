"""Weight histograms through training, a row a bin."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gan_zoo.base import GAN

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
