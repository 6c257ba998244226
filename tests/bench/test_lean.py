"""What is computed without a slow import is what the library computes, to the last bit."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_kernel
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from bench.datasets.dataset import to_uint8
from bench.evaluation.pictures import as_picture, grid
from bench.metrics.frechet import fid
from bench.metrics.kernel import _kernel
from bench.metrics.memorisation import _z


class Features(nn.Module):
    """Takes the place of torchmetrics' network."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


@pytest.mark.parametrize(("n", "m", "d"), [(400, 1000, 64), (50, 70, 192), (30, 30, 1)])
def test_fid_is_that_of_torchmetrics_on_centred_features(n: int, m: int, d: int) -> None:
    torch.manual_seed(0)
    x, y = 3 * torch.randn(n, d).relu().double() + 1, torch.randn(m, d).double()
    known = FrechetInceptionDistance(feature=Features(d)).set_dtype(torch.float64)
    known.update(y - y.mean(0), real=True)
    known.update(x - x.mean(0), real=False)
    shift = (x.mean(0) - y.mean(0)).square().sum()
    assert fid(x, y) == float(shift + known.compute())
    assert torch.equal(_kernel(x, y), poly_kernel(x, y))


@pytest.mark.parametrize("shape", [(40, 1, 28, 28), (7, 3, 8, 9), (1, 1, 8, 8), (13, 3, 4, 4)])
def test_a_grid_and_its_picture_are_those_of_torchvision(shape: tuple[int, ...]) -> None:
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    known = make_grid(to_uint8(images), nrow=10)[: shape[1]]
    assert torch.equal(grid(images), known)
    for pixels in (known, torch.rand(shape[1:], generator=torch.Generator().manual_seed(1))):
        ours, theirs = as_picture(pixels), to_pil_image(pixels)
        assert ours.mode == theirs.mode
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_the_z_of_data_copying_is_that_of_scipys_u_with_ties() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.integers(0, 20, 30) / 3, rng.integers(0, 20, 40) / 3
        u = mannwhitneyu(x, y, method="asymptotic").statistic
        assert _z(x, y) == (u - 600) / (1200 * 71 / 12) ** 0.5


def test_a_process_that_trains_imports_no_library_that_only_others_need() -> None:
    code = "import sys\n"
    for module in ("bench.cli.running", "bench.training.train"):
        code += f"import {module}\nprint(*sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        loaded = {name.partition(".")[0] for name in line.split()}
        assert not loaded & {"torchvision", "torchmetrics", "scipy", "sklearn", "matplotlib"}
        assert {"torch", "pandas"} <= loaded
