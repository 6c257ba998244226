"""The earth mover's distance by hand: piles moved, the plan, the linear programme, the dual.

    primal  W = min sum_ij T_ij |i - j|   over plans T >= 0 with row sums P and column sums Q
    dual    W = max sum_i f_i (P_i - Q_i) over critics f with |f_i - f_j| <= |i - j|
    by hand W = sum_i |(P_1 - Q_1) + ... + (P_i - Q_i)|, what must be carried past place i

The notes' "cost of the best plan" is the primal, and what a WGAN's critic climbs is the dual.
"""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import linprog

from ..metrics.transport import emd
from ..plots import theme
from .lesson import Lesson, Row, table

Floats = NDArray[np.float64]
P, Q = np.array([3.0, 2, 1, 4]), np.array([1.0, 2, 4, 3])  # shovelfuls on four places
COSTS = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))


def by_hand(p: Floats, q: Floats) -> Floats:
    """What must be carried past each place [n], to the right where positive."""
    return np.asarray(np.cumsum(p - q))


def plan(p: Floats, q: Floats, costs: Floats) -> Floats:
    """The cheapest plan [n, n] of the linear programme: what goes from row to column."""
    n = len(p)
    rows, columns = np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))
    found = linprog(
        costs.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([p, q]), method="highs"
    )
    return np.asarray(found.x.reshape(n, n))


def critic(p: Floats, q: Floats) -> Floats:
    """The best 1-Lipschitz critic [n] of the dual on places 0 to n - 1; 0 at the last one.

    On a line it is enough that neighbours differ by at most 1.
    """
    n = len(p)
    steps = np.eye(n)[1:] - np.eye(n)[:-1]
    found = linprog(
        q - p,
        A_ub=np.vstack([steps, -steps]),
        b_ub=np.ones(2 * (n - 1)),
        A_eq=np.eye(n)[-1:],
        b_eq=[0.0],
        bounds=(None, None),
        method="highs",
    )
    return np.asarray(found.x)


def by_network_simplex(p: Floats, q: Floats) -> float:
    """What the metric `emd` gives for a point a shovelful, times the number of shovelfuls."""
    first, second = (
        torch.from_numpy(np.repeat(np.arange(len(x), dtype=float), x.astype(int))[:, None])
        for x in (p, q)
    )
    return len(first) * emd(first, second)


def lesson() -> Lesson:
    best, everywhere = plan(P, Q, COSTS), np.outer(P, Q) / P.sum()
    function = critic(P, Q)
    unit = "shovelfuls x places"
    rows = [
        Row("carried by hand: 2 + 2 + 1 + 0", float(np.abs(by_hand(P, Q)).sum()), unit),
        Row("cheapest plan, linear programme", float((best * COSTS).sum()), unit),
        Row("cheapest plan, network simplex (the metric emd)", by_network_simplex(P, Q), unit),
        Row("the critic's dual value", float(function @ (P - Q)), unit),
        Row("another plan: each pile spread over all", float((everywhere * COSTS).sum()), unit),
        Row("largest slope of the critic", float(np.abs(np.diff(function)).max())),
        Row("the same, of masses: W(P / 10, Q / 10)", float((best * COSTS).sum()) / 10, "places"),
    ]
    says = [
        "Plan and critic meet: the least cost of moving P = (3, 2, 1, 4) to Q = (1, 2, 4, 3) is "
        "the most that a 1-Lipschitz critic can tell them apart by. A WGAN's critic climbs the "
        "second; no plan is ever computed.",
        "Any other plan costs more, and any other critic of slope 1 gives less.",
    ]
    return Lesson(table("The earth mover's distance", rows), says, figure)


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.0), layout="constrained")
    axes = drawn.subplots(1, 3)
    _piles(axes[0])
    _plan(axes[1], drawn)
    _critic(axes[2])
    note = (
        "Left: the piles as they are (P) and as they are to be (Q). Middle: shovelfuls that the "
        "cheapest plan takes from a place of P to a place of Q. Right: the best 1-Lipschitz "
        "critic; the sum of its values times P - Q is the cost of the plan."
    )
    theme.caption(drawn, "Piles, the cheapest plan, and the critic that finds its cost", note)
    return drawn


def _piles(axis: Axes) -> None:
    places = np.arange(1, 5)
    axis.bar(places - 0.2, P, 0.36, color=theme.OWN["wgangp"], label="P")
    axis.bar(places + 0.2, Q, 0.36, color=theme.OWN["gan"], label="Q")
    axis.set(xticks=places, ylim=(0, 5), xlabel="place", ylabel="shovelfuls")
    axis.legend(loc="upper center", ncols=2)
    axis.set_title("piles")


def _plan(axis: Axes, drawn: Figure) -> None:
    best = plan(P, Q, COSTS)
    axis.imshow(best, cmap="Blues", vmin=0, vmax=5, extent=(0.5, 4.5, 4.5, 0.5))
    for (row, column), moved in np.ndenumerate(best):
        if moved > 0:
            axis.text(column + 1, row + 1, f"{moved:g}", ha="center", va="center", fontsize=12)
    axis.grid(False)
    axis.set(xticks=range(1, 5), yticks=range(1, 5), xlabel="to place (Q)", ylabel="from place (P)")
    axis.set_title("the plan")


def _critic(axis: Axes) -> None:
    axis.plot(range(1, 5), critic(P, Q), "o-", color=theme.OWN["wgangp"], lw=2)
    axis.set(xticks=range(1, 5), xlabel="place", ylabel="value of the critic")
    axis.set_title("the critic: slopes of at most 1")
