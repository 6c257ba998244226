"""The parts of the benchmarks that are not timings: is the baseline what it says?"""

import os
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import pandas as pd
import pytest
import torch
from torch import Tensor, nn

import bench
from bench.datasets.dataset import load_dataset, to_unit
from gan_zoo.base import GAN
from gan_zoo.catalog import MODELS, load
from gan_zoo.streams import Streams

from . import textbook
from .ours import Trainer, trial_of
from .table import page
from .test_grid import steady
from .test_startup import METRICS, POINTS, ROWS, write_trials


@pytest.mark.parametrize("name", MODELS)
def test_the_textbook_has_the_zoos_networks(name: str) -> None:
    kind, data = cast(type[GAN], load(name)), load_dataset("mnist5k")
    model = kind(data.spec, kind.defaults, Streams(0))
    for ours, plain in zip(
        (model.generator, model.discriminator), textbook.build(name, data), strict=True
    ):
        shapes = {key: value.shape for key, value in ours.state_dict().items()}
        assert shapes == {key: value.shape for key, value in plain.state_dict().items()}


@pytest.mark.parametrize("name", ["cgan", "wgan", "wgangp"])
def test_the_textbook_trains(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    losses = torch.tensor(list(islice(textbook.train(name, load_dataset("mnist5k"), tmp_path), 6)))
    assert losses.isfinite().all()
    assert losses[-1, 1] != 0  # the generator has had its turn
    assert [path.name for path in tmp_path.iterdir()] == ["0.png"]


def test_the_textbook_sees_the_same_images() -> None:
    split = load_dataset("mnist5k").train
    image, label = textbook.Digits(split)[7]
    assert torch.allclose(image, to_unit(split.samples[7]), atol=1e-6)
    assert label == int(split.labels[7])


def test_the_penalty_of_a_linear_critic_is_that_of_its_slope() -> None:
    class Linear(nn.Module):
        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            return 3 * x[:, 0, 0, 0] + 4 * x[:, 0, 0, 1]

    x = torch.randn(5, 1, 2, 2)
    penalty = textbook.gradient_penalty(Linear(), x, x + 1, torch.zeros(5))
    assert float(penalty) == pytest.approx((5 - 1) ** 2)


def test_a_timed_trial_records_as_often_as_a_default_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trial = trial_of("gan", 20)
    train = Trainer(monkeypatch)
    began = perf_counter()
    between = [train(trial, tmp_path) for _ in range(2)]
    assert 0 < sum(between) < perf_counter() - began
    curves = pd.read_parquet(tmp_path / "trials" / trial.key / "curves.parquet")
    assert curves["images"].unique().tolist() == [640, 1280]  # as of 256k: 400 rows


def test_generated_folders_are_results(tmp_path: Path) -> None:
    write_trials(tmp_path, ("gan", "wgan"), 2)
    results = bench.load(tmp_path)
    assert list(results.trials["status"]) == ["finished"] * 4
    assert len(results.curves) == 4 * ROWS * METRICS
    assert results.evaluations.groupby(["model", "seed"]).size().tolist() == [POINTS * 18] * 4


def test_steady_is_from_the_first_begin_to_the_last_end(tmp_path: Path) -> None:
    for seed, (began, ended) in enumerate([(100, 130), (110, 190), (140, 170)]):
        folder = tmp_path / "trials" / "mnist5k" / "gan" / f"s{seed}"
        folder.mkdir(parents=True)
        for name, at in (("trial.json", began), ("status.json", ended)):
            (folder / name).touch()
            os.utime(folder / name, (at, at))
    assert steady(tmp_path) == 90


def test_a_stored_run_as_markdown() -> None:
    machine = {"processor": "Tube", "cores": 2, "python": "3.11", "torch": "2.9"}

    def one(group: str, name: str, param: str | None, **noted: float) -> dict[str, Any]:
        stats = {"median": 0.123456}
        return {"group": group, "name": name, "param": param, "extra_info": noted, "stats": stats}

    old = [one("a / b", "test_x[gan]", "gan", ratio=3.0), one("start-up", "test_list", None)]
    new = [
        one("a / b", "test_x[gan]", "gan", ratio=2.0, cores=2),
        one("a / b", "test_x[wgan]", "wgan", ratio=1.23456),
        one("loads", "test_load_of_all", None),
    ]
    info = machine | {"commit": "0123456789abcdef", "dirty": True}
    runs = {
        name: {"machine_info": info, "benchmarks": found}
        for name, found in {"old.json": old, "today.json": new}.items()
    }
    text = page(runs)
    source = "Tube, 2 cores; Python 3.11, torch 2.9; commit 0123456789ab, changed since."
    seconds, ratios = (
        "| | seconds |\n| --- | ---: |\n",
        "| | ratio | cores |\n| --- | ---: | ---: |\n",
    )
    assert f"## start-up\n\n{seconds}| list | 0.123 |\n\nFrom `old.json`: {source}" in text
    assert f"{ratios}| gan | 2 | 2 |\n| wgan | 1.23 |  |\n\nFrom `today.json`: {source}" in text
    assert f"## loads\n\n{seconds}| load of all | 0.123 |\n" in text
    assert text.count("## a / b") == 1
