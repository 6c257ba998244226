"""L1 and L2: norms, losses, paths, and which of them selects features.

On a design X with X'X = n I and least-squares weights b, each weight is solved on its own:

    lasso  min |y - X w|^2 / (2 n) + a |w|_1      w = sign(b) max(|b| - a, 0)
    ridge  min |y - X w|^2 / (2 n) + a |w|^2 / 2  w = b / (1 + a)

Tibshirani 1996, section 2.2; Hoerl & Kennard 1970.
"""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.linalg import hadamard
from scipy.optimize import minimize_scalar

from ..plots import theme
from .lesson import Lesson, Row, table

Floats = NDArray[np.float64]
WEIGHTS = np.array([3.0, -1.5, 0.4, -0.2])  # of least squares on the design
STRENGTH = 0.5
MEASURED = np.array([1.0, 2.0, 3.0, 4.0, 100.0])  # one of them is an outlier


def design() -> tuple[Floats, Floats]:
    """X [8, 4] of +1 and -1 with orthogonal columns, and y [8] with least-squares weights WEIGHTS.

    y also has a part that no column explains.
    """
    columns = hadamard(8).astype(float)
    return columns[:, 1:5], columns[:, 1:5] @ WEIGHTS + 0.7 * columns[:, 6]


def fitted(strength: float) -> tuple[Floats, Floats]:
    """The weights of lasso and of ridge by scikit-learn, [4] each."""
    from sklearn.linear_model import Lasso, Ridge  # type: ignore[import-untyped]

    x, y = design()
    lasso = Lasso(alpha=strength, fit_intercept=False, tol=1e-12).fit(x, y)
    ridge = Ridge(alpha=strength * len(y), fit_intercept=False).fit(x, y)
    return np.asarray(lasso.coef_), np.asarray(ridge.coef_)


def closest(power: int) -> float:
    """The number whose summed |difference|^power to MEASURED is least."""

    def loss(x: float) -> float:
        return float((np.abs(MEASURED - x) ** power).sum())

    found = minimize_scalar(loss, bounds=(0, 100), method="bounded", options={"xatol": 1e-9})
    return float(found.x)


def lesson() -> Lesson:
    vector = np.array([3.0, 4.0])
    lasso, ridge = fitted(STRENGTH)
    rows = [
        Row("L1 norm of (3, 4)", float(np.abs(vector).sum())),
        Row("L2 norm of (3, 4)", float(np.sqrt((vector**2).sum()))),
        Row("shortest paths along a grid from (0, 0) to (3, 4)", math.comb(7, 3)),
        Row("shortest straight paths", 1),
        Row("least L1 loss to 1, 2, 3, 4, 100: the median", closest(1)),
        Row("least L2 loss to them: the mean", closest(2)),
    ]
    for name, weights in (("least squares", WEIGHTS), ("lasso", lasso), ("ridge", ridge)):
        rows += [Row(f"{name}: weight {i + 1}", float(w)) for i, w in enumerate(weights)]
    rows += [
        Row("weights that lasso sets to 0", int((lasso == 0).sum())),
        Row("weights that ridge sets to 0", int((ridge == 0).sum())),
    ]
    says = [
        "L1 selects features and L2 does not: lasso takes 0.5 off every weight and stops at 0, "
        "ridge divides all by 1.5.",
        "The L1 loss ignores how far the outlier is; the L2 loss follows it. The L2 path between "
        "two points is unique, of L1 paths there are many of the same length.",
    ]
    return Lesson(table("L1 and L2", rows), says, figure)


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.0), layout="constrained")
    axes = drawn.subplots(1, 3)
    _balls(axes[0])
    strengths = np.linspace(0, 3.2, 65)
    lasso = np.sign(WEIGHTS) * np.maximum(np.abs(WEIGHTS) - strengths[:, None], 0)
    _weights(axes[1], strengths, lasso, "lasso (L1)")
    _weights(axes[2], strengths, WEIGHTS / (1 + strengths[:, None]), "ridge (L2)")
    axes[2].sharey(axes[1])
    note = (
        "Left: all points of norm 1. Middle and right: the four weights of the example against "
        "the strength of the penalty, in closed form; scikit-learn's agree at 0.5."
    )
    theme.caption(drawn, "The corners of L1 set weights to zero", note)
    return drawn


def _balls(axis: Axes) -> None:
    angle = np.linspace(0, 2 * np.pi, 201)
    axis.plot([1, 0, -1, 0, 1], [0, 1, 0, -1, 0], color=theme.REST[0], lw=2, label="L1 = 1")
    axis.plot(np.cos(angle), np.sin(angle), color=theme.OWN["wgangp"], lw=2, label="L2 = 1")
    axis.set_aspect("equal")
    axis.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.6), xlabel="w1", ylabel="w2")
    axis.legend(loc="upper center", ncols=2)
    axis.set_title("norms")


def _weights(axis: Axes, strengths: Floats, weights: Floats, title: str) -> None:
    for column, colour in zip(weights.T, list(theme.OWN.values()), strict=False):
        axis.plot(strengths, column, color=colour, lw=2)
    axis.axvline(STRENGTH, color=theme.SOFT, ls="--", lw=1)
    axis.set(xlabel="strength of the penalty", ylabel="weight", xlim=(0, 3.2))
    axis.set_title(title)
