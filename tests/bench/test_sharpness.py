"""Sharpness: waves of known power, white noise, the transfer function of a blur, real digits."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.datasets.dataset import load_dataset, to_unit
from bench.evaluation.images import sharp
from bench.extractors.judge import judge_of
from bench.metrics.sharpness import CUT, TOGETHER, fine, power, sharpness

SIDE = 28


def wave(down: int, across: int, size: float = 1.0) -> Tensor:
    """[1, 1, SIDE, SIDE]: a plane wave of so many cycles an image."""
    at = 2 * math.pi * torch.arange(SIDE) / SIDE
    return size * torch.cos(down * at[:, None] + across * at[None])[None, None]


def test_the_share_is_that_of_the_squared_sizes_of_waves() -> None:
    low, high = wave(3, 2), wave(6, 6, 0.5)  # 0.13 and 0.30 cycles a pixel
    assert fine(0.4 + low + high) == pytest.approx(0.25 / 1.25, rel=1e-5)
    assert fine(low) == pytest.approx(0, abs=1e-9)
    assert fine(wave(8, 0)) == pytest.approx(1)
    assert fine(wave(7, 0)) == pytest.approx(0, abs=1e-9)  # the cut itself is not beyond it
    assert fine(torch.zeros(2, 1, SIDE, SIDE)) == 0
    assert sharpness(low + high, 0.4) == pytest.approx(0.5, rel=1e-5)


def test_white_noise_has_the_share_of_the_frequencies_beyond_the_cut() -> None:
    noise = torch.randn(2 * TOGETHER + 1, 1, SIDE, SIDE, generator=torch.manual_seed(0))
    lengths = [math.hypot(a, b) for a in range(-14, 14) for b in range(-14, 14)]
    beyond = sum(length > CUT * SIDE for length in lengths) / (SIDE * SIDE - 1)
    assert fine(noise) == pytest.approx(beyond, abs=0.003)
    assert fine(noise.expand(-1, 3, -1, -1)) == pytest.approx(fine(noise), rel=1e-9)


def test_a_blur_takes_what_its_transfer_function_says() -> None:
    images = torch.randn(4, 1, SIDE, SIDE, generator=torch.manual_seed(1))
    blurred = sum(torch.roll(images, (i, j), (2, 3)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
    at = 2 * np.pi * np.fft.fftfreq(SIDE)
    passed = ((1 + 2 * np.cos(at)) / 3) ** 2
    expected = power(images).numpy() * np.outer(passed, passed)
    np.testing.assert_allclose(power(torch.as_tensor(blurred)).numpy(), expected, atol=1e-3)


def test_held_out_digits_are_as_sharp_as_themselves_and_blurred_ones_less() -> None:
    judge = judge_of("mnist5k", None, "digits-lenet", "cpu")
    digits = to_unit(load_dataset("mnist5k").holdout.samples)
    (row,) = sharp(judge, digits)
    assert (row.features, row.samples, row.reference) == ("pixels", 1000, "holdout:1000")
    assert row.value == pytest.approx(1)
    (less,) = sharp(judge, torch.nn.functional.avg_pool2d(digits, 3, 1, 1))
    assert 0.01 < less.value < 0.5
    train = to_unit(load_dataset("mnist5k").train.samples)
    assert sharp(judge, train)[0].value == pytest.approx(1, abs=0.1)
