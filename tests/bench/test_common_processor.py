"""On a processor with AVX2 and no bf16, as most are: `make test` runs these as if on such a one."""

import pytest
import torch

from bench.checks import bf16
from gan_zoo.base import DataSpec
from gan_zoo.gan import VanillaGAN

from .test_hostile import cli, one_line

pytestmark = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() != "AVX2", reason="a processor that has more than AVX2"
)


def test_bf16_is_found_out_before_it_trains() -> None:
    asked = ["run", "--dry-run", "--precision", "bf16", "--models", "gan", "--device", "cpu"]
    line = one_line(cli(*asked))
    assert float(line.partition("fp32: gan ")[2].partition(";")[0]) < 0.7
    assert "insist with --precision bf16!" in line


def test_a_measurement_takes_no_longer_than_it_says_and_two_steps() -> None:
    points = DataSpec((2,), 8)
    fp32, slow = bf16.step_seconds(VanillaGAN, VanillaGAN.defaults, points, "cpu", 64, 0.1)
    assert 0 < fp32 < 1
    assert 0 < slow < 1
