"""Data sets read from files, and extractors made for them, from end to end."""

import struct
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import torch

from bench.datasets.dataset import load_dataset
from bench.datasets.digits import mnist5k
from bench.extractors import judge as judging
from bench.extractors.classifier import Recipe, load_or_train
from bench.extractors.judge import judge_of
from bench.metrics.kernel import kid
from bench.metrics.manifold import manifold
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.training.train import train


def write_idx(path: Path, values: torch.Tensor) -> None:
    """The format of MNIST's files: a magic number, the sizes, then bytes."""
    header = struct.pack(f">I{values.ndim}I", 0x800 + values.ndim, *values.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + values.to(torch.uint8).numpy().tobytes())


@pytest.fixture
def mnist_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small MNIST of real digits, laid out as torchvision expects it."""
    own = mnist5k()
    for part, split in (("train", own.train), ("t10k", own.holdout)):
        raw = tmp_path / "MNIST" / "raw"
        write_idx(raw / f"{part}-images-idx3-ubyte", split.samples[:700, 0])
        write_idx(raw / f"{part}-labels-idx1-ubyte", split.labels[:700])
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path))
    load_dataset.cache_clear()
    judge_of.cache_clear()
    return tmp_path


def test_a_trial_on_files_of_the_users(mnist_files: Path) -> None:
    plan = Plan(
        tuple(parse_models("gan")),
        datasets=("mnist",),
        seeds=(0,),
        images=640,
        evaluations=1,
        samples=60,
    )
    (trial,) = plan.trials(load_dataset)
    assert trial.features == "digits-lenet"
    assert train(trial, mnist_files / "out") == ("finished", "")
    rows = pd.read_parquet(mnist_files / "out" / "trials" / trial.key / "evaluations.parquet")
    assert set(rows.loc[rows["features"] != "pixels", "reference"]) == {"train:700"}
    assert rows["value"].notna().all()


def test_a_reference_is_a_fixed_draw_of_a_large_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "REFERENCE", 500)
    judge_of.cache_clear()
    found = judge_of("mnist5k", None, "digits-lenet", "cpu").train
    judge_of.cache_clear()
    again = judge_of("mnist5k", None, "digits-lenet", "cpu").train
    judge_of.cache_clear()
    assert len(found.seen.features) == len(found.labels) == 500
    assert torch.equal(found.seen.features, again.seen.features)
    assert torch.equal(mnist5k().train.labels[found.rows], found.labels)
    # The labels are those of the drawn rows: the network agrees with nearly all of them.
    assert (found.seen.predicted == found.labels).float().mean() > 0.97


def test_what_a_reference_keeps_changes_no_bit() -> None:
    known = judge_of("mnist5k", None, "digits-lenet", "cpu").train
    x, y = known.seen.features.flip(0)[:600] * 1.1, known.seen.features
    assert kid(x, known.within) == kid(x, known.within) == kid(x, y)
    assert manifold(x, known.balls) == manifold(x, known.balls) == manifold(x, y)
    assert known.within is known.within
    assert known.balls is known.balls


def test_a_classifier_is_trained_once_and_said_so(
    mnist_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(load_or_train, recipe=Recipe(images=6400, epochs=8))
    monkeypatch.setattr(judging, "load_or_train", quick)
    lines: list[str] = []
    for _ in range(2):
        found = judging.load_network("classifier", load_dataset("mnist"), "cpu", lines.append)
    assert found.protocol.startswith("classifier:")
    assert found.accuracy is not None
    assert 0.5 < found.accuracy <= 1
    trained = list(mnist_files.rglob("classifier-*.safetensors"))
    assert len(trained) == 1
    assert lines
