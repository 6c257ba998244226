"""The Inception score's formula, with the probabilities of any classifier."""

import torch
from torch import Tensor


def classifier_score(probabilities: Tensor) -> float:
    """exp(E_x KL(p(y|x) || p(y))), where p(y) is the mean of p(y|x): between 1 and c.

    probabilities [n, c] on any device; rows must sum to 1 within 1e-4, and are scaled to do so
    exactly. All rows are used at once, without the 10 splits of the original. The bias depends on
    n, so compare at equal n only.

    The score is high if each sample is classified with confidence and all classes occur evenly.
    Confidence is not quality: a classifier can be sure of uniform noise, one image for each class
    scores c, and real data are not used at all. Never rank by it alone; see precision and density.

    ValueError: no samples, another shape, NaN, values below 0, rows with another sum.
    Source: Salimans et al. 2016, section 4; Barratt and Sharma 2018 on what it cannot say.
    """
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ValueError(f"probabilities are [n, c], got {list(probabilities.shape)}")
    p = probabilities.detach().cpu().double()
    sums = p.sum(dim=1, keepdim=True)
    bad = int((~((p >= 0).all(dim=1) & ((sums[:, 0] - 1).abs() <= 1e-4))).sum())
    if bad:
        raise ValueError(
            f"{bad} of {len(p)} rows are not probabilities: below 0, NaN, or sum not 1"
        )
    p = p / sums
    q = p.mean(dim=0)
    # A class with q = 0 has p = 0 in all rows: 0 log 0 = 0 on both sides.
    divergence = (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=1).mean()
    return float(divergence.clamp(min=0).exp())
