"""The Inception score's formula over any classifier's probabilities."""

import torch
from torch import Tensor


def classifier_score(probabilities: Tensor) -> float:
    """exp(E_x KL(p(y|x) || p(y))), where p(y) is the mean of p(y|x): 1 to c.

    probabilities [n, c]: any device, rows of sum 1 (to 1e-4; they are scaled to it exactly). All
    rows at once, without the 10 splits of the original, so biased by n: compare at equal n only.

    It is high if each sample is classified with confidence and the classes are used evenly.
    Confidence is no quality: a classifier can be sure of uniform noise, one image for each class
    scores c, and no real data enter. Never rank by it alone; see precision and density.

    ValueError: no samples, another shape, NaN, values below 0, rows of another sum.
    Source: Salimans et al. 2016, section 4; Barratt and Sharma 2018 on what it cannot say.
    """
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ValueError(f"probabilities are [n, c], got {list(probabilities.shape)}")
    p = probabilities.detach().cpu().double()
    sums = p.sum(dim=1, keepdim=True)
    bad = int((~((p >= 0).all(dim=1) & ((sums[:, 0] - 1).abs() <= 1e-4))).sum())
    if bad:
        raise ValueError(f"{bad} of {len(p)} rows are no probabilities: below 0, NaN, or sum not 1")
    p = p / sums
    q = p.mean(dim=0)
    # A class with q = 0 has p = 0 in all rows: 0 log 0 = 0 on both sides.
    divergence = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=1).mean()
    return float(divergence.clamp(min=0).exp())
