"""FID extrapolated to infinitely many generated samples."""

import torch
from torch import Tensor

from .frechet import fid


def fid_infinity(
    generated: Tensor, reference: Tensor, rng: torch.Generator, points: int = 15
) -> float:
    """The FID that infinitely many generated samples would have: the intercept of FID over 1 / N.

    generated [n, d], n at least 10, reference [m, d], m at least 2. FIDs of random subsets of
    `points` sizes N, evenly spaced from n / 5 to n, are fitted by a line in 1 / N (least squares);
    `rng` draws the subsets. Costs `points` FIDs. The line holds for N well above d only: have n / 5
    of several d. It is not cut off at 0: near a perfect generator values below 0 are right.

    Only the generated side's bias goes. That of a small reference remains, so that values for
    different references still cannot be compared, and real against held-out data is not 0.

    ValueError: n below 10, fewer than 2 points, and what `fid` refuses.
    Source: Chong and Forsyth 2020 (random subsets as there, 15 points; no Sobol latents).
    """
    n = len(generated)
    if n < 10 or points < 2:
        raise ValueError(
            f"FID at infinity needs at least 10 generated rows and 2 points, got {n} and {points}"
        )
    sizes = torch.linspace(n, n // 5, points).round().long().unique().flip(0).tolist()
    values = []
    for size in sizes:  # the whole set comes first: an error then counts all bad rows
        chosen = torch.randperm(n, generator=rng, device=rng.device)[:size]
        values.append(fid(generated[chosen.to(generated.device)], reference))
    t = 1 / torch.tensor(sizes, dtype=torch.float64)
    f = torch.tensor(values, dtype=torch.float64)
    slope = ((t - t.mean()) * f).sum() / (t - t.mean()).square().sum()
    return float(f.mean() - slope * t.mean())
