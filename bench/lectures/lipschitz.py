"""Lipschitz constants, and what clipping and the penalty leave of a critic.

    f is K-Lipschitz  where |f(a) - f(b)| <= K |a - b| for all a and b

The example: P is half at -.75 and half at .75, Q half at -.25 and half at .25, so W = .5. With g
what must be carried past a place (`transport.by_hand`), a critic of slope s gives the dual value
-sum s g. On a line both constraints can be solved at hand:

    clipping  a sum of n ReLU units with output weights a_j in [-c, c] is linear in a_j, so each
              best a_j is at the bound, whatever the data
    penalty   max over s of -s g - penalty (|s| - 1)^2 w, with w the density of x^, has
              |s| = 1 + |g| / (2 penalty w): above 1 where something moves, 1 where nothing does
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..plots import theme
from .lesson import Lesson, Row, table

Floats = NDArray[np.float64]
FINE = np.linspace(-1, 1, 2001)
P, Q = np.array([-0.75, 0.75]), np.array([-0.25, 0.25])
UNITS, CLIP = 64, 0.01
INSIDE = (-0.75, 0.75)  # where x^ lies; it is taken as uniform there
FUNCTIONS: dict[str, tuple[Callable[[Floats], Floats], float, float]] = {
    "|x| on [-2, 2]": (np.abs, -2.0, 2.0),
    "sin x on [-2, 2]": (np.sin, -2.0, 2.0),
    "3 x on [-2, 2]": (lambda x: 3 * x, -2.0, 2.0),
    "x^2 on [-2, 2]": (np.square, -2.0, 2.0),
    "sqrt x on [0, 1]": (np.sqrt, 0.0, 1.0),
}


def constant(values: Floats, places: Floats) -> float:
    """The largest |f(a) - f(b)| / |a - b| over all pairs of places [n]."""
    distance = np.abs(np.subtract.outer(places, places))
    rise = np.abs(np.subtract.outer(values, values))
    return float((rise[distance > 0] / distance[distance > 0]).max())


def dual(values: Floats) -> float:
    """E_P f - E_Q f of a critic with these values at the places FINE."""
    return float(np.interp(P, FINE, values).mean() - np.interp(Q, FINE, values).mean())


def carried() -> Floats:
    """g at the middles of FINE's cells [2000]: the share of P less that of Q to the left."""
    middles = (FINE[1:] + FINE[:-1]) / 2
    left = [(points[:, None] < middles).mean(0) for points in (P, Q)]
    return np.asarray(left[0] - left[1])


def clipped(units: int, clip: float) -> tuple[Floats, Floats]:
    """The best clipped critic of one hidden layer: its values at FINE and its output weights.

    Units are clip * relu(+-(x - t)), half of them facing each way, with t spread evenly
    where x^ lies.
    """
    knots = np.linspace(*INSIDE, units // 2 + 2)[1:-1]
    facing = np.concatenate([FINE[:, None] - knots, knots - FINE[:, None]], axis=1)
    features = clip * np.maximum(facing, 0)
    gains = np.array([dual(feature) for feature in features.T])
    weights = clip * np.sign(gains)
    return features @ weights, weights


def penalised(penalty: float) -> Floats:
    """The values at FINE of the critic that is best under the penalty."""
    density, middles = 1 / (INSIDE[1] - INSIDE[0]), (FINE[1:] + FINE[:-1]) / 2
    # Downwards where P is carried to the right. Where nothing moves either sign is as good.
    slopes = np.sign(middles) * (1 + np.abs(carried()) / (2 * penalty * density))
    return np.concatenate([[0.0], np.cumsum(slopes * np.diff(FINE))])


def flat() -> Floats:
    """Slope 1 where something moves and 0 elsewhere: 1-Lipschitz, and as good as any."""
    return np.concatenate([[0.0], np.cumsum(-np.sign(carried()) * np.diff(FINE))])


def lesson() -> Lesson:
    rows = []
    for name, (function, low, high) in FUNCTIONS.items():
        places = np.linspace(low, high, 401)
        rows.append(Row(f"largest quotient of {name}", constant(function(places), places)))
    values, weights = clipped(UNITS, CLIP)
    inside = np.abs(FINE) <= INSIDE[1]
    steepest = constant(values[inside][::10], FINE[inside][::10])
    shares = [float(np.mean(np.abs(weights) == CLIP)), dual(values) / steepest]
    rows += [
        Row("earth mover's distance of the example, a dual value", dual(flat())),
        Row(f"dual value, clipped: {UNITS} units, c = {CLIP:g}", dual(values)),
        Row("that divided by its largest slope", shares[1]),
        Row("share of its output weights at the bound", shares[0]),
        Row("most slope of 1 hidden layer, 64 units: 64 c^2", UNITS * CLIP**2),
        Row("most slope of 3 hidden layers: c (64 c)^3", CLIP * (UNITS * CLIP) ** 3),
    ]
    flat_there, steep_there = at_most_one()
    for penalty in (10.0, 0.1):
        slope = constant(penalised(penalty)[inside][::10], FINE[inside][::10])
        rows.append(Row(f"largest slope under the penalty of {penalty:g}", slope))
    rows += [
        Row("the same where nothing moves, penalty of 10", _middle(penalised(10.0)), notes="1"),
        Row("dual value of a critic of slope 0 where nothing moves", flat_there),
        Row("dual value of a critic of slope 1 there", steep_there),
    ]
    says = [
        "sqrt x has no constant: its quotient grows without end as the pairs near 0 come closer.",
        "The best clipped critic has every weight at its bound, because its value is linear in "
        f"them. It is a smooth bowl and not |x|: divided by its largest slope, {steepest:.4f}, it "
        f"tells P from Q by {shares[1]:.2f}, a free critic by .5. That is the loss of capacity.",
        "The penalty's critic is steeper than 1 exactly where something has to be moved, by "
        "g / (2 penalty w): a little with 10, much with 0.1. Where nothing moves, slope 1 gains "
        "nothing; at most 1 is all that the distance asks for.",
    ]
    return Lesson(table("Lipschitz critics", rows), says, figure)


def _middle(values: Floats) -> float:
    middle = np.abs(FINE) < 0.2
    return constant(values[middle][::10], FINE[middle][::10])


def at_most_one() -> tuple[float, float]:
    """The dual values of two critics: where nothing moves one has slope 0 and the other slope 1."""
    return dual(flat()), dual(np.abs(FINE))


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.2), layout="constrained")
    left, right = drawn.subplots(1, 2, width_ratios=(1, 1.4))
    _cone(left)
    _critics(right)
    note = (
        "Left: the cone of slope 1 at a point of sin x holds the whole curve; that of x^2 does "
        "not hold its own. Right: each critic divided by its largest slope, so that all are "
        "1-Lipschitz, and 0 in the middle; filled dots P, hollow dots Q."
    )
    theme.caption(drawn, "What 1-Lipschitz means, and which critics are left", note)
    return drawn


def _cone(axis: Axes) -> None:
    x, a = np.linspace(-2, 2, 201), 0.6
    wide = np.abs(x - a)
    axis.fill_between(x, np.sin(a) - wide, np.sin(a) + wide, color="#cfe3f1", label="cone, K = 1")
    axis.plot(x, np.sin(x), color=theme.OWN["wgangp"], lw=2, label="sin x")
    axis.plot(x, np.square(x) - a**2 + np.sin(a), color=theme.REST[0], lw=2, label="x^2, shifted")
    axis.plot(a, np.sin(a), "o", color=theme.INK)
    axis.set(xlim=(-2, 2), ylim=(-2, 3.5), xlabel="x", ylabel="f(x)")
    axis.legend(loc="lower right")
    axis.set_title("the cone")


def _critics(axis: Axes) -> None:
    inside = np.abs(FINE) <= INSIDE[1]
    critics = {
        "slope at most 1": (flat(), theme.INK),
        "penalty 10": (penalised(10.0), theme.OWN["wgangp"]),
        "penalty 0.1": (penalised(0.1), theme.OWN["dcgan"]),
        f"clipped, {UNITS} units": (clipped(UNITS, CLIP)[0], theme.REST[0]),
    }
    for name, (values, colour) in critics.items():
        scaled = (values - values[len(values) // 2]) / constant(
            values[inside][::10], FINE[inside][::10]
        )
        axis.plot(FINE[inside], scaled[inside], color=colour, lw=2, label=name)
    for points, face in ((P, theme.INK), (Q, "white")):
        axis.plot(points, [-0.62] * 2, "o", color=theme.INK, mfc=face, ms=8, clip_on=False)
    axis.set(xlim=(-0.8, 0.8), ylim=(-0.62, 0.75), xlabel="x", ylabel="critic / its largest slope")
    axis.legend(loc="upper center")
    axis.set_title("critics of P and Q")
