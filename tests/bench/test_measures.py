"""Data copying is told only through networks that had not seen the training images."""

import dataclasses

import pytest
import torch

from bench.datasets.digits import mnist5k
from bench.evaluation.images import SAW, Sight, at_the_end
from bench.extractors import saw_training_images
from bench.extractors.judge import Judge, Reference
from bench.extractors.network import Extractor, Seen

N = 200


def seen(seed: int, of: torch.Tensor | None = None) -> Seen:
    rng = torch.Generator().manual_seed(seed)
    features = torch.randn(N, 3, generator=rng) if of is None else of
    return Seen(features, torch.rand(N, 10, generator=rng).softmax(1))


def copied(protocol: str, dataset: str) -> tuple[dict[str, float], dict[str, str]]:
    """What is measured at the end of samples that are the training set, shifted by a hair."""
    train = seen(0)
    labels = torch.arange(N) % 10
    name, _, sha256 = protocol.rpartition(":")
    network = Extractor(name, sha256, 3, 10, torch.nn.Identity())
    data = dataclasses.replace(mnist5k(), name=dataset)
    judge = Judge(dataset, None, network.name, "cpu", data, network)
    for split, features in (("train", train), ("holdout", seen(2))):
        vars(judge)[split] = Reference(features, labels, torch.arange(N))  # as if it had looked
    sight = Sight(judge, seen(1, train.features + 1e-4), labels, predicted=labels)
    found, absent = at_the_end(sight, conditional=False, seed=0)
    return {row.metric: row.value for row in found}, absent


@pytest.mark.parametrize(
    ("protocol", "dataset"),
    [
        ("classifier:0123456789ab", "mnist5k"),
        ("classifier:0123456789ab", "celeba@smiling"),
        ("digits-lenet:0123456789ab", "mnist"),
        ("stacked-lenet:0123456789ab", "stacked-mnist@mnist"),
    ],
)
def test_who_saw_the_training_images_tells_nothing_of_copies(protocol: str, dataset: str) -> None:
    found, absent = copied(protocol, dataset)
    assert absent["memorisation"] == SAW
    assert "memorisation" not in found
    assert "classifier_score" in found  # the rest is measured as ever


@pytest.mark.parametrize(
    ("protocol", "dataset"),
    [
        ("digits-lenet:0123456789ab", "mnist5k"),
        ("digits-lenet:0123456789ab", "folder-mnist"),
        ("stacked-lenet:0123456789ab", "stacked-mnist"),
        ("inception:0123456789ab", "celeba@smiling"),
        ("mine.py:Net:0123456789ab", "mnist"),
    ],
)
def test_others_see_a_copy(protocol: str, dataset: str) -> None:
    found, absent = copied(protocol, dataset)
    assert "memorisation" not in absent
    assert found["memorisation"] < -3


def test_the_twins_saw_what_their_likes_saw() -> None:
    for reference in ("digits-lenet", "digits-lenet-2"):
        assert saw_training_images(reference, "mnist")
        assert not saw_training_images(reference, "mnist5k")
    assert not saw_training_images("inception:weights.pth", "mnist")
