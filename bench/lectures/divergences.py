"""KL and JS, the optimum of the GAN's game, and where both stay flat.

    KL(p, q) = E_p log p / q
    JS(p, q) = (KL(p, m) + KL(q, m)) / 2   with m = (p + q) / 2
    V(D)     = E_p log D + E_q log(1 - D), largest at D* = p / (p + q): V(D*) = 2 JS - 2 log 2

Goodfellow et al. 2014 (arXiv:1406.2661), theorem 1; Arjovsky et al. 2017 (arXiv:1701.07875),
example 1. All in nats.
"""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from ..plots import theme
from ..studies.distances import cross_entropy, entropy, jensen_shannon, lines
from .lesson import Lesson, Row, published, table

Floats = NDArray[np.float64]
P, Q = np.array([0.36, 0.48, 0.16]), np.array([1.0, 1.0, 1.0]) / 3
SHIFTS = (0.5, 1.0, 4.0)
OPTIMUM = -2 * math.log(2)


def kl(p: Floats, q: Floats) -> float:
    return cross_entropy(p, q) - entropy(p)


def value(p: Floats, q: Floats, scores: Floats) -> float:
    """V of the discriminator D = sigmoid(scores) on masses p and q [n]."""
    return float(p @ log_expit(scores) + q @ log_expit(-scores))


def trained(p: Floats, q: Floats) -> Floats:
    """The scores [n] of a discriminator that starts from D = 1 / 2 and climbs V."""

    def slope(scores: Floats) -> Floats:
        return np.asarray(q * expit(scores) - p * expit(-scores))

    return np.asarray(minimize(lambda s: -value(p, q, s), np.zeros(len(p)), jac=slope, tol=1e-12).x)


def game_on_ring8() -> pd.Series:
    """V of the published GAN on ring8 through training: points seen -> the mean over seeds.

    The discriminator's loss is half of -V.
    """
    rows = published("reference-ring8").curves
    losses = rows[(rows["model"] == "gan") & (rows["metric"] == "loss/discriminator")]
    means: pd.Series = losses.groupby("images")["value"].mean()
    return -2 * means


def lesson() -> Lesson:
    game = game_on_ring8()
    late = float(game[game.index > 0.9 * game.index.max()].mean())
    rows = [
        Row("KL(P, Q), P = (.36, .48, .16), Q = (1/3, 1/3, 1/3)", kl(P, Q), "nats"),
        Row("KL(Q, P)", kl(Q, P), "nats"),
        Row("JS(P, Q)", jensen_shannon(P, Q), "nats"),
        Row("JS(Q, P)", jensen_shannon(Q, P), "nats"),
        Row("2 JS(P, Q) - 2 log 2", 2 * jensen_shannon(P, Q) + OPTIMUM, "nats"),
        Row("V of the optimal D* = p / (p + q)", value(P, Q, np.log(P / Q)), "nats"),
        Row("V of a D that was trained from D = 1/2", value(P, Q, trained(P, Q)), "nats"),
        Row("V where P = Q", value(P, P, np.zeros(3)), "nats", "-1.386"),
        Row("V of the published GAN on ring8, last tenth", late, "nats"),
    ]
    for shift in SHIFTS:
        found = lines(shift, 16)
        rows += [Row(f"{name.upper()}, lines {shift:g} apart", found[name]) for name in found]
    least = (late - OPTIMUM) / 2
    says = [
        "KL has a direction and JS has none. The trained discriminator finds the optimum, "
        "2 JS - 2 log 2, which is smallest, -1.386, where the generator has the data's law.",
        "A trained D may be short of D*, so V bounds JS from below: on ring8 the generator is, at "
        f"the end, at least ({late:.3f} + 1.386) / 2 = {least:.3f} nats from the data.",
        "Two lines apart have JS = log 2 and an infinite KL at any shift above 0: neither says "
        "how far. The earth mover's distance is the shift.",
    ]
    return Lesson(table("Divergences", rows), says, lambda: figure(game))


@theme.themed
def figure(game: pd.Series) -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.0), layout="constrained")
    axes = drawn.subplots(1, 3)
    _discriminator(axes[0])
    _lines(axes[1])
    _game(axes[2], game)
    note = (
        "Left: masses P and Q on three places and the optimal discriminator between them. Middle: "
        "computed; KL of the lines is infinite. Right: mean over the seeds of reference-ring8; "
        "the dashed line is V where generator and data agree."
    )
    theme.caption(drawn, "Divergences, and the game whose optimum is one of them", note)
    return drawn


def _discriminator(axis: Axes) -> None:
    places = np.arange(len(P))
    axis.bar(places - 0.18, P, 0.34, color=theme.OWN["wgangp"], label="P")
    axis.bar(places + 0.18, Q, 0.34, color=theme.OWN["gan"], label="Q")
    axis.plot(places, P / (P + Q), "o--", color=theme.INK, label="D* = p / (p + q)")
    axis.set(xticks=places, ylim=(0, 0.9), xlabel="place", ylabel="mass; output of D*")
    axis.legend(loc="upper right")
    axis.set_title("the optimal discriminator")


def _lines(axis: Axes) -> None:
    shifts = np.linspace(0.001, 4, 60)
    found = [lines(float(shift), 4) for shift in shifts]
    for name, colour in (("js", theme.REST[0]), ("emd", theme.OWN["wgangp"])):
        axis.plot(shifts, [each[name] for each in found], color=colour, lw=2, label=name.upper())
    axis.set(xlim=(0, 4), ylim=(0, 4.2), xlabel="shift", ylabel="distance (JS in nats)")
    axis.legend(loc="upper left")
    axis.set_title("two parallel lines")


def _game(axis: Axes, game: pd.Series) -> None:
    rows = theme.thinned(game.rename("value").reset_index(), "images", 1)
    axis.plot(rows["images"], rows["value"], color=theme.OWN["gan"], lw=1.5)
    axis.axhline(OPTIMUM, color=theme.SOFT, ls="--", lw=1)
    axis.set(ylabel="V in nats", xlim=(0, None))
    theme.thousands(axis, "real points shown to D")
    axis.set_title("V of the GAN on ring8")
