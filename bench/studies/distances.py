"""Which distance grows as two distributions move apart, and has a gradient that shrinks it again?

Example 1 of the Wasserstein GAN (Arjovsky et al. 2017, arXiv:1701.07875): two parallel lines,
(0, U[0, 1)) and (shift, U[0, 1)). Beside them N(0, 1) and N(shift, 1), which do overlap. JS and
KL are in nats. All is computed numerically; the tests check it against the closed forms:

    lines       JS = log 2,  KL = inf,  EMD = shift     for a shift above 0
    Gaussians   KL = shift^2 / 2,  EMD = shift
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.special import xlogy
from scipy.stats import norm, wasserstein_distance

from ..metrics.transport import emd
from .critics import Rows, Tick
from .settings import Distances

Floats = NDArray[np.float64]
STEP = 1e-3  # the largest step of the central differences that gradients are taken by
REACH, PLACES = 14.0, 20_001  # Gaussians are integrated from -14 to 14 above the shift
QUANTILES = 2000  # points that stand for a Gaussian in its earth mover's distance


def run(settings: Distances, seed: int, tick: Tick) -> dict[str, Rows]:
    """Rows of shift, quantity, value. Quantities: js, kl, emd and js_grad, kl_grad, emd_grad.

    Those of the Gaussians begin with "gaussians/". A gradient that does not exist (at a jump, of
    an infinite value) has no row, and none has a shift of 0, where the lines' distances jump or
    bend.
    """
    rows: Rows = []
    shifts = np.linspace(0, settings.reach, settings.points)
    for done, shift in enumerate(shifts.tolist(), 1):
        found = dict(lines(shift, settings.atoms))
        found |= {f"gaussians/{name}": value for name, value in gaussians(shift).items()}
        if shift > 0:
            step = min(STEP, shift / 2)  # never to the other side of 0
            below, above = (lines(shift + by, settings.atoms) for by in (-step, step))
            found |= {f"{n}_grad": slope for n, slope in _slopes(below, above, step).items()}
            below, above = (gaussians(shift + by) for by in (-step, step))
            found |= {f"gaussians/{n}_grad": s for n, s in _slopes(below, above, step).items()}
        rows += [{"shift": shift, "quantity": name, "value": v} for name, v in found.items()]
        tick(done / settings.points)
    return {"rows": rows}


def _slopes(below: dict[str, float], above: dict[str, float], step: float) -> dict[str, float]:
    finite = [n for n in below if math.isfinite(below[n]) and math.isfinite(above[n])]
    return {name: (above[name] - below[name]) / (2 * step) for name in finite}


def lines(shift: float, atoms: int) -> dict[str, float]:
    """js, kl and emd of two parallel lines `shift` apart, each of `atoms` equal point masses."""
    heights = (np.arange(atoms) + 0.5) / atoms
    first = np.stack([np.zeros(atoms), heights], axis=1)
    second = first + np.array([shift, 0.0])
    places = np.unique(np.concatenate([first, second]), axis=0)
    p, q = _masses(places, first), _masses(places, second)
    return {
        "js": jensen_shannon(p, q),
        "kl": cross_entropy(p, q) - entropy(p),
        "emd": emd(torch.from_numpy(first), torch.from_numpy(second)),
    }


def _masses(places: Floats, atoms: Floats) -> Floats:
    """The share of the atoms at each place."""
    found = (places[:, None] == atoms[None]).all(axis=2).sum(axis=1)
    return np.asarray(found / len(atoms), dtype=np.float64)


def gaussians(shift: float) -> dict[str, float]:
    """js, kl and emd of N(0, 1) and N(shift, 1): the first two by quadrature, emd by quantiles."""
    x = np.linspace(-REACH, shift + REACH, PLACES)
    p, q = norm.pdf(x), norm.pdf(x, shift)
    quantiles = norm.ppf((np.arange(QUANTILES) + 0.5) / QUANTILES)
    return {
        "js": jensen_shannon(p, q, x),
        "kl": cross_entropy(p, q, x) - entropy(p, x),
        "emd": float(wasserstein_distance(quantiles, quantiles + shift)),
    }


def entropy(p: Floats, x: Floats | None = None) -> float:
    """-sum p log p in nats of masses p [n], or its integral if p is a density at places x [n]."""
    return cross_entropy(p, p, x)


def cross_entropy(p: Floats, q: Floats, x: Floats | None = None) -> float:
    """-sum p log q in nats, or its integral over x; infinite if q is 0 where p is not."""
    terms = -xlogy(p, q)
    return float(terms.sum() if x is None else trapezoid(terms, x))


def jensen_shannon(p: Floats, q: Floats, x: Floats | None = None) -> float:
    """The Jensen-Shannon divergence in nats: entropy of the mixture less the mean of the two."""
    return entropy((p + q) / 2, x) - (entropy(p, x) + entropy(q, x)) / 2
