"""A plausible results folder without training: numbers drawn from known curves.

`FakeResults` has the attributes of `bench.load`'s Results that tables, plots and the page read.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from bench.records.layout import EVENT_COLUMNS, HISTOGRAM_COLUMNS
from bench.records.parquet import no_rows
from bench.records.results import Results

from . import fake_probes

FIVE = ("gan", "cgan", "dcgan", "wgan", "wgangp")
FINAL_FID = {"gan": 60.0, "cgan": 45.0, "dcgan": 14.0, "wgan": 90.0, "wgangp": 22.0}
MAIN, SECOND = "digits-lenet:1a2b3c4d5e6f", "digits-lenet-2:6f5e4d3c2b1a"
LAYERS = ("layers.0", "layers.2", "layers.5", "layers.10")


@dataclass
class FakeResults:
    """What a results folder holds, as DataFrames."""

    path: Path
    experiment: dict[str, Any]
    trials: pd.DataFrame
    curves: pd.DataFrame
    evaluations: pd.DataFrame
    scale: pd.DataFrame
    environment: dict[str, Any] = field(default_factory=dict)
    grids: dict[tuple[str, int], dict[int, Path]] = field(default_factory=dict)
    histograms: pd.DataFrame = field(default_factory=lambda: no_rows(HISTOGRAM_COLUMNS))
    events: pd.DataFrame = field(default_factory=lambda: no_rows(EVENT_COLUMNS))

    def samples(self, model: str, dataset: str, seed: int) -> dict[int, Path]:
        return self.grids.get((model, seed), {})

    def neighbours(self, model: str, dataset: str, seed: int) -> Path | None:
        """The last grid: four rows of ten, as a picture of neighbours has."""
        grids = self.samples(model, dataset, seed) if dataset == "mnist5k" else {}
        return next(reversed(grids.values()), None)


def fake(
    path: Path,
    models: tuple[str, ...] = FIVE,
    seeds: int = 3,
    diverged: tuple[tuple[str, int], ...] = (("wgan", 2),),
    images: int = 256_000,
    rows: int = 400,
    pictures: bool = False,
) -> Results:
    """A finished comparison on `mnist5k`; `diverged` names the (model, seed) that did not."""
    rng = np.random.default_rng(0)
    trials, curves, evaluations = [], [], []
    for model in models:
        for seed in range(seeds):
            end = images * 0.45 if (model, seed) in diverged else images
            trials.append(_trial(model, seed, int(end), end < images))
            curves.append(_curves(model, seed, images, end, rows, rng))
            evaluations.append(_evaluations(model, seed, images, end, rng))
    results = FakeResults(
        path=path,
        experiment=_experiment(models, seeds, images),
        trials=pd.DataFrame(trials),
        curves=pd.concat(curves, ignore_index=True),
        evaluations=pd.concat(evaluations, ignore_index=True),
        scale=_scale(),
        environment={"python": "3.11", "torch": "2.9", "cores": 2, "device": "cpu", "dirty": False},
    )
    results.histograms = fake_probes.histograms("mnist5k", models, images)
    results.events = fake_probes.events("mnist5k", models[0])
    if pictures:
        results.grids = {(model, 0): _grids(path, model, 0, images, rng) for model in models}
    return cast(Results, results)


def final_only(
    path: Path, values: dict[str, list[float]], conditional: tuple[str, ...] = ()
) -> Results:
    """Only the FID at the end, as given: for tables whose numbers are computed by hand."""
    seeds = max(len(column) for column in values.values())
    results = cast(FakeResults, fake(path, tuple(values), seeds, diverged=(), rows=2))
    rows = [
        _row(model, seed, at, "fid", fid if at else 100.0, MAIN)
        for model, column in values.items()
        for seed, fid in enumerate(column)
        for at in (0, 256_000)
    ]
    results.evaluations = pd.DataFrame(rows)
    results.trials["conditional"] = results.trials["model"].isin(conditional)
    results.trials["collapse_alarms"] = 0
    return cast(Results, results)


def _experiment(models: tuple[str, ...], seeds: int, images: int) -> dict[str, Any]:
    return {
        "images": images,
        "batch_size": 64,
        "evaluations": 10,
        "samples": 4000,
        "seeds": list(range(seeds)),
        "datasets": ["mnist5k"],
        "features": "digits-lenet",
        "device": "cpu",
        "threads": 1,
        "contestants": [{"label": m, "model": m.split("@")[0], "set": {}} for m in models],
    }


def _trial(model: str, seed: int, images: int, diverged: bool) -> dict[str, Any]:
    ratio = 5 if model.startswith("wgan") else 1
    streams = {"data": f"d{seed}", "eval": f"e{seed}", "latent/generator": f"g{seed}"}
    if model.startswith("wgangp"):
        streams |= {"penalty": f"p{seed}"}
    if model.startswith("gan"):
        streams |= {"latent/generator": f"other{seed}"}
    return {
        "dataset": "mnist5k",
        "model": model,
        "seed": seed,
        "status": "diverged" if diverged else "finished",
        "reason": "loss/discriminator is nan" if diverged else "",
        "images": images,
        "generator_steps": images // 64 // ratio,
        "discriminator_steps": images // 64,
        "seconds": (40.0 if "dc" in model or ratio == 5 else 12.0) + seed,
        "images_per_second": images / (40.0 if "dc" in model or ratio == 5 else 12.0),
        "generator_parameters": 1_200_000,
        "discriminator_parameters": 800_000,
        "conditional": model.startswith("cgan"),
        "discriminator_steps_per_generator_step": ratio,
        "config": json.dumps({"lr": 2e-4}),
        "config_hash": "abc",
        "features": MAIN.partition(":")[0],
        "streams": json.dumps(streams),
        "collapse_alarms": int(seed == 0),
        "divergence_alarms": int(diverged),
    }


def _row(
    model: str, seed: int, images: float, metric: str, value: float, features: str | None = None
) -> dict[str, Any]:
    ratio = 5 if model.startswith("wgan") else 1
    row = {
        "dataset": "mnist5k",
        "model": model,
        "seed": seed,
        "images": int(images),
        "generator_steps": int(images) // 64 // ratio,
        "discriminator_steps": int(images) // 64,
        "seconds": images / 256_000 * (40.0 if "dc" in model or ratio == 5 else 12.0),
        "metric": metric,
        "value": value,
    }
    if features:
        row |= {"features": features, "samples": 4000, "reference": "train:4000"}
    return row


def _curves(
    model: str, seed: int, images: int, end: float, rows: int, rng: np.random.Generator
) -> pd.DataFrame:
    x = np.linspace(images / rows, images, rows)
    x = x[x <= end]
    t = x / images
    noise = rng.normal(size=(8 + len(LAYERS), len(x)))
    wasserstein = model.startswith("wgan")
    values = {
        "loss/discriminator": (-4 * np.exp(-3 * t) - 1 if wasserstein else 0.45 + 0.1 * t)
        + 0.08 * noise[0],
        "loss/generator": (2 + 3 * t if wasserstein else 2.2 - t) + 0.3 * noise[1],
        "grad_norm/discriminator": np.exp(-2 * t + 0.3 * noise[2]),
        "grad_norm/generator": np.exp(-1 - t + 0.3 * noise[3]) * (0.01 if model == "wgan" else 1),
        "score/real": 2 - t + 0.1 * noise[4],
        "score/fake": -2 + t + 0.1 * noise[5],
    }
    if model == "wgan":
        values["clip/saturated"] = 0.5 + 0.3 * t + 0.02 * noise[4]
    if model == "wgangp":
        values |= {"slope/mean": 1 + np.exp(-5 * t), "penalty": np.exp(-10 * t)}
    for i, layer in enumerate(LAYERS):
        decay = 10.0 ** (-i) if model == "wgan" else 1.0
        values[f"grad_norm/discriminator/{layer}"] = decay * np.exp(-2 * t + 0.2 * noise[6 + i])
    values |= fake_probes.probed(model.split("@")[0], t)
    if end < images and len(x):
        values["loss/generator"][-1] = np.nan
    ratio = 5 if wasserstein else 1
    frame = pd.DataFrame({
        "images": np.tile(x.astype(int), len(values)),
        "metric": np.repeat(np.array(list(values), object), len(x)),
        "value": np.concatenate(list(values.values())),
    })  # fmt: skip
    frame = frame[frame["value"].notna() | (frame["metric"] == "loss/generator")]
    frame = frame.reset_index(drop=True)
    frame["generator_steps"] = frame["images"] // 64 // ratio
    frame["discriminator_steps"] = frame["images"] // 64
    frame["seconds"] = frame["images"] / 6400
    return frame.assign(dataset="mnist5k", model=model, seed=seed)


def _evaluations(
    model: str, seed: int, images: int, end: float, rng: np.random.Generator
) -> pd.DataFrame:
    last = FINAL_FID.get(model, 30.0) * np.exp(0.08 * rng.normal())
    rows = []
    points = [at for at in np.linspace(0, images, 11) if at <= end]
    for at in points:
        level = last + (400 + 10 * rng.normal() - last) * np.exp(-9 * at / images)
        share = rng.dirichlet(np.full(10, 3.0 if model == "wgan" else 60.0))
        if model == "gan" and at:
            share[3:5] = 0.004
        uniform = np.full(10, 0.1)
        rows += [
            _row(model, seed, at, "fid", level, MAIN),
            _row(model, seed, at, "kid", level / 900, MAIN),
            _row(model, seed, at, "modes", float((share >= 0.01).sum()), MAIN),
            _row(model, seed, at, "mode_kl", float((share * np.log(share / uniform)).sum()), MAIN),
        ]
        rows += [_row(model, seed, at, f"class_share/{k}", share[k], MAIN) for k in range(10)]
        if model.startswith("cgan"):
            rows.append(_row(model, seed, at, "label_accuracy", 0.93, MAIN))
    if end >= images:
        rows.append(_row(model, seed, images, "fid", 0.7 * last, SECOND))
    return pd.DataFrame(rows)


def _scale() -> pd.DataFrame:
    noise = {"noise 0.1": 5.0, "noise 0.2": 18.0, "noise 0.4": 70.0, "noise 0.8": 190.0}
    levels = {"held-out real": 3.1, **noise, "uniform noise": 420.0}
    rows = [
        {
            "dataset": "mnist5k",
            "level": level,
            "metric": metric,
            "value": value * factor,
            "features": features,
            "samples": 1000 if level == "held-out real" else 4000,
            "reference": "train:4000",
        }
        for level, value in levels.items()
        for metric, factor in (("fid", 1.0), ("kid", 1 / 900))
        for features in (MAIN, SECOND)
    ]
    return pd.DataFrame(rows)


def _grids(
    path: Path, model: str, seed: int, images: int, rng: np.random.Generator
) -> dict[int, Path]:
    folder = path / "trials" / "mnist5k" / model.replace("/", "_") / f"s{seed}" / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    grids = {}
    for at in np.linspace(0, images, 11).astype(int):
        sheet = Image.new("L", (10 * 30 + 2, 4 * 30 + 2))
        pen = ImageDraw.Draw(sheet)
        for tile in range(40):
            where = (2 + 30 * (tile % 10) + 8, 2 + 30 * (tile // 10) + 2)
            pen.text(where, str(tile % 10), fill=255, font_size=20)
        weight = float(np.exp(-5 * at / images))
        noise = rng.uniform(0, 255, (sheet.height, sheet.width))
        mixed = (1 - weight) * np.asarray(sheet) + weight * noise
        grids[int(at)] = folder / f"{at:09d}.png"
        Image.fromarray(mixed.astype(np.uint8)).save(grids[int(at)])
    return grids
