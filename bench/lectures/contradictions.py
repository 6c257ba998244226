"""Where the notes contradict each other, or fail, and what decides.

Each contradiction is decided by a number that is computed here, by a published run, or both. The
functions give the numbers; `lesson` says what they mean.
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import nn

from gan_zoo import catalog as zoo
from gan_zoo.base import GAN, DataSpec
from gan_zoo.streams import Streams

from ..formats import Table
from ..plots import theme
from ..words import number
from . import collapse, convolution, information, lipschitz, vanishing
from .lesson import Lesson, published_claims

GREY = DataSpec((1, 28, 28), 10)
SOURCE = "def block(in, out): return nn.Linear(in, out)"  # how one note names its arguments
APART = 4  # two points this far apart
PENALTY = 10.0


class Decided(NamedTuple):
    """A contradiction, what decides it, what was found, and what holds."""

    notes: str
    by: str
    found: str
    so: str


def model_of(reference: str) -> GAN:
    """A model with the values of one of its presets, for MNIST, untrained."""
    model, _, name = reference.partition("@")
    preset, kind = zoo.preset_of(model, name), zoo.load(model)
    assert preset
    config = replace(kind.defaults, **preset.values)  # type: ignore[attr-defined]
    built: GAN = kind(GREY, config, Streams(0))
    return built


def influence(reference: str) -> float:
    """|gradient of one sample's score by another sample|, over that by itself."""
    model = model_of(reference)
    images = Streams(0)["lectures"].normal(16, *GREY.shape).requires_grad_()
    score = model.score(images, torch.zeros(16, dtype=torch.int64))[0]
    norms = torch.autograd.grad(score, images)[0].flatten(1).norm(dim=1)
    return float(norms[1:].norm() / norms[0])


def printed_eps() -> float:
    """The largest change of a pixel if batch norm has eps 1e-5 where 0.8 is printed."""
    model = model_of("gan@notes").train()
    latents = Streams(0)["lectures"].normal(64, model.config.latent_dim)
    images = []
    with torch.no_grad():
        for eps in (0.8, 1e-5):
            for layer in model.generator.modules():
                if isinstance(layer, nn.BatchNorm1d):
                    layer.eps = eps
            images.append(model.generator(latents, torch.zeros(64, dtype=torch.int64)))
    return float((images[0] - images[1]).abs().max())


def bounded(top: float) -> float:
    """The dual value of the best 1-Lipschitz critic with values in (0, top), on points APART."""
    return min(top, APART)


def penalised(sign: int, slope: float) -> float:
    """What the critic maximises on two points 1 apart: slope + sign * penalty (slope - 1)^2."""
    return slope + sign * PENALTY * (slope - 1) ** 2


def reached(detached: bool) -> int:
    """How many of the generator's tensors get a gradient, with and without `fake.detach()`."""
    model = model_of("dcgan@notes-b")
    labels = torch.zeros(8, dtype=torch.int64)
    fake = model.generator(model.draw_latents(8, Streams(0)["lectures"]), labels)
    model.score(fake.detach() if detached else fake, labels).mean().backward()
    return sum(p.grad is not None and bool(p.grad.any()) for p in model.generator.parameters())


def quotient(pixels: int) -> float:
    """|f(a) - f(b)| over the mean pixel difference, for slope 1 in L2 and pixels changed alike."""
    change = np.full(pixels, 0.1)
    return float(np.linalg.norm(change) / np.abs(change).mean())


def runs() -> bool:
    """Does the code with `in` as a name compile?"""
    try:
        compile(SOURCE, "notes", "exec")
    except SyntaxError:
        return False
    return True


def claim(number_: int, part: str, dataset: str) -> float:
    """The published effect of a claim on a data set; `part` as in claims.csv, "" for none."""
    rows = published_claims().fillna({"part": ""})
    own = rows[(rows["claim"] == number_) & (rows["part"] == part) & (rows["dataset"] == dataset)]
    return float(own["effect"].iloc[0])


def decided() -> list[Decided]:
    slopes, modes = vanishing.by_score(0.01), collapse.measured().groupby("model").mean()
    norms = modes["grad_norm/generator"]
    depth = [claim(11, f"clip={c:g}", "depth: swissroll") for c in (0.1, 0.01)]
    bits = information.coin(0.25) / math.log(2)
    middle = lipschitz.at_most_one()
    harm = claim(12, "", "mnist5k")
    sizes = [convolution.rising(x)[-1] for x in (convolution.GENERATOR, convolution.WITH_4)]
    return [
        Decided(
            "batch norm in WGAN-GP's critic: two have it, one forbids it",
            "gradient of a score by another sample; claim 12",
            f"{number(influence('wgangp@notes-bn'), 2)} of its own with, "
            f"{influence('wgangp@notes'):g} without; FID x {number(harm)} with it",
            "none in the critic: the penalty is on single samples",
        ),
        Decided(
            "kernel 3 or 4 in the second DCGAN",
            "bench lecture convolution",
            f"side {sizes[0]} and {sizes[1]}",
            "3, which fits MNIST",
        ),
        Decided(
            "BatchNorm(n, 0.8)",
            "a generator's images with eps 0.8 and with 1e-5, same weights",
            f"a pixel changes by up to {number(printed_eps(), 2)}",
            "torch reads eps; momentum was meant (gan@notes, gan@notes-momentum)",
        ),
        Decided(
            "min-max loss or -log D for the generator",
            "bench lecture vanishing; claim 7",
            f"slope {slopes['saturating']:g} and {slopes['non-saturating']:g} at D = 0.01",
            "-log D: the same fixed point, and a gradient on the way",
        ),
        Decided(
            "critic's output in (0, 1) or unbounded",
            f"dual value of two points {APART} apart",
            f"{bounded(1):g} at most in (0, 1), {bounded(math.inf):g} unbounded",
            "unbounded: else a distance above 1 cannot be seen",
        ),
        Decided(
            "the penalty's sign where the critic maximises",
            "its objective at slopes 1 and 100, two points 1 apart",
            f"-: {penalised(-1, 1):,g} and {penalised(-1, 100):,.0f}; "
            f"+: {penalised(1, 1):,g} and {penalised(1, 100):,.0f}",
            "minus under max, plus under min; plus under max rewards any slope",
        ),
        Decided(
            "fake.detach() in the generator's loss: one slide has it, the next has not",
            "tensors of the generator that get a gradient",
            f"{reached(True)} with it, {reached(False)} without",
            "not there: it stops the gradient; it belongs in the discriminator's loss",
        ),
        Decided(
            "1-Lipschitz because gradients explode, or because they vanish",
            "bench study depth, claim 11: last layer over first, clip 0.1 and 0.01",
            f"x {number(depth[0])} and x {number(depth[1])}",
            "neither: without a bound the dual is infinite; clipping does either, by its c",
        ),
        Decided(
            "collapse as few samples, or as gradients near zero",
            "bench lecture collapse",
            f"gan: {number(modes['modes']['gan'], 2)} modes, gradient {number(norms['gan'], 2)}; "
            f"wgan: {modes['modes']['wgan']:.3g}, {number(norms['wgan'], 2)}",
            "few samples: the gradients say the reverse here",
        ),
        Decided(
            "slope 1 everywhere, or at most 1",
            "bench lecture lipschitz: dual value, slope 0 and 1 where nothing moves",
            f"{middle[0]:.2f} and {middle[1]:.2f}",
            "at most 1; exactly 1 only where something moves",
        ),
        Decided(
            "|x1 - x2| as the mean difference of pixels, or as L2",
            "quotient of a critic of slope 1, all 784 pixels changed alike",
            f"{quotient(784):g} by the mean, 1 by L2",
            "L2, the norm of the gradient in the penalty",
        ),
        Decided(
            "bits or nats",
            "bench lecture information: H(0.25)",
            f"{bits:.3f} bits = {information.coin(0.25):.3f} nats, x {1 / math.log(2):.3f}",
            "either, said with the number; losses are in nats",
        ),
        Decided(
            "code with `in` as the name of an argument",
            "compile()",
            "it compiles" if runs() else "SyntaxError",
            "it does not run: `in` is a keyword",
        ),
    ]


def lesson() -> Lesson:
    rows = decided()
    heads = ["the notes", "decided by", "found", "so"]
    frame = pd.DataFrame(rows, columns=["notes", "by", "found", "so"])
    shown = Table("Contradictions of the notes", heads, [list(row) for row in rows], frame)
    says = ["Claims are those of results/reference-claims; the rest is computed here."]
    return Lesson(shown, says, figure)


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 3.8), layout="constrained")
    axes = drawn.subplots(1, 3)
    values: dict[str, dict[str, float]] = {
        "batch norm in the critic:\ngradient by another sample": (
            {"with": influence("wgangp@notes-bn"), "without": influence("wgangp@notes")}
        ),
        "fake.detach():\ntensors with a gradient": {
            "with": reached(True),
            "without": reached(False),
        },
        "critic in (0, 1): dual value\nof two points 4 apart": (
            {"bounded": bounded(1), "unbounded": bounded(math.inf)}
        ),
    }
    for axis, (title, pair) in zip(axes, values.items(), strict=True):
        bars = axis.bar(list(pair), list(pair.values()), 0.5, color=theme.OWN["wgangp"])
        axis.bar_label(bars, fmt=_short, padding=2)
        axis.margins(y=0.15)
        axis.set_title(title)
    note = (
        "Computed on untrained networks of the notes, and in closed form. A bar of 0 is the answer."
    )
    theme.caption(drawn, "Three of the contradictions, decided by a number", note)
    return drawn


def _short(value: float) -> str:
    return number(value, 2)
