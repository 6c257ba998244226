"""Information, entropy and cross entropy.

    information   I(x) = log 1 / p(x)
    entropy       H(p) = E_p log 1 / p
    cross entropy H(p, q) = E_p log 1 / q = H(p) + KL(p, q)

Bits with the logarithm to base 2, nats with the natural one: a nat has 1 / log 2 = 1.443 bits.
"""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from ..plots import theme
from ..studies.distances import cross_entropy, entropy
from .lesson import Lesson, Row, table

CHANCES = {
    0.001: (".011", ".0079"),
    0.25: (".811", ".562"),
    0.5: ("1", ".693"),
}  # bits, nats printed
MEANS = {0.0: "17.55", 2.0: "42.30", 4.0: "116.54", 8.0: ""}
FEW = np.linspace(-4, 4, 100)  # where the notes sum
WIDE = np.linspace(-14, 22, 20_001)  # where N(0, 1) and its neighbours are integrated


def coin(p: float) -> float:
    """The entropy of an event with probability p, in nats."""
    return entropy(np.array([p, 1 - p]))


def summed(mean: float) -> float:
    """-sum p log q over the notes' 100 points: no integral, as nothing multiplies by their step."""
    return cross_entropy(norm.pdf(FEW), norm.pdf(FEW, mean))


def integral(mean: float) -> float:
    """The cross entropy of N(0, 1) and N(mean, 1) in nats: log(2 pi) / 2 + (1 + mean^2) / 2."""
    return cross_entropy(norm.pdf(WIDE), norm.pdf(WIDE, mean), WIDE)


def lesson() -> Lesson:
    rows = [Row("I, one of 8 equal outcomes", math.log2(8), "bits", "3")]
    for p, (bits, nats) in CHANCES.items():
        rows.append(Row(f"H, an event of probability {p:g}", coin(p) / math.log(2), "bits", bits))
        rows.append(Row(f"H, an event of probability {p:g}", coin(p), "nats", nats))
    for mean, printed in MEANS.items():
        pair = f"N(0, 1) and N({mean:g}, 1)"
        rows.append(Row(f"cross entropy of {pair}, summed", summed(mean), "", printed))
        rows.append(Row(f"cross entropy of {pair}, integral", integral(mean), "nats"))
    step = FEW[1] - FEW[0]
    says = [
        "The notes' cross entropies are sums over 100 points of [-4, 4], which depend on how many "
        f"points there are. Times the step of {step:.4f} the first is {summed(0) * step:.3f} nats, "
        "the integral; the others lose what lies outside.",
        "The integrals are log(2 pi) / 2 + (1 + mean^2) / 2. Less the entropy of N(0, 1), the "
        "first of them, they are KL = mean^2 / 2.",
    ]
    return Lesson(table("Information and entropy", rows), says, figure)


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.0), layout="constrained")
    left, right = drawn.subplots(1, 2)
    _coins(left)
    _gaussians(right)
    note = (
        "Left: an event that is certain, or never happens, says nothing. Right: the curve is "
        "log(2 pi) / 2 + (1 + mean^2) / 2; dots are computed by quadrature. Nothing is estimated."
    )
    theme.caption(drawn, "How much there is to be learned, and what a wrong guess costs", note)
    return drawn


def _coins(axis: Axes) -> None:
    places = np.linspace(0, 1, 401)
    axis.plot(places, [coin(p) / math.log(2) for p in places], color=theme.OWN["wgangp"], lw=2)
    for p in CHANCES:
        bits = coin(p) / math.log(2)
        axis.plot(p, bits, "o", color=theme.INK, ms=6, clip_on=False, zorder=4)
        place = (0.04, 0.04) if bits < 0.1 else (p + 0.04, bits - 0.09)
        axis.annotate(f"H({p:g}) = {bits:.3f}", (p, bits), place)
    axis.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="probability p", ylabel="entropy in bits")
    axis.set_title("an event of probability p")


def _gaussians(axis: Axes) -> None:
    means = np.linspace(0, 8.5, 200)
    curve = math.log(2 * math.pi) / 2 + (1 + means**2) / 2
    axis.plot(means, curve, color=theme.OWN["wgangp"], lw=2)
    for mean in MEANS:
        found = integral(mean)
        axis.plot(mean, found, "o", color=theme.INK, ms=6, zorder=4, clip_on=False)
        axis.annotate(f"{found:.2f}", (mean, found), (mean - 0.1, found + 1.5), ha="right")
    axis.set(xlim=(-1, 8.5), ylim=(0, 40), xlabel="mean", ylabel="cross entropy in nats")
    axis.set_title("N(0, 1) taken for N(mean, 1)")
