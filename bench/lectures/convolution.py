"""Sizes of convolutions and of transposed convolutions, step by step.

    convolution             out = floor((in + 2 padding - kernel) / stride) + 1
    transposed convolution  out = (in - 1) stride - 2 padding + kernel

A convolution is a matrix C [out^2, in^2] on flattened images, and the transposed convolution with
the same kernel, stride and padding is its transpose (Dumoulin & Visin 2016, arXiv:1603.07285).
"""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..plots import theme
from .lesson import Lesson, Row, table

Floats = NDArray[np.float64]


class Layer(NamedTuple):
    """A layer's kernel, stride and padding."""

    kernel: int
    stride: int = 1
    padding: int = 0

    def __str__(self) -> str:
        return f"kernel {self.kernel}, stride {self.stride}, padding {self.padding}"


WORKED = [Layer(3), Layer(3, 1, 1), Layer(3, 2), Layer(3, 2, 1), Layer(4, 2, 1), Layer(4, 2)]
GENERATOR = [Layer(3, 2), Layer(4, 1), Layer(3, 2), Layer(4, 2)]
WITH_4 = [Layer(4, 2), Layer(4, 1), Layer(4, 2), Layer(4, 2)]  # what one note prints as default
DOUBLING = [Layer(4, 2, 1)] * 4
CRITIC = [Layer(4, 2)] * 3
SIDES = {"the notes' generator": ("3", "6", "13", "28"), "with kernel 4": ("", "", "", "34")}
PLANES = (10, 256, 128, 64, 1)  # of the notes' generator


def size(side: int, layer: Layer) -> int:
    return (side + 2 * layer.padding - layer.kernel) // layer.stride + 1


def transposed_size(side: int, layer: Layer) -> int:
    return (side - 1) * layer.stride - 2 * layer.padding + layer.kernel


def convolved(image: Floats, kernel: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """An image [n, n] under a kernel [k, k], as networks do it (without turning the kernel)."""
    padded = np.pad(image, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.asarray(np.einsum("ijkl,kl->ij", windows[::stride, ::stride], kernel))


def matrix(side: int, kernel: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """The convolution of a side x side image as a matrix [out^2, side^2]."""
    basis = np.eye(side * side).reshape(-1, side, side)
    columns = [convolved(image, kernel, stride, padding).ravel() for image in basis]
    return np.stack(columns, axis=1)


def rising(layers: list[Layer], side: int = 1) -> list[int]:
    """The side after each transposed convolution."""
    sides = [side]
    for layer in layers:
        sides.append(transposed_size(sides[-1], layer))
    return sides[1:]


def parameters(layers: list[Layer]) -> int:
    """Weights and biases of the notes' generator with these layers, and 2 a plane of batch norm."""
    steps = zip(PLANES, PLANES[1:], layers, strict=False)
    return sum(a * b * layer.kernel**2 + b for a, b, layer in steps) + 2 * sum(PLANES[1:-1])


def lesson() -> Lesson:
    rng, rows = np.random.default_rng(0), []
    for layer in WORKED:
        image, kernel = rng.normal(size=(6, 6)), rng.normal(size=(layer.kernel,) * 2)
        side = len(convolved(image, kernel, layer.stride, layer.padding))
        rows.append(Row(f"6 x 6, {layer}", side, "side"))
    for name, layers in (("the notes' generator", GENERATOR), ("with kernel 4", WITH_4)):
        before = 1
        for layer, after, printed in zip(layers, rising(layers), SIDES[name], strict=True):
            step = f"{name}: ({before} - 1) x {layer.stride} + {layer.kernel}"
            rows.append(Row(step, after, "side", printed))
            before = after
        printed = {"with kernel 4": "698,689", "the notes' generator": "623,425"}[name]
        rows.append(Row(f"{name}: parameters", parameters(layers), "", printed))
    for before, after, printed in zip(
        (1, 2, 4, 8), rising(DOUBLING), ("2", "4", "8", "16"), strict=True
    ):
        text = f"{DOUBLING[0]}: ({before} - 1) x 2 - 2 + 4"
        rows.append(Row(text, after, "side", printed))
    side = 28
    for layer in CRITIC:
        rows.append(Row(f"the critic: ({side} - 4) / 2 + 1", size(side, layer), "side"))
        side = size(side, layer)
    says = [
        "Two of the notes print kernel 3, which gives MNIST's 28; kernel 4 gives 34. The sizes "
        "that they work out, 1 to 16, are those of a padding of 1, which their code does not have.",
        "Sides of 6 x 6 are measured on a convolved image, and the formula is held to them. The "
        "transposed convolution is the transpose of the convolution's matrix, not its inverse.",
    ]
    return Lesson(table("Convolution arithmetic", rows), says, figure)


@theme.themed
def figure() -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.2), layout="constrained")
    left, right = drawn.subplots(1, 2, width_ratios=(1.2, 1))
    _matrix(left)
    _sides(right)
    note = (
        "Left: a row for each of the 2 x 2 outputs, a column for each of the 4 x 4 inputs; dark: "
        "one of the nine weights. Read down its columns it is the transposed convolution, 2 x 2 "
        "to 4 x 4. Right: the side after each layer."
    )
    theme.caption(drawn, "A convolution is a matrix, and its transpose makes images larger", note)
    return drawn


def _matrix(axis: Axes) -> None:
    kernel = np.arange(1.0, 10).reshape(3, 3)
    axis.imshow(matrix(4, kernel), cmap="Blues", vmin=0, vmax=12, aspect="auto")
    for (row, column), weight in np.ndenumerate(matrix(4, kernel)):
        if weight:
            axis.text(column, row, f"w{weight:g}", ha="center", va="center", fontsize=8)
    axis.grid(False)
    axis.set(xticks=range(16), yticks=range(4), xlabel="pixel of the 4 x 4 image")
    axis.set_ylabel("pixel of the 2 x 2 result")
    axis.set_title("kernel 3, stride 1, no padding")


def _sides(axis: Axes) -> None:
    series = {
        "kernels 3, 4, 3, 4 (the notes' generator)": (GENERATOR, theme.OWN["wgangp"]),
        "kernel 4 throughout": (WITH_4, theme.REST[0]),
        "kernel 4, padding 1": (DOUBLING, theme.OWN["dcgan"]),
    }
    for name, (layers, colour) in series.items():
        sides = [1, *rising(layers)]
        axis.plot(range(5), sides, "o-", color=colour, lw=2, label=name)
        axis.annotate(f"{sides[-1]}", (4, sides[-1]), (8, -4), textcoords="offset points")
    axis.axhline(28, color=theme.SOFT, ls="--", lw=1)
    axis.set(xticks=range(5), xlabel="transposed convolutions", ylabel="side", ylim=(0, 37))
    axis.legend(loc="upper left")
    axis.set_title("from one pixel to MNIST's 28 (dashed)")
