"""Paths between codes, and what they are measured by, against closed forms and scipy."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial import geometric_slerp
from scipy.stats import kstest, truncnorm

from bench.errors import InputError
from bench.generators.paths import linear, path, spherical
from bench.generators.sampling import Codes, truncated
from bench.generators.smoothness import course, crossfade, from_data

RNG = torch.Generator().manual_seed(0)


def test_spherical_is_scipys_arc_on_the_unit_sphere() -> None:
    a, b = (torch.randn(1, 5, generator=RNG, dtype=torch.float64) for _ in range(2))
    a, b = a / a.norm(), b / b.norm()
    t = torch.linspace(0, 1, 7, dtype=torch.float64)
    wanted = geometric_slerp(a[0].numpy(), b[0].numpy(), t.numpy())
    found = spherical(a.expand(7, -1), b.expand(7, -1), t[:, None])
    assert found.numpy() == pytest.approx(wanted, abs=1e-9)


def test_spherical_keeps_the_norm_that_linear_loses() -> None:
    a, b, half = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]]), torch.tensor([[0.5]])
    assert spherical(a, b, half).norm().item() == pytest.approx(3, abs=1e-5)
    assert linear(a, b, half).norm().item() == pytest.approx(3 / math.sqrt(2), abs=1e-5)


def test_spherical_of_one_direction_is_straight_and_of_opposite_ones_refused() -> None:
    a = torch.tensor([[1.0, 2.0]])
    assert spherical(a, 3 * a, torch.tensor([[0.5]])).tolist() == [[2.0, 4.0]]
    with pytest.raises(ValueError, match="opposite"):
        spherical(a, -a, torch.tensor([[0.5]]))
    start, end = (Codes(z, torch.zeros(1, dtype=torch.int64)) for z in (a, -a))
    with pytest.raises(InputError, match="--linear"):
        path(start, end, 3)


def test_a_path_has_both_ends_and_mixes_labels() -> None:
    start = Codes(torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1]))
    end = Codes(torch.tensor([[2.0], [5.0]]), torch.tensor([2, 1]))
    codes = path(start, end, 3, "linear", classes=3)
    assert codes.latents[:, 0].tolist() == [0, 1, 2, 1, 3, 5]
    assert codes.labels.tolist() == [
        *([1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]),
        *([0, 1, 0], [0, 1, 0], [0, 1, 0]),
    ]
    same = path(start, Codes(end.latents, start.labels), 3, "linear", classes=3)
    assert same.labels.tolist() == [0, 0, 0, 1, 1, 1]
    with pytest.raises(InputError, match="2 points"):
        path(start, end, 1)


def test_the_course_of_paths_by_hand() -> None:
    places = torch.tensor(
        [
            [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]],  # around a corner
            [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]],  # straight, even
            [[0.0, 0.0], [0.0, 0.0], [0.0, 6.0]],  # one jump of two steps
            [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]],  # stays
        ]
    )
    found = course(places)
    assert found.length.tolist() == [7, 2, 6, 0]
    assert found.straight.tolist() == [5, 2, 6, 0]
    assert found.detour[:3].tolist() == pytest.approx([1.4, 1, 1])
    assert found.largest[:3].tolist() == pytest.approx([4 / 3.5, 1, 2])
    assert math.isnan(found.detour[3])
    assert math.isnan(found.largest[3])


def test_how_far_from_the_data_a_path_leads() -> None:
    train = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    places = torch.tensor([[[0.0, 1.0], [5.0, 0.0], [10.0, 3.0]]])
    ends, halfway = from_data(places, train)
    assert ends.tolist() == [2]
    assert halfway.tolist() == [5]


def test_a_crossfade_is_straight_and_even_in_pixels() -> None:
    a, b = torch.rand(3, 1, 4, 4, generator=RNG), torch.rand(3, 1, 4, 4, generator=RNG)
    faded = crossfade(a, b, 5)
    assert torch.equal(faded[:, 0], a)
    assert faded[:, 2].numpy() == pytest.approx(((a + b) / 2).numpy(), abs=1e-6)
    found = course(faded)
    assert found.detour.tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert found.largest.tolist() == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.parametrize("threshold", [0.1, 0.7, 2.0])
def test_truncated_latents_have_scipys_law_and_keep_their_order(threshold: float) -> None:
    latents = torch.randn(400, 50, generator=RNG)
    found = truncated(latents, threshold)
    assert found.abs().max() <= threshold
    law = truncnorm(-threshold, threshold)
    assert kstest(found.double().flatten().numpy(), law.cdf).pvalue > 0.01
    order = latents.flatten().argsort()
    assert np.all(np.diff(found.flatten()[order].numpy()) >= 0)


def test_a_wide_threshold_changes_nothing_and_a_wrong_one_is_refused() -> None:
    latents = torch.randn(100, 4, generator=RNG)
    assert truncated(latents, 30.0).numpy() == pytest.approx(latents.numpy(), abs=1e-5)
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="above 0"):
            truncated(latents, wrong)
