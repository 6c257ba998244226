"""Stacked MNIST: each channel looked up among the digits, the counts against closed forms."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import Tensor

from bench.datasets.dataset import Dataset, Split, to_unit
from bench.datasets.digits import mnist5k
from bench.datasets.stacked import MODES, PROTOCOL, combined, stacked_mnist
from bench.errors import InputError
from bench.extractors.network import load_extractor
from bench.metrics.modes import class_shares, mode_kl, modes_sampled

# Images a digit in MNIST's training set (LeCun et al. 1998).
MNIST = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


@pytest.fixture(scope="module")
def data() -> Dataset:
    return stacked_mnist()


def digits_of(split: Split) -> dict[bytes, int]:
    images = (image.tobytes() for image in split.samples.numpy())
    return dict(zip(images, split.labels.tolist(), strict=True))


def drawn(seed: int, shares: list[float]) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.choice(10, size=(PROTOCOL, 3), p=shares))


def counted(digits: Tensor) -> tuple[Any, Any]:
    """Modes and KL to uniform of digits [n, 3]."""
    shares = class_shares(combined(digits), MODES)
    return modes_sampled(shares), mode_kl(shares)


def test_it_has_the_promised_shapes_and_names(data: Dataset) -> None:
    assert (data.name, data.spec.shape, data.spec.classes) == ("stacked-mnist", (3, 28, 28), 1000)
    assert (data.mode_names[0], data.mode_names[42], data.mode_names[999]) == ("000", "042", "999")
    for split, n in ((data.train, 25_600), (data.holdout, 6_400)):
        assert split.samples.shape == (n, 3, 28, 28)
        assert (split.samples.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert split.labels.shape == (n,)


@pytest.mark.parametrize("part", ["train", "holdout"])
def test_every_channel_is_a_digit_of_the_same_split(part: str, data: Dataset) -> None:
    known, split = digits_of(getattr(mnist5k(), part)), getattr(data, part)
    channels = split.samples[:3000].numpy()
    found = [[known[channel.tobytes()] for channel in image] for image in channels]
    assert [100 * a + 10 * b + c for a, b, c in found] == split.labels[:3000].tolist()


def test_channels_are_independent_and_digits_uniform(data: Dataset) -> None:
    labels = data.train.labels
    digits = torch.stack([labels // 100, labels // 10 % 10, labels % 10], dim=1)
    for k in range(3):
        counts = digits[:, k].bincount(minlength=10)
        assert (counts - 2560).abs().max() < 5 * math.sqrt(2560)
    # Each channel often equals each other one in 10 % of the images, deviation 0.19 %.
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert float((digits[:, a] == digits[:, b]).double().mean()) == pytest.approx(0.1, abs=0.01)
    assert len(labels.unique()) == 1000


def test_it_never_moves(data: Dataset) -> None:
    again = stacked_mnist()
    assert torch.equal(again.train.samples, data.train.samples)
    sha256 = hashlib.sha256(data.train.samples.numpy().tobytes()).hexdigest()
    assert sha256 == "75901cd290e6fffdaf6325dfdc1b75818863660bf302c47cfd83b862ea119f58"
    fewer = stacked_mnist(train=100, holdout=10)
    assert torch.equal(fewer.train.samples, data.train.samples[:100])


def test_resized_digits_are_stacked() -> None:
    data = stacked_mnist(size=20, train=200, holdout=10)
    assert data.spec.shape == (3, 20, 20)
    known = digits_of(mnist5k(size=20).train)
    assert all(channel.tobytes() in known for channel in data.train.samples.flatten(0, 1).numpy())


def test_whose_digits(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"did you mean 'stacked-mnist'\?$"):
        stacked_mnist("stacked-mnits")
    with pytest.raises(ValueError, match="4 to 1,024 pixels, not 2"):
        stacked_mnist(size=2)


def test_a_mode_is_a_number_of_three_digits() -> None:
    assert combined(torch.tensor([[1, 2, 3], [0, 0, 0], [9, 9, 9]])).tolist() == [123, 0, 999]


@pytest.mark.parametrize("modes", [1, 2, 500, 1000])
def test_an_even_part_of_the_modes(modes: int) -> None:
    labels = torch.arange(26_000) % modes
    digits = torch.stack([labels // 100, labels // 10 % 10, labels % 10], dim=1)
    assert counted(digits) == (modes, pytest.approx(math.log(1000 / modes), abs=1e-12))


def test_one_sample_counts_as_a_mode() -> None:
    digits = torch.zeros(26_000, 3, dtype=torch.int64)
    digits[17] = torch.tensor([0, 0, 7])
    assert counted(digits)[0] == 2


def test_the_divergence_is_scipys() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(10)).tolist()
    digits = drawn(1, shares)
    counts = np.zeros((10, 10, 10))
    np.add.at(counts, tuple(digits.numpy().T), 1)
    kl = entropy(counts.ravel(), np.full(1000, 1e-3))
    assert counted(digits) == (np.count_nonzero(counts), pytest.approx(kl, rel=1e-9))


def test_the_floor_of_even_digits() -> None:
    # 2 n KL is chi-squared with 999 degrees, so 999 / 52,000 with deviation .00086, and a
    # correction of (1000 ** 2 - 1) / 12 n ** 2.
    floor = 999 / 52_000 + 1e6 / (12 * PROTOCOL**2)
    found = [counted(drawn(seed, [0.1] * 10)) for seed in range(20)]
    assert {modes for modes, _ in found} == {1000}
    assert np.mean([kl for _, kl in found]) == pytest.approx(floor, abs=0.0008)


def test_the_floor_of_mnists_digits() -> None:
    # The published .023: true samples of MNIST itself, whose digits are uneven, 3 times their KL.
    shares = [count / 60_000 for count in MNIST]
    uneven = 3 * float(entropy(shares, [0.1] * 10))
    assert 999 / 52_000 + uneven == pytest.approx(0.0235, abs=0.0003)
    found = [counted(drawn(seed, shares)) for seed in range(20)]
    assert {modes for modes, _ in found} == {1000}
    assert np.mean([kl for _, kl in found]) == pytest.approx(0.0235, abs=0.001)


def test_the_floor_of_the_data_set_itself() -> None:
    labels = stacked_mnist(train=PROTOCOL, holdout=10).train.labels
    digits = torch.stack([labels // 100, labels // 10 % 10, labels % 10], dim=1)
    assert counted(digits) == (1000, pytest.approx(0.0193, abs=0.003))


@pytest.mark.parametrize("name", ["", "-2"])
def test_the_shipped_network_reads_every_channel(name: str, data: Dataset) -> None:
    stacked, single = (load_extractor(f"{kind}-lenet{name}") for kind in ("stacked", "digits"))
    images, labels = to_unit(data.holdout.samples[:1000]), data.holdout.labels[:1000]
    seen = stacked(images)
    channels = [single(images[:, k : k + 1]) for k in range(3)]
    assert (seen.features.shape[1], stacked.features, stacked.classes) == (192, 192, 1000)
    torch.testing.assert_close(seen.features, torch.cat([c.features for c in channels], dim=1))
    a, b, c = (channel.probabilities for channel in channels)
    joint = torch.einsum("na,nb,nc->nabc", a, b, c).flatten(1)
    torch.testing.assert_close(seen.probabilities, joint, rtol=1e-3, atol=1e-6)
    predicted = torch.stack([channel.predicted for channel in channels], dim=1)
    assert torch.equal(seen.predicted, combined(predicted))
    # Three digits, each right in 98 % or more.
    assert float((seen.predicted == labels).double().mean()) > 0.94
    with pytest.raises(ValueError, match=r"\[n, 3, h, w\]"):
        stacked(images[:, :1])


@pytest.mark.parametrize(
    ("digits", "message"),
    [
        (torch.zeros(5, 2, dtype=torch.int64), r"^digits are \[n, 3\] int64, not \[5, 2\]"),
        (torch.zeros(5, 3), r"^digits are \[n, 3\] int64, not \[5, 3\] torch.float32"),
        (torch.tensor([[0, 1, 10]]), r"^digits lie in 0 \.\. 9, got 0 \.\. 10$"),
        (torch.tensor([[0, -1, 1]]), r"^digits lie in 0 \.\. 9, got -1 \.\. 1$"),
        (torch.zeros(0, 3, dtype=torch.int64), "at least one class"),
    ],
)
def test_what_are_no_digits_is_refused(digits: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        counted(digits)
