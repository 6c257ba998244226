"""Points in the plane from end to end: measured against the known truth, recorded, pictured."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image

from bench.datasets.dataset import load_dataset, to_unit
from bench.datasets.mixtures import true_samples
from bench.evaluation.points import density_picture, frame, measure_points, scale_of_points
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import Trial
from bench.training.train import train

MLP = {"backbone": "mlp", "width": 4, "latent_dim": 2}
SMALL: dict[str, Any] = {"images": 2560, "batch_size": 256, "evaluations": 1, "seeds": (0,)}


def trials(models: str, dataset: str, **values: Any) -> list[Trial]:
    contestants = tuple(dataclasses.replace(c, values=values) for c in parse_models(models))
    plan = Plan(contestants, datasets=(dataset,), **SMALL)
    return plan.trials(load_dataset)


def measured(samples: torch.Tensor, labels: torch.Tensor, name: str = "ring8") -> dict[str, float]:
    rows = measure_points(samples, labels, load_dataset(name), conditional=True)
    assert {(r.features, r.samples, r.reference) for r in rows} == {
        ("points", len(samples), "true:2500")
    }
    return {row.metric: row.value for row in rows}


def test_true_samples_reach_the_ceiling_and_the_floor() -> None:
    found = measured(*true_samples("ring8", "a test of its own", 2500))
    assert found["high_quality"] == pytest.approx(0.9889, abs=0.008)  # 1 - exp(-4.5)
    assert (found["modes"], found["label_accuracy"]) == (8, 1)
    assert found["mode_kl"] < 0.01
    assert 0 < found["emd"] < 0.12
    assert sum(found[f"class_share/{k}"] for k in range(8)) == pytest.approx(1)


def test_swapped_modes_cost_the_label_only() -> None:
    samples, labels = true_samples("ring8", "a test of its own", 2500)
    right, swapped = measured(samples, labels), measured(samples, (labels + 1) % 8)
    assert swapped["label_accuracy"] == 0
    assert swapped["emd"] == right["emd"]


def test_a_collapse_onto_one_mode_is_seen() -> None:
    dataset = load_dataset("ring8")
    one = dataset.train.samples[dataset.train.labels == 3][:2500]
    found = measured(one, torch.zeros(2500, dtype=torch.int64))
    assert found["modes"] == 1
    assert found["high_quality"] > 0.97
    assert found["mode_kl"] == pytest.approx(2.0794, abs=1e-3)  # log 8
    # A unit of mass to each of 8 centres on a circle of radius sqrt 2: the mean chord is
    # (2 sqrt 2 / 8) * sum of sin(pi k / 8) = 1.777.
    assert found["emd"] == pytest.approx(1.777, abs=0.06)


def test_a_spiral_has_no_modes() -> None:
    found = measured(*true_samples("swissroll", "a test of its own", 2500), name="swissroll")
    assert set(found) == {"emd"}


def test_the_scale_has_a_floor_and_what_is_far_above_it() -> None:
    rows = pd.DataFrame(scale_of_points(load_dataset("ring8"))).pivot(
        index="level", columns="metric", values="value"
    )
    assert rows.loc["held-out real", "emd"] < 0.12
    assert rows.loc["one mode", "emd"] > 10 * rows.loc["held-out real", "emd"]
    assert rows.loc["uniform square", "emd"] > 3 * rows.loc["held-out real", "emd"]
    assert rows.loc["uniform square", "high_quality"] < 0.1


@pytest.mark.parametrize("model", ["gan", "cgan", "wgangp"])
def test_a_trial_on_points(tmp_path: Path, model: str) -> None:
    (trial,) = trials(model, "ring8", **MLP)
    assert (trial.features, trial.samples) == ("points", 2500)
    assert train(trial, tmp_path) == ("finished", "")
    folder = tmp_path / "trials" / trial.key
    rows = pd.read_parquet(folder / "evaluations.parquet")
    expected = {"emd", "emd_again", "high_quality", "modes", "mode_kl"}
    expected |= {"label_accuracy"} if model == "cgan" else set()
    assert {m for m in rows["metric"] if "/" not in m} == expected
    assert rows["value"].map(float).notna().all()
    last = rows[rows["images"] == trial.images].set_index("metric")["value"]
    assert last["emd_again"] != last["emd"]  # other latents, the same generator
    assert last["emd_again"] == pytest.approx(last["emd"], rel=0.2)
    with Image.open(folder / "samples" / "000002560.png") as picture:
        assert (picture.mode, picture.size) == ("L", (128, 128))
    assert json.loads((folder / "status.json").read_text())["status"] == "finished"


def test_convolutions_are_unsuited_to_points() -> None:
    (trial,) = trials("dcgan", "grid25")
    assert trial.unsuited is not None
    assert "backbone=mlp" in trial.unsuited


def test_the_picture_has_up_upwards_and_everything_in_its_frame() -> None:
    dataset = load_dataset("ring8")
    assert frame(dataset) > float(dataset.holdout.samples.abs().max())
    picture = density_picture(torch.tensor([[0.0, 0.9], [0.0, 0.9], [-0.9, 0.0], [9.0, 0.0]]), 1.0)
    assert picture.shape == (1, 128, 128)
    assert (picture > 0).nonzero().tolist() == [[0, 6, 64], [0, 63, 6]]
    assert float(picture[0, 6, 64]) == 1  # two points: the densest cell


def test_points_are_never_scaled_like_pixels() -> None:
    samples = load_dataset("grid25").train.samples
    assert to_unit(samples) is samples
