"""Plausible results on 2-D points without training, beside `fake_results`' on images."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
from PIL import Image

from bench.records.results import Results
from gan_zoo.base import DataSpec

from .fake_results import FakeResults, _row, fake, final_only

THREE = ("gan", "cgan", "wgan")
FINAL_EMD = {"gan": 0.5, "cgan": 0.09, "wgan": 0.16}
HIGH_QUALITY = {"gan": 0.6, "cgan": 0.98, "wgan": 0.85}
PROTOCOL = {"features": "points", "samples": 2500, "reference": "true:2500"}
LEVELS = {
    "held-out real": (0.05, 0.989),
    "one mode": (1.41, 0.988),
    "uniform square": (0.72, 0.07),
}


def eight_modes(name: str, size: int | None) -> Any:
    """What a plan asks of a data set: points with eight modes, enough for any batch."""
    return SimpleNamespace(spec=DataSpec((2,), 8), train=range(10**6), content="")


@dataclass
class Mixed(FakeResults):
    """Several data sets, whose pictures are known by DATASET/MODEL."""

    def samples(self, model: str, dataset: str, seed: int) -> dict[int, Path]:
        return self.grids.get((f"{dataset}/{model}", seed), {})


def fake_points(
    path: Path,
    dataset: str = "grid25",
    modes: int = 25,
    models: tuple[str, ...] = THREE,
    seeds: int = 3,
    diverged: tuple[tuple[str, int], ...] = (("wgan", 2),),
    rows: int = 60,
) -> Results:
    """A finished comparison on points with as many modes (0: a distribution without any)."""
    results = cast(FakeResults, fake(path, models, seeds, diverged, rows=rows))
    rng = np.random.default_rng(1)
    clock = results.evaluations.query("metric == 'fid' and features.str.contains('lenet:')")
    found = [_values(row, modes, rng) for row in clock.to_dict("records")]
    results.evaluations = pd.DataFrame([row for one in found for row in one])
    results.scale = _scale(modes)
    results.grids = {(m, 0): _pictures(path, m, max(modes, 1), rng) for m in models}
    return on(cast(Results, results), dataset)


def final_points(
    path: Path,
    values: dict[str, list[float]],
    metric: str = "emd",
    conditional: tuple[str, ...] = (),
    dataset: str = "ring8",
) -> Results:
    """Only one metric at the end, as given, 100 before: for numbers computed by hand."""
    results = cast(FakeResults, final_only(path, values, conditional))
    results.evaluations = results.evaluations.assign(metric=metric, **PROTOCOL)
    results.scale = _scale(8)
    return on(cast(Results, results), dataset)


def on(results: Results, dataset: str) -> Results:
    """The same, on another data set."""
    for name in ("trials", "curves", "evaluations", "scale", "histograms", "events"):
        setattr(results, name, getattr(results, name).assign(dataset=dataset))
    results.trials["features"] = "points"
    results.experiment["datasets"] = [dataset]
    return results


def both(first: Results, second: Results) -> Results:
    """Two data sets in one folder; the plan is that of the first."""
    tables, grids = {}, {}
    for name in ("trials", "curves", "evaluations", "scale", "histograms", "events"):
        parts = [getattr(one, name) for one in (first, second)]
        tables[name] = pd.concat(parts, ignore_index=True)
    for one in (first, second):
        for (model, seed), found in cast(FakeResults, one).grids.items():
            grids[f"{one.experiment['datasets'][0]}/{model}", seed] = found
    names = [one.experiment["datasets"][0] for one in (first, second)]
    plan = first.experiment | {"datasets": names}
    return cast(Results, Mixed(first.path, plan, **tables, grids=grids))


def _values(at: dict[str, Any], modes: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The rows of one evaluation, at the clock of a row of images."""
    t, last = at["images"] / 256_000, FINAL_EMD.get(at["model"], 0.2) * np.exp(0.1 * rng.normal())
    values = {"emd": last + (1.3 - last) * np.exp(-9 * t)}
    if modes:
        share = rng.dirichlet(np.full(modes, 100.0 if at["model"] == "cgan" else 4.0))
        if at["model"] == "gan":
            share[modes // 3 :: 2] = 0
            share /= share.sum()
        values |= {
            "high_quality": HIGH_QUALITY.get(at["model"], 0.9) * (1 - np.exp(-5 * t)),
            "modes": float((share > 0).sum()) if t else 0.0,
            "mode_kl": float((share * np.log(np.maximum(share, 1e-9) * modes)).sum()),
        }
        values |= {f"class_share/{k}": float(share[k]) for k in range(modes)}
        if at["model"] == "cgan":
            values["label_accuracy"] = 0.91
    place = (at["model"], at["seed"], at["images"])
    return [_row(*place, name, value) | PROTOCOL for name, value in values.items()]


def _scale(modes: int) -> pd.DataFrame:
    rows = [
        {"level": level, "metric": metric, "value": value, **PROTOCOL}
        for level, values in LEVELS.items()
        for metric, value in zip(("emd", "high_quality"), values, strict=True)
        if modes or (metric == "emd" and level != "one mode")
    ]
    return pd.DataFrame(rows)


def _pictures(path: Path, model: str, modes: int, rng: np.random.Generator) -> dict[int, Path]:
    folder = path / "trials" / "points" / model / "s0" / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    side = int(np.ceil(np.sqrt(modes)))
    found = {}
    for at in np.linspace(0, 256_000, 11).astype(int):
        labels = rng.integers(modes, size=2500)
        centres = np.stack([labels % side, labels // side], 1) - (side - 1) / 2
        width = 0.05 + 0.9 * np.exp(-8 * at / 256_000)
        points = centres + width * rng.normal(size=(2500, 2))
        half = (side / 2) * 1.15
        edges = np.linspace(-half, half, 129)
        counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=(edges, edges))
        grey = 255 * np.log1p(counts) / np.log1p(counts).max()
        found[int(at)] = folder / f"{at:09d}.png"
        Image.fromarray(grey.astype(np.uint8)).save(found[int(at)])
    return found
