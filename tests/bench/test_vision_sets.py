"""torchvision's sets, from tiny files in their own layouts: read, resized, downloaded, absent."""

import gzip
import hashlib
import pickle
import socket
import struct
import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torchvision import datasets
from torchvision.transforms.v2 import functional as vision

from bench.datasets import vision as vision_sets
from bench.datasets.vision import vision_set
from bench.errors import InputError

RNG = np.random.default_rng(0)
IDX = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
FILES = {
    "mnist": ["MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/t10k-labels-idx1-ubyte"],
    "fashion-mnist": ["FashionMNIST/raw/train-images-idx3-ubyte"],
    "cifar10": ["cifar-10-batches-py/data_batch_5", "test_batch", "batches.meta"],
    "svhn": ["train_32x32.mat", "test_32x32.mat"],
}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_idx(folder: Path) -> dict[str, np.ndarray]:
    """70 and 20 images in MNIST's files; what is in them by the beginning of their names."""
    folder.mkdir(parents=True)
    arrays = {}
    for part, n in (("train", 70), ("t10k", 20)):
        arrays[f"{part}-images-idx3"] = RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"{part}-labels-idx1"] = RNG.integers(0, 10, n, dtype=np.uint8)
    for name, array in arrays.items():
        (folder / f"{name}-ubyte").write_bytes(idx(array))
    return arrays


@pytest.mark.parametrize("name", IDX)
def test_mnist_and_its_kin(name: str, tmp_path: Path) -> None:
    arrays = write_idx(tmp_path / IDX[name] / "raw")
    data = vision_set(name, None, tmp_path)
    assert (data.name, data.spec.shape, data.spec.classes) == (name, (1, 28, 28), 10)
    assert data.mode_names[9] == {"mnist": "9", "fashion-mnist": "Ankle boot"}[name]
    for split, part in ((data.train, "train"), (data.holdout, "t10k")):
        assert (split.samples.dtype, split.labels.dtype) == (torch.uint8, torch.int64)
        assert np.array_equal(split.samples[:, 0].numpy(), arrays[f"{part}-images-idx3"])
        assert np.array_equal(split.labels.numpy(), arrays[f"{part}-labels-idx1"])
    assert not (tmp_path / "arrays").exists()  # nothing is made of the set's own size


def test_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    rows = {name: RNG.integers(0, 256, (12, 3072), dtype=np.uint8) for name in names}
    for name in names:
        batch = {"data": rows[name], "labels": [k % 10 for k in range(12)]}
        (folder / name).write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [[name, None] for name in names[:5]])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", None]])
    monkeypatch.setattr(
        datasets.CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": None}
    )
    data = vision_set("cifar10", None, tmp_path)
    assert (data.spec.shape, len(data.train), len(data.holdout)) == ((3, 32, 32), 60, 12)
    assert data.mode_names[:2] == ("airplane", "automobile")
    assert data.train.labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    # Of each row the first 1,024 bytes are red, line by line.
    row = rows["data_batch_2"][3]
    assert data.train.samples[15, 0, 1, 5] == row[37]
    assert data.train.samples[15, 2, 31, 31] == row[3071]
    assert data.train.samples.is_contiguous()


def test_svhn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = RNG.integers(0, 256, (32, 32, 3, 15), dtype=np.uint8)
    digits = np.arange(1, 16)[:, None] % 10
    lists = {}
    for part in ("train", "test"):
        savemat(tmp_path / f"{part}_32x32.mat", {"X": images, "y": np.where(digits, digits, 10)})
        lists[part] = [f"http://nowhere/{part}", f"{part}_32x32.mat", None]
    monkeypatch.setattr(datasets.SVHN, "split_list", lists)
    data = vision_set("svhn", None, tmp_path)
    assert data.train.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5]
    assert data.train.samples.shape == data.holdout.samples.shape == (15, 3, 32, 32)
    assert np.array_equal(data.train.samples[7, 2].numpy(), images[:, :, 2, 7])
    assert vision_set("svhn", 64, tmp_path).train.samples.shape == (15, 3, 64, 64)


@pytest.mark.parametrize("size", [20, 32, 64])
def test_resized_once(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx(tmp_path / "MNIST" / "raw")
    own = vision_set("mnist", 28, tmp_path).train.samples
    monkeypatch.setattr(vision_sets, "TOGETHER", 32)
    data = vision_set("mnist", size, tmp_path)
    assert (data.spec.shape, len(data.holdout)) == ((1, size, size), 20)
    wanted = vision.resize(own.float(), [size, size], antialias=True).round()
    assert torch.equal(data.train.samples.float(), wanted)
    with monkeypatch.context() as patch:
        patch.setattr(vision_sets, "resized", None)
        assert torch.equal(vision_set("mnist", size, tmp_path).train.samples, data.train.samples)
    # Other images in the same files: another name in the cache.
    changed = RNG.integers(0, 256, (70, 28, 28), dtype=np.uint8)
    (tmp_path / "MNIST/raw/train-images-idx3-ubyte").write_bytes(idx(changed))
    assert not torch.equal(vision_set("mnist", size, tmp_path).train.samples, data.train.samples)
    assert len(list((tmp_path / "arrays").iterdir())) == 3  # train, holdout, the new train


@pytest.mark.parametrize("name", FILES)
def test_absent_and_offline_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        vision_set(name, None, tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{name} is not in {tmp_path} and could not be downloaded (")
    assert "\n" not in message
    assert "no route to host" in message
    for file in FILES[name]:
        assert file in message


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x03", b"no idx file at all"])
def test_a_broken_file_is_one_line(content: bytes, tmp_path: Path) -> None:
    write_idx(tmp_path / "MNIST" / "raw")
    (tmp_path / "MNIST/raw/t10k-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(InputError, match=r"^mnist is not in .*t10k-images-idx3-ubyte") as caught:
        vision_set("mnist", None, tmp_path)
    assert "\n" not in str(caught.value)


def test_other_sizes_and_names_are_refused(tmp_path: Path) -> None:
    for name in FILES:
        with pytest.raises(ValueError, match=r"side of 4 to 1,024 pixels, not 1,025$"):
            vision_set(name, 1025, tmp_path)
    with pytest.raises(InputError, match=r"did you mean 'cifar10'\?$"):
        vision_set("cifar-10", None, tmp_path)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_it_is_downloaded_on_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the network is this process
    arrays = write_idx(tmp_path / "server")
    listed = []
    for path in list((tmp_path / "server").iterdir()):
        packed = gzip.compress(path.read_bytes())
        (tmp_path / "server" / f"{path.name}.gz").write_bytes(packed)
        listed.append((f"{path.name}.gz", hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(datasets.MNIST, "resources", listed)
    handler = partial(Quiet, directory=str(tmp_path / "server"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        vision_set("mnist", None, tmp_path / "data")
        server.shutdown()
    data = vision_set("mnist", None, tmp_path / "data")  # nobody serves it now
    assert np.array_equal(data.train.samples[:, 0].numpy(), arrays["train-images-idx3"])


def test_a_silent_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    before = socket.getdefaulttimeout()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{port}/"])
        monkeypatch.setattr(vision_sets, "TIMEOUT", 0.2)
        with pytest.raises(InputError, match="timed out"):
            vision_set("mnist", None, tmp_path)
    assert socket.getdefaulttimeout() == before
