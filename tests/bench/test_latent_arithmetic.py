"""Latent arithmetic where the answer is known: a generator that is linear in its latent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.errors import InputError
from bench.generators.arithmetic import CONTROLS, arithmetic
from bench.generators.groups import chosen, measured, parse
from bench.generators.load import Trained
from bench.generators.sampling import codes_of
from bench.generators.smoothness import pairs_of, smoothness
from gan_zoo.base import DataSpec
from gan_zoo.gan import VanillaGAN
from gan_zoo.streams import Streams
from tests.bench.tiny import plan_of, trials_of


class Fixed(nn.Module):
    """x = (3 z0, 2 z1), or, where it is bent, x = (3 |z0|, 2 z1)."""

    def __init__(self, bent: bool) -> None:
        super().__init__()
        self.bent = bent

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        first = z[:, 0].abs() if self.bent else z[:, 0]
        return torch.stack([3 * first, 2 * z[:, 1]], dim=1)


def trained(bent: bool = False) -> Trained:
    (trial,) = trials_of(plan_of("gan"))
    config = replace(VanillaGAN.defaults, backbone="mlp", width=4, latent_dim=3)
    model = VanillaGAN(DataSpec((2,), 8), config, Streams(0))
    model.generator = Fixed(bent)
    return Trained(Path("nowhere"), trial, model.eval())


def test_paths_along_one_axis_are_measured_straight() -> None:
    (trial,) = trials_of(plan_of("gan"))
    config = replace(VanillaGAN.defaults, backbone="mlp", width=4, latent_dim=1)
    model = VanillaGAN(DataSpec((2,), 8), config, Streams(0))
    one = Trained(Path("nowhere"), trial, model.eval())
    rows = smoothness(one, *pairs_of(one, 20, seed=0))  # half of the pairs lie opposite
    assert {row.way for row in rows} == {"linear"}


def test_all_of_a_linear_attribute_carries_over() -> None:
    found = arithmetic(trained(), "x>80%", "x<20%", "y>50%", n=2000)
    x, y, _ = found.carried[:3]
    # The mean of the upper fifth of a standard normal is pdf(0.8416) / 0.2 = 1.400.
    assert x.predicted.estimate == pytest.approx(2 * 3 * 1.400, rel=0.03)
    assert x.measured.estimate == pytest.approx(x.predicted.estimate, rel=1e-4)
    assert x.share is not None
    assert x.share.estimate == pytest.approx(1, abs=1e-4)
    assert x.share.low < 1 < x.share.high
    assert x.around.estimate == pytest.approx(x.predicted.estimate, rel=1e-4)
    assert found.length == pytest.approx(2 * 1.400, rel=0.05)
    assert abs(y.measured.estimate) < 0.5
    assert x.measured.n == 200


def test_random_directions_of_the_same_length_are_the_control() -> None:
    found = arithmetic(trained(), "x>80%", "x<20%", "y>50%", n=2000)
    x = found.carried[0]
    # In 3 dimensions the share of a random direction along z0 is uniform in [-1, 1].
    assert -3 * found.length <= x.control[0] < 0 < x.control[1] <= 3 * found.length
    assert max(-x.control[0], x.control[1]) > 0.5 * 3 * found.length
    assert x.p >= 1 / (1 + CONTROLS)


def test_two_attributes_are_wanted_together() -> None:
    groups = ("x>80%,y<0", "x<20%,y<0", "x<20%,y>0")
    found = arithmetic(trained(), *groups, n=4000, wanted="x>80%,y>0").reached
    assert found is not None
    assert (found.before.estimate, found.before.high) == (0, 0)
    # z0 < -0.842 moves by 2.8 and is then above 0.842 if it was above -1.958: 0.175 of 0.2. That
    # y stays above 0 is as good as sure: the groups' means of y are equal but for chance.
    assert found.after.estimate == pytest.approx(0.875, abs=0.07)
    assert found.after.low < found.after.estimate < found.after.high
    assert found.control[1] < found.after.estimate
    assert found.p == 1 / (1 + CONTROLS)
    assert arithmetic(trained(), *groups, n=1000).reached is None


def test_an_attribute_that_two_far_regions_share_does_not_carry_over() -> None:
    # Both ends of z0 have a large x: their mean latent is near 0, and nothing moves.
    found = arithmetic(trained(bent=True), "x>80%", "x<20%", "y>50%", n=2000)
    x = found.carried[0]
    assert x.predicted.estimate > 3
    assert abs(x.measured.estimate) < 0.5
    assert x.share is not None
    assert x.share.high < 0.3


def test_the_same_command_gives_the_same_numbers() -> None:
    one, two = (arithmetic(trained(), "x>80%", "x<20%", "y>50%", n=500) for _ in range(2))
    assert one.carried == two.carried
    other = arithmetic(trained(), "x>80%", "x<20%", "y>50%", n=500, seed=1)
    assert other.carried != one.carried


def test_expressions_choose_from_left_to_right() -> None:
    samples = measured(trained(), codes_of(trained(), 1000))
    x, y = samples.values["x"], samples.values["y"]
    right = np.flatnonzero(x > 1)
    assert chosen(samples, "x>1").tolist() == right.tolist()
    both = chosen(samples, "x>1,y>50%")
    assert both.tolist() == right[y[right] > np.quantile(y[right], 0.5)].tolist()
    assert samples.label is not None
    # Mode 0 of the ring is at (1.41, 0): its points lie within an eighth of a turn of that.
    of_first = chosen(samples, "label=0")
    angles = np.arctan2(y[of_first], x[of_first])
    assert np.abs(angles).max() <= np.pi / 8 + 1e-6


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("slant>3", "no attribute 'slant'"),
        ("radus>3", "did you mean 'radius'"),
        ("x=3", "x>80%"),
        ("label>3", "label=7"),
        ("x>120%", "between 0 and 100"),
        ("x>>3", "is no condition"),
        ("", "is no condition"),
        ("x>1e9", "is no condition"),
        ("x>1000", "0 of 1,000 samples have x>1000"),
        ("x>99%", "10 of 1,000 samples"),
    ],
)
def test_expressions_that_choose_nothing_are_told(expression: str, said: str) -> None:
    samples = measured(trained(), codes_of(trained(), 1000))
    with pytest.raises(InputError, match=said):
        chosen(samples, expression)


def test_an_expression_as_its_terms() -> None:
    first, second = parse(" label = 7 ,slant>2.5%", ["label", "slant"])
    assert (first.name, first.relation, first.value, first.quantile) == ("label", "=", 7, False)
    assert (second.name, second.relation, second.value) == ("slant", ">", 2.5)
    assert second.quantile


def test_equal_groups_have_no_difference() -> None:
    with pytest.raises(InputError, match="same samples"):
        arithmetic(trained(), "x>80%", "x>80%", "y>50%", n=500)


def test_a_linear_generator_maps_linear_paths_to_straight_even_ones() -> None:
    rows = {(r.way, r.measure): r for r in smoothness(trained(), *pairs_of(trained(), 20, seed=0))}
    assert rows["linear", "detour"].estimate == pytest.approx(1, abs=1e-5)
    assert rows["linear", "largest step"].estimate == pytest.approx(1, abs=1e-3)
    assert rows["spherical", "detour"].low > 1.01
    assert rows["linear", "detour"].n == 20
    assert {r.space for r in rows.values()} == {"plane"}
