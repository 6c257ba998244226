"""The classifier of a data set's own labels: it learns, it is cached, and its file is checked."""

import dataclasses
import hashlib
import json
import os
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from bench.datasets.dataset import Dataset, Split, load_dataset, to_unit
from bench.datasets.digits import mnist5k
from bench.errors import InputError
from bench.extractors import classifier, trust
from bench.extractors.classifier import Recipe, SmallLeNet, key_of, load_or_train
from bench.extractors.network import Extractor
from gan_zoo.base import DataSpec

SHORT = Recipe(epochs=3)
TINY = Recipe(images=512)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Extractor:
    return load_or_train(mnist5k(), tmp_path_factory.mktemp("cache"), recipe=SHORT)


@pytest.fixture(scope="module")
def few() -> Dataset:
    own = mnist5k()
    train = Split(own.train.samples[:256], own.train.labels[:256])
    holdout = Split(own.holdout.samples[:100], own.holdout.labels[:100])
    return dataclasses.replace(own, name="few", train=train, holdout=holdout)


def noise(channels: int, size: int, classes: int = 3, n: int = 96) -> Dataset:
    rng = torch.Generator().manual_seed(0)
    samples = torch.randint(256, (n, channels, size, size), generator=rng, dtype=torch.uint8)
    split = Split(samples, torch.arange(n) % classes)
    names = tuple(map(str, range(classes)))
    return Dataset("noise", DataSpec((channels, size, size), classes), split, split, names)


def test_it_learns_and_knows_how_well(digits: Extractor) -> None:
    holdout = mnist5k().holdout
    right = int((digits(to_unit(holdout.samples)).predicted == holdout.labels).sum())
    assert digits.accuracy == right / 1000 > 0.93
    assert (digits.name, digits.features, digits.classes) == ("classifier", 64, 10)
    assert digits.protocol == f"classifier:{digits.sha256[:12]}"


def test_the_total_variance_is_the_number_of_features(digits: Extractor) -> None:
    features = digits(to_unit(mnist5k().train.samples)).features.numpy()
    assert float(np.trace(np.cov(features.T))) == pytest.approx(64, rel=1e-3)
    assert (features > 0).any(0).all()


def test_the_same_data_give_the_same_bytes(few: Dataset, tmp_path: Path) -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    first = load_or_train(few, tmp_path / "a", recipe=TINY)
    torch.manual_seed(1)
    try:
        torch.set_num_threads(2)
        again = load_or_train(few, tmp_path / "b", recipe=TINY)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert first.sha256 == again.sha256
    assert not torch.equal(state, torch.get_rng_state())  # as set above
    torch.set_rng_state(state)
    load_or_train(few, tmp_path / "a", recipe=TINY)
    load_or_train(few, tmp_path / "c", recipe=TINY)
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_cached_is_not_trained_again(
    few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    first = load_or_train(few, tmp_path, progress=lines.append, recipe=TINY)
    assert lines[0].startswith("classifier of few: step 1 of 4, loss ")
    assert lines[-1] == f"classifier of few: {first.accuracy:.1%} of the held-out images are right"
    monkeypatch.setattr(classifier, "_trained", None)  # calling it would be an error
    assert load_or_train(few, tmp_path, recipe=TINY) == first
    images = to_unit(few.holdout.samples)
    again = load_or_train(few, tmp_path, recipe=TINY)
    assert torch.equal(first(images).features, again(images).features)


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), lambda raw: raw[:1000], lambda raw: b""]
)
def test_a_damaged_file_is_trained_again(
    few: Dataset, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    first, lines = load_or_train(few, tmp_path, recipe=TINY), list[str]()
    (file,) = tmp_path.glob("*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert load_or_train(few, tmp_path, progress=lines.append, recipe=TINY) == first
    assert lines[0] == f"{file.name} is damaged: the classifier is trained again"
    assert [found.read_bytes() for found in tmp_path.glob("*.safetensors")] == [whole]


@pytest.mark.parametrize("kind", ["header", "length", "shape", "dtype", "names", "card", "pickle"])
def test_another_file_under_a_forged_name_is_trained_again(
    few: Dataset, tmp_path: Path, kind: str
) -> None:
    first, lines = load_or_train(few, tmp_path, recipe=TINY), list[str]()
    (file,) = tmp_path.glob("*.safetensors")
    whole = file.read_bytes()
    weights, card = safetensors.torch.load(whole), {"card": json.dumps({"held_out_accuracy": 1.0})}
    last = weights["head.bias"]
    forged = {
        "header": lambda: whole[:8] + b"!" * 64 + whole[72:],
        "length": lambda: b"\xff" * 7 + b"\x7f" + whole[8:],
        "shape": lambda: safetensors.torch.save({**weights, "head.bias": last[:-1].clone()}, card),
        "dtype": lambda: safetensors.torch.save({**weights, "head.bias": last.double()}, card),
        "names": lambda: safetensors.torch.save({"other": last}, card),
        "card": lambda: safetensors.torch.save(weights),
        "pickle": lambda: pickle.dumps(Bomb()),
    }[kind]()
    file.unlink()
    name = file.name[: -len("123456789012.safetensors")] + hashlib.sha256(forged).hexdigest()[:12]
    (tmp_path / f"{name}.safetensors").write_bytes(forged)
    assert load_or_train(few, tmp_path, progress=lines.append, recipe=TINY) == first
    assert lines[0] == f"{name}.safetensors is damaged: the classifier is trained again"
    assert [found.read_bytes() for found in tmp_path.glob("*.safetensors")] == [whole]


class Bomb:
    """Ends the test's process where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (9,)


def test_processes_that_ask_at_once_train_once(
    few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = classifier._trained(few, TINY, torch.device("cpu"), lambda line: None)
    trained, together = [], threading.Barrier(2)

    def slowly(*_: object) -> bytes:
        trained.append(1)
        time.sleep(0.2)
        return raw

    def ask(_: int) -> str:
        together.wait()
        return load_or_train(few, tmp_path, recipe=TINY).sha256

    monkeypatch.setattr(classifier, "_trained", slowly)
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(ask, range(2)))) == len(trained) == 1


def test_the_key_is_of_all_that_matters(few: Dataset) -> None:
    pixel, label = few.train.samples.clone(), few.holdout.labels.clone()
    pixel[-1, 0, 14, 14] ^= 1
    label[0] = (label[0] + 1) % 10
    keys = [
        key_of(few, TINY),
        key_of(few, dataclasses.replace(TINY, seed=1)),
        key_of(dataclasses.replace(few, train=Split(pixel, few.train.labels)), TINY),
        key_of(dataclasses.replace(few, holdout=Split(few.holdout.samples, label)), TINY),
        key_of(dataclasses.replace(few, spec=DataSpec(few.spec.shape, 11)), TINY),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(dataclasses.replace(few, name="other"), TINY) == keys[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [4, 20, 28, 30, 32, 48, 64, 96])
def test_every_shape_is_learnt_and_no_other_seen(size: int, channels: int, tmp_path: Path) -> None:
    dataset = noise(channels, size)
    extractor = load_or_train(dataset, tmp_path, recipe=Recipe(images=200))
    seen = extractor(to_unit(dataset.train.samples))
    assert (seen.features.shape, seen.probabilities.shape) == ((96, 64), (96, 3))
    with pytest.raises(ValueError, match=rf"\[n, \*\({channels}, {size}, {size}\)\], not \[2, 2"):
        extractor(torch.zeros(2, 2, size, size))


def test_fewer_images_than_a_batch_are_enough(tmp_path: Path) -> None:
    assert load_or_train(noise(1, 28, n=6), tmp_path, recipe=TINY).accuracy is not None


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        (noise(1, 28, classes=1), "labels of two classes, which noise lacks"),
        (noise(2, 28), r"square images, grey or in colour; noise has \(2, 28, 28\)"),
    ],
)
def test_what_cannot_be_learnt_is_refused(dataset: Dataset, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"^the extractor 'classifier' needs .*{reason}"):
        load_or_train(dataset, tmp_path)
    assert not list(tmp_path.iterdir())


def test_points_and_missing_holdouts_are_refused(few: Dataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"square images, .*; ring8 has \(2,\)$"):
        load_or_train(load_dataset("ring8"), tmp_path)
    none = dataclasses.replace(few, holdout=Split(few.train.samples[:0], few.train.labels[:0]))
    with pytest.raises(InputError, match="held-out images, of which few has none"):
        load_or_train(none, tmp_path)


@pytest.mark.parametrize(
    ("accuracy", "held_out", "ends"),
    [
        (8 / 12, 12, "39% to 86%"),
        (1.0, 12, "76% to 100%"),
        (0.72, 374, "67% to 76%"),
        (0.5, 10_000, "49% to 51%"),
        (1.0, 20, None),
        (0.93, 1000, None),
        (0.81, 10_000, None),
    ],
)
def test_who_is_right_on_few_images_is_no_judge(
    accuracy: float, held_out: int, ends: str | None
) -> None:
    # The ends by Wilson's formula, in another form than scipy's.
    z, n = 1.959964, held_out
    middle = (accuracy + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (accuracy * (1 - accuracy) / n + (z / (2 * n)) ** 2) ** 0.5
    assert (middle - half > 0.8) == (ends is None)
    assert (middle - half > 0.5) == trust.is_judge(accuracy, held_out)
    told = trust.weakness(accuracy, held_out)
    if ends is None:
        assert told == ""
    else:
        assert f"{accuracy:.0%} of {held_out:,} held-out images, so on {ends} of others" in told
        assert ends == f"{middle - half:.0%} to {middle + half:.0%}"


def test_the_network_is_small() -> None:
    assert sum(weight.numel() for weight in SmallLeNet((3, 64, 64), 10).parameters()) < 100_000
