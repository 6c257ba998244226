"""The generator's gradient as the discriminator becomes perfect.

With the score s of a fake, D = sigmoid(s), the generator's losses have these slopes in s:

    saturating      log(1 - D)   -D          0 where the discriminator is sure of a fake
    non-saturating -log D        -(1 - D)   -1 there
    critic         -s            -1

For data N(0, 1), a generator N(shift, 1) and the optimal D, s(x) = shift^2 / 2 - shift x. Then the
gradient by the shift is shift E D, shift E (1 - D), and 1 for the earth mover's distance. The first
is twice the gradient of JS.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.special import expit
from scipy.stats import norm

from ..plots import theme
from ..words import number
from .lesson import Lesson, Row, published_claims, table

OUTPUTS = (0.5, 0.1, 0.01, 0.001)
SHIFTS = (1.0, 2.0, 4.0, 8.0)
COLOURS = {
    "saturating": theme.REST[0],
    "non-saturating": theme.OWN["gan"],
    "earth mover's distance": theme.OWN["wgangp"],
}


def by_score(output: float) -> dict[str, float]:
    """Sizes of the slopes by the score, at this output of the discriminator."""
    return {"saturating": output, "non-saturating": 1 - output, "earth mover's distance": 1.0}


def by_shift(shift: float) -> dict[str, float]:
    """Sizes of the gradients by the shift, against the optimal discriminator or critic."""
    x = np.linspace(shift - 14, shift + 14, 20_001)
    seen = float(trapezoid(norm.pdf(x, shift) * expit(shift**2 / 2 - shift * x), x))
    return {
        "saturating": shift * seen,
        "non-saturating": shift * (1 - seen),
        "earth mover's distance": 1.0,
    }


def studied() -> pd.DataFrame:
    """Claim 7 as published: the last gradient over the first, of DCGAN on mnist5k."""
    rows = published_claims()
    return rows[rows["claim"] == 7].set_index("part")


def lesson() -> Lesson:
    rows = []
    for output in OUTPUTS:
        for name, size in list(by_score(output).items())[:2]:
            rows.append(Row(f"slope by the score at D(G(z)) = {output:g}, {name}", size))
    for shift in SHIFTS:
        for name, size in by_shift(shift).items():
            rows.append(Row(f"gradient by the shift, {shift:g} apart, {name}", size))
    for statement, effect in studied()[["statement", "effect"]].itertuples(index=False):
        rows.append(Row(f"study: {statement}", effect, "last / first"))
    says = [
        "The gradient of the cross entropy vanishes only in the saturating form, and there as "
        f"exp(-shift^2 / 8): at 8 apart {number(by_shift(8)['saturating'], 1)} is left. That of "
        "the earth mover's distance stays 1.",
        "On DCGANs frozen during training, a discriminator trained towards its optimum leaves "
        "0.8 % of the saturating gradient; through critics the gradient grows instead.",
    ]
    return Lesson(table("The vanishing gradient", rows), says, figure)


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.0), layout="constrained")
    left, right = drawn.subplots(1, 2)
    outputs, shifts = np.linspace(0, 1, 101), np.linspace(0.1, 9, 90)
    _draw(left, outputs, pd.DataFrame([by_score(each) for each in outputs]))
    _draw(right, shifts, pd.DataFrame([by_shift(each) for each in shifts]))
    left.set(xlabel="D(G(z)), 0: sure that it is fake", ylabel="slope by the score", ylim=(0, 1.1))
    left.set_title("of one sample")
    right.set(xlabel="shift between data and generator", ylabel="gradient by the shift")
    right.set_ylim(1e-5, 20)
    theme.plain_log(right)
    right.set_title("against the optimal discriminator")
    right.legend(loc="lower left")
    note = (
        "Sizes of the gradients, computed. Right: data N(0, 1), generator N(shift, 1), log scale. "
        "The non-saturating gradient grows with the shift, as the score itself does."
    )
    theme.caption(drawn, "What a sure discriminator leaves of the generator's gradient", note)
    return drawn


def _draw(axis: Axes, x: NDArray[np.float64], sizes: pd.DataFrame) -> None:
    for name, colour in COLOURS.items():
        axis.plot(x, sizes[name], color=colour, lw=2, label=name)
