"""Distances of what moves apart: closed forms, scipy, and the lectures' worked numbers."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm

from bench.studies import distances
from bench.studies.settings import Distances


@pytest.mark.parametrize(
    ("p", "bits", "nats"), [(0.001, 0.0114, 0.0079), (0.5, 1.0, 0.693), (0.25, 0.811, 0.562)]
)
def test_binary_entropies_are_those_of_the_lectures(p, bits, nats):
    found = distances.entropy(np.array([p, 1 - p]))
    assert found == pytest.approx(nats, abs=5e-4)
    assert found / math.log(2) == pytest.approx(bits, abs=5e-4)


@pytest.mark.parametrize(
    ("mean", "integral", "printed"), [(0, 1.419, 17.55), (2, 3.419, 42.30), (4, 9.419, 116.54)]
)
def test_cross_entropies_are_the_integrals_and_the_lectures_sums(mean, integral, printed):
    wide = np.linspace(-14, 18, 20_001)
    found = distances.cross_entropy(norm.pdf(wide), norm.pdf(wide, mean), wide)
    assert found == pytest.approx(integral, abs=5e-4)
    assert found == pytest.approx(math.log(2 * math.pi) / 2 + (1 + mean**2) / 2, abs=1e-6)
    # What the notes print: a sum over 100 points of [-4, 4] that is not divided by anything.
    few = np.linspace(-4, 4, 100)
    assert distances.cross_entropy(norm.pdf(few), norm.pdf(few, mean)) == pytest.approx(
        printed, abs=0.02
    )


@pytest.mark.parametrize("shift", [0.01, 0.5, 3.0])
def test_parallel_lines_have_their_closed_forms(shift):
    found = distances.lines(shift, atoms=16)
    assert found["js"] == pytest.approx(math.log(2), rel=1e-12)
    assert found["kl"] == math.inf
    assert found["emd"] == pytest.approx(shift, rel=1e-12)


def test_lines_that_lie_on_each_other_have_no_distance():
    assert distances.lines(0.0, atoms=16) == pytest.approx({"js": 0, "kl": 0, "emd": 0}, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.7, 2.0, 6.0])
def test_gaussians_agree_with_closed_forms_and_an_adaptive_quadrature(shift):
    found = distances.gaussians(shift)
    assert found["kl"] == pytest.approx(shift**2 / 2, abs=1e-8)
    assert found["emd"] == pytest.approx(shift, abs=1e-9)

    def density(x):
        p, q = norm.pdf(x), norm.pdf(x, shift)
        return (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) / 2

    assert found["js"] == pytest.approx(quad(density, -10, shift + 10)[0], abs=1e-8)


def test_jensen_shannon_of_masses_is_scipys():
    p, q = np.array([0.1, 0.2, 0.7, 0.0]), np.array([0.0, 0.5, 0.25, 0.25])
    assert distances.jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q) ** 2, rel=1e-12)


def test_rows_hold_distances_and_the_gradients_that_exist():
    shares: list[float] = []
    rows = distances.run(Distances(reach=4.0, points=3, atoms=4), 0, shares.append)["rows"]
    assert {tuple(row) for row in rows} == {("shift", "quantity", "value")}
    by = {(row["shift"], row["quantity"]): row["value"] for row in rows}
    assert by[2.0, "js_grad"] == 0.0
    assert by[2.0, "emd_grad"] == pytest.approx(1, abs=1e-9)
    assert by[2.0, "gaussians/kl_grad"] == pytest.approx(2, abs=1e-6)
    assert by[2.0, "gaussians/emd_grad"] == pytest.approx(1, abs=1e-9)
    step = 1e-2  # of another difference, so of its own error
    slope = distances.gaussians(4 + step)["js"] - distances.gaussians(4 - step)["js"]
    assert by[4.0, "gaussians/js_grad"] == pytest.approx(slope / (2 * step), rel=1e-3)
    assert 0.06 < by[4.0, "gaussians/js_grad"] < 0.08
    assert not [key for key in by if key[1] == "kl_grad" or (key[0] == 0 and "grad" in key[1])]
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])


def test_gradients_at_shifts_below_the_usual_step_do_not_cross_zero():
    rows = distances.run(Distances(reach=1e-3, points=3, atoms=4), 0, lambda share: None)["rows"]
    by = {(row["shift"], row["quantity"]): row["value"] for row in rows}
    for shift in (5e-4, 1e-3):
        assert by[shift, "emd_grad"] == pytest.approx(1, abs=1e-9)
        assert by[shift, "js_grad"] == 0.0
        assert by[shift, "gaussians/emd_grad"] == pytest.approx(1, abs=1e-6)
