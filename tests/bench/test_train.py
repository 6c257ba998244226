"""One trial from end to end, on real digits: recorded, repeatable, honest about its end."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from pandas.testing import assert_frame_equal
from safetensors.torch import load_file
from torch import Tensor

from bench.datasets.batches import Shuffled
from bench.datasets.dataset import load_dataset
from bench.evaluation.evaluate import Subject, balanced_labels, evaluate, generate, judge_for
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import Trial
from bench.records.writing import Clock
from bench.training.train import train
from gan_zoo.base import GAN
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

from .tiny import sole

SMALL: dict[str, Any] = {"images": 1280, "evaluations": 2, "samples": 100, "seeds": (0,)}


def trial_of(models: str, **values: Any) -> Trial:
    narrow = tuple(
        dataclasses.replace(c, values={"width": 4, "latent_dim": 8, **values.pop("set", {})})
        for c in parse_models(models)
    )
    plan = Plan(narrow, **{**SMALL, **values})
    return plan.trials(load_dataset)[0]


def tables(root: Path, trial: Trial) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves and evaluations, without what hangs on the clock."""
    folder = root / "trials" / trial.key
    curves = pd.read_parquet(folder / "curves.parquet").drop(columns=["seconds", "model"])
    evaluations = pd.read_parquet(folder / "evaluations.parquet")
    curves = curves[~curves["metric"].str.startswith("cost/")].reset_index(drop=True)
    return curves, evaluations.drop(columns=["seconds", "model"])


def status(root: Path, trial: Trial) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "trials" / trial.key / "status.json").read_text())
    return found


@pytest.mark.parametrize("model", ["dcgan", "wgangp"])
def test_a_repeated_trial_is_bit_identical(tmp_path: Path, model: str) -> None:
    trial = trial_of(model)
    for name in ("one", "two"):
        torch.manual_seed(len(name) + 5)
        assert train(trial, tmp_path / name) == ("finished", "")
    for first, second in zip(*(tables(tmp_path / n, trial) for n in ("one", "two")), strict=True):
        assert_frame_equal(first, second, check_exact=True)
    weights = [
        load_file(tmp_path / n / "trials" / trial.key / "generator.safetensors")
        for n in ("one", "two")
    ]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_a_trial_records_what_the_design_says(tmp_path: Path) -> None:
    trial = trial_of("wgan")
    train(trial, tmp_path)
    folder = tmp_path / "trials" / trial.key
    ended = status(tmp_path, trial)
    assert trial.threads == 1
    assert 0 < ended["cpu_seconds"] <= ended["seconds"] + 0.05  # a thread has one processor at most
    curves = pd.read_parquet(folder / "curves.parquet")
    evaluations = pd.read_parquet(folder / "evaluations.parquet")
    assert {
        *("loss/discriminator", "loss/generator", "grad_norm/discriminator", "grad_norm/generator"),
        *("score/real", "score/fake", "clip/saturated", "cost/images_per_second"),
        "grad_norm/discriminator/layers.0",
    } <= set(curves["metric"])
    assert (curves["images"] == 64 * curves["discriminator_steps"]).all()
    assert (curves["discriminator_steps"] == 5 * curves["generator_steps"]).all()
    assert not curves.duplicated(["images", "metric"]).any()
    saturated = curves.loc[curves["metric"] == "clip/saturated", "value"]
    assert saturated.between(0, 1).all()
    fid = evaluations[(evaluations["metric"] == "fid") & (evaluations["images"] == 1280)]
    assert len(fid) == 2  # the second extractor, at the end only
    assert fid["features"].str.match(r"digits-lenet(-2)?:[0-9a-f]{12}$").all()
    assert set(fid["samples"]) == {100}
    assert set(fid["reference"]) == {"train:4000"}
    shares = evaluations[evaluations["metric"].str.startswith("class_share/")]
    assert shares.groupby("images")["value"].sum().tolist() == pytest.approx([1.0] * 3)
    assert sorted(evaluations["images"].unique()) == [0, 640, 1280]
    assert sorted(path.name for path in (folder / "samples").iterdir()) == [
        "000000000.png",
        "000000640.png",
        "000001280.png",
    ]
    facts = status(tmp_path, trial)
    assert facts["status"] == "finished"
    assert facts["images"] == 1280
    assert {"data", "latent/discriminator", "latent/generator"} <= set(facts["streams"])
    assert not (folder / "progress.json").exists()


def test_an_a_a_comparison_shows_no_difference(tmp_path: Path) -> None:
    plan = Plan(
        tuple(
            dataclasses.replace(c, values={"width": 4, "latent_dim": 8})
            for c in parse_models("one=dcgan,two=dcgan")
        ),
        **SMALL,
    )
    first, second = plan.trials(load_dataset)
    for trial in (first, second):
        train(trial, tmp_path)
    for mine, theirs in zip(tables(tmp_path, first), tables(tmp_path, second), strict=True):
        assert_frame_equal(mine, theirs, check_exact=True)


def test_a_seed_changes_everything(tmp_path: Path) -> None:
    first = trial_of("dcgan", seeds=(0,))
    second = trial_of("dcgan", seeds=(1,))
    for trial in (first, second):
        train(trial, tmp_path)
    one, two = status(tmp_path, first)["streams"], status(tmp_path, second)["streams"]
    assert all(one[name] != two[name] for name in one)


def test_models_meet_the_same_batches_and_latents(tmp_path: Path) -> None:
    found = {}
    for model in ("dcgan", "wgan", "wgangp"):
        trial = trial_of(model)
        train(trial, tmp_path)
        found[model] = status(tmp_path, trial)["streams"]
    shared = set.intersection(*(set(streams) for streams in found.values()))
    assert shared == {"data", "latent/discriminator", "latent/generator"}
    for name in shared:
        assert len({streams[name] for streams in found.values()}) == 1


def test_a_nan_ends_a_trial_as_diverged_and_keeps_its_rows(tmp_path: Path) -> None:
    trial = trial_of("wgan", set={"learning_rate": 1e30, "clip": 1e30}, images=6400)
    ended, reason = train(trial, tmp_path)
    assert ended == "diverged"
    assert "by generator step" in reason
    assert status(tmp_path, trial)["status"] == "diverged"
    curves, evaluations = tables(tmp_path, trial)
    assert curves["value"].map(float).map(lambda v: v == v).all()
    assert (evaluations["images"] == 0).any()


def test_an_epoch_shows_every_image_once() -> None:
    split = load_dataset("mnist5k").train
    batches = Shuffled(split, 64, Streams(0)["data"])
    first = torch.cat([next(batches)[0] for _ in range(62)])  # 4000 // 64
    assert len(first.flatten(1).unique(dim=0)) == 62 * 64
    again, _ = next(Shuffled(split, 64, Streams(0)["data"]))
    assert torch.equal(first[:64], again)
    labels = [next(batches)[1] for _ in range(62)]
    assert (torch.cat(labels).bincount() > 370).all()  # of 400 a class, 32 images dropped


def test_images_keep_their_labels() -> None:
    split = load_dataset("mnist5k").train
    images, labels = next(Shuffled(split, 64, Streams(0)["data"]))
    rows = [(split.samples.float() / 127.5 - 1 == image).flatten(1).all(1) for image in images[:5]]
    assert [int(split.labels[row][0]) for row in rows] == labels[:5].tolist()


def test_too_few_images_for_a_batch() -> None:
    split = load_dataset("mnist5k").holdout
    with pytest.raises(ValueError, match="fewer than a batch"):
        next(Shuffled(split, 2000, Streams(0)["data"]))


class Planted(torch.nn.Module):
    """A generator that gives real images: of the label asked for, shifted by `shift` classes."""

    def __init__(self, shift: int = 0, repeat: bool = False) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        holdout = load_dataset("mnist5k").holdout
        self.images = holdout.samples.float() / 127.5 - 1
        self.labels, self.shift, self.repeat = holdout.labels, shift, repeat
        self.used = [0] * 10

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        if self.repeat:
            return self.images[:1].expand(len(labels), -1, -1, -1)
        chosen = []
        for label in ((labels + self.shift) % 10).tolist():
            rows = (self.labels == label).nonzero().flatten()
            chosen.append(int(rows[self.used[label] % len(rows)]))
            self.used[label] += 1
        return self.images[chosen]


def measured(planted: Callable[[], torch.nn.Module], threads: int = 1) -> dict[str, float]:
    trial = dataclasses.replace(trial_of("cgan"), samples=1000)
    kind = load("cgan")
    model: GAN = kind(load_dataset("mnist5k").spec, kind.defaults, Streams(0))  # type: ignore[attr-defined]
    model.generator = planted()
    found, absent = sole(evaluate([Subject(model, trial, judge_for(trial))], True, threads))
    assert absent == {}
    return {m.metric: m.value for m in found if m.features.startswith("digits-lenet:")}


def test_planted_generators_are_seen_in_the_numbers() -> None:
    honest = measured(Planted)
    assert honest["label_accuracy"] > 0.98
    assert honest["fid"] < 0.5
    assert honest["modes"] == 10
    swapped = measured(lambda: Planted(shift=1))
    assert swapped["label_accuracy"] < 0.02
    assert swapped["fid"] == pytest.approx(honest["fid"], abs=0.05)
    assert swapped["fid_within_classes"] > 20 * honest["fid_within_classes"]
    assert min(honest["precision"], honest["recall"]) > 0.8
    assert abs(honest["memorisation"]) < 0.5  # the samples are the held-out images themselves
    assert honest["classifier_score"] > 9
    assert measured(Planted, threads=2) == honest
    repeating = measured(lambda: Planted(repeat=True))
    assert repeating["modes"] == 1
    assert repeating["fid"] > 50
    assert repeating["recall"] < 0.05
    assert repeating["coverage"] < 0.05
    assert repeating["mode_kl"] == pytest.approx(2.302585, abs=1e-4)  # log 10


def test_evaluation_uses_running_statistics_and_leaves_no_trace() -> None:
    kind = load("dcgan")
    model: GAN = kind(load_dataset("mnist5k").spec, kind.defaults, Streams(0)).train()  # type: ignore[attr-defined]
    before = {key: value.clone() for key, value in model.state_dict().items()}
    labels = balanced_labels(20, 10)
    images = generate(model, labels, Streams(0)["eval"])
    assert model.training
    after = model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    # One image alone is what it is among others: no batch statistics.
    alone = generate(model, labels[:1], Streams(0)["eval"])
    torch.testing.assert_close(images[:1], alone, atol=1.1 / 127.5, rtol=0)
    assert set((images * 127.5 + 127.5).round().unique().tolist()) <= set(range(256))


def test_the_clock_starts_at_nothing() -> None:
    assert Clock() == Clock(0, 0, 0, 0.0)
