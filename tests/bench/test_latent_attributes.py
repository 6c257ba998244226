"""Slant, thickness and ink of shapes that are drawn with known ones; places of points."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from bench.generators.attributes import ink, radius, slant, thickness, x, y

FINE = 16  # times as many pixels to draw with


def drawn(polygon: list[tuple[float, float]], side: int = 28) -> Tensor:
    """[1, 1, side, side] in [-1, 1]: a filled polygon, corners in pixels from the upper left."""
    image = Image.new("L", (side * FINE, side * FINE))
    ImageDraw.Draw(image).polygon([(a * FINE, b * FINE) for a, b in polygon], fill=255)
    small = np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=np.float32)
    return torch.from_numpy(small)[None, None] / 127.5 - 1


def bar(width: float, degrees: float, height: float = 20) -> Tensor:
    """A bar sheared to the right, its horizontal cut as wide as that of the upright one."""
    lean = math.tan(math.radians(degrees)) * height / 2
    (left, right), (top, bottom) = (
        (14 - width / 2, 14 + width / 2),
        (14 - height / 2, 14 + height / 2),
    )
    return drawn(
        [(left + lean, top), (right + lean, top), (right - lean, bottom), (left - lean, bottom)]
    )


@pytest.mark.parametrize("degrees", [-30, -10, 0, 5, 25])
@pytest.mark.parametrize("width", [2, 4])
def test_slant_is_the_angle_that_was_drawn(degrees: float, width: float) -> None:
    assert slant(bar(width, degrees))[0] == pytest.approx(degrees, abs=0.5)


def test_slant_does_not_hang_on_place_or_brightness() -> None:
    image = bar(3, 15)
    moved = torch.roll(image, (2, -3), (2, 3))
    faint = (image + 1) / 4 - 1
    assert slant(moved)[0] == pytest.approx(slant(image)[0], abs=1e-6)
    assert slant(faint)[0] == pytest.approx(slant(image)[0], abs=1e-6)
    assert slant(image.flip(3))[0] == pytest.approx(-slant(image)[0], abs=1e-6)


@pytest.mark.parametrize("width", [2, 3, 4, 6])
def test_thickness_is_the_width_that_was_drawn(width: float) -> None:
    # A rectangle's mean distance to its edge is w / 4 - w^2 / (12 L): ends count as edges.
    wanted = width - width**2 / (3 * 24)
    assert thickness(bar(width, 0, height=24))[0] == pytest.approx(wanted, abs=0.15)


def test_thickness_of_a_ring_is_that_of_its_stroke() -> None:
    angles = np.linspace(0, 2 * np.pi, 200)
    disc = [drawn([(14 + r * np.cos(a), 14 + r * np.sin(a)) for a in angles]) for r in (10, 7)]
    ring = disc[0] - disc[1] - 1
    assert thickness(ring)[0] == pytest.approx(3, abs=0.2)


def test_thickness_reaches_the_edge_of_the_picture() -> None:
    assert thickness(drawn([(0, 0), (4, 0), (4, 28), (0, 28)]))[0] == pytest.approx(
        4 - 16 / (3 * 28), abs=0.15
    )


def test_ink_is_the_share_of_white() -> None:
    image = -torch.ones(1, 1, 28, 28)
    image[..., 4:24, 12:16] = 1
    assert ink(image)[0] == pytest.approx(4 * 20 / 28**2, abs=1e-6)
    colour = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(2, 3, 8, 8)
    assert ink(colour) == pytest.approx([1 / 3, 1 / 3])


def test_an_empty_picture_has_no_slant_and_no_thickness() -> None:
    both = torch.cat([-torch.ones(1, 1, 28, 28), bar(3, 10)])
    for measure in (slant, thickness):
        found = measure(both)
        assert np.isnan(found[0])
        assert np.isfinite(found[1])


def test_places_of_points() -> None:
    points = torch.tensor([[3.0, 4.0], [-1.0, 0.0]])
    assert x(points).tolist() == [3, -1]
    assert y(points).tolist() == [4, 0]
    assert radius(points).tolist() == [5, 1]
