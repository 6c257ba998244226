"""config.json of an export: what is known of a trained generator."""

import math
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from gan_zoo import catalog as zoo

from .. import __version__
from ..datasets import dataset_entry, primary_metric
from ..errors import InputError
from ..metrics import METRICS, Metric
from ..records.layout import PROTOCOL
from ..records.results import Results
from ..records.state import facts_in, readable_facts
from ..tables.protocol import final, metrics
from .load import Trained

FORMAT = 1  # of config.json
PACKAGES = ("torch", "safetensors", "numpy")
MADE_WITH = ("python", "torch", "processor", "gpu", "commit", "dirty", "started")
TRAINING = ("batch_size", "precision", "device", "threads", "config_hash")
ENDED = ("status", "reason", "images", "generator_steps", "discriminator_steps", "seconds")


def facts_of(trained: Trained, results: Results) -> dict[str, Any]:
    """The content of config.json, except what it says of the other files of the export.

    Raises InputError if the trial's record is damaged.
    """
    trial, model = trained.trial, trained.model
    conditional = bool(model.conditional)
    return {
        "format": FORMAT,
        "model": trial.model,
        "label": trial.label,
        "preset": _preset(results, trial.label),
        "source": zoo.ENTRIES[trial.model].source if trial.model in zoo.ENTRIES else "a user's own",
        "config": trial.config,
        "spec": {"shape": list(model.spec.shape), "classes": model.spec.classes},
        "class_names": list(trained.dataset.mode_names),
        "latent_dim": model.config.latent_dim,
        "latent": "independent standard normal numbers, float32",
        "conditional": conditional,
        "labels": _labels(conditional, model.spec.classes),
        "output": _output(model.spec.shape),
        "parameters": sum(p.numel() for p in model.sampler.parameters()),
        "dataset": _dataset(trained),
        "seed": trial.seed,
        "training": _training(trained),
        "metrics": _metrics(trained, results),
        "same_metric_of_all_seeds": _seeds(trained, results),
        "not_measured": readable_facts(trained.folder / "status.json").get("not_measured", {}),
        "made_with": {k: v for k, v in results.environment.items() if k in MADE_WITH},
        "exported_with": exported_with(PACKAGES),
    }


def exported_with(packages: tuple[str, ...]) -> dict[str, str]:
    """Name -> version of this project and of those packages that are installed."""
    found = {"gan-bench": __version__}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _preset(results: Results, label: str) -> str | None:
    contestants = results.experiment["contestants"]
    return next((one.get("preset") for one in contestants if one["label"] == label), None)


def _labels(conditional: bool, classes: int) -> str:
    if conditional:
        return f"int64 [n], the class that is asked for, 0 to {classes - 1} (class_names)"
    return "int64 [n], ignored: the class cannot be chosen"


def _output(shape: tuple[int, ...]) -> dict[str, Any]:
    if len(shape) != 3:
        return {"kind": "points", "shape": ["n", *shape], "range": None}
    return {
        "kind": "images",
        "shape": ["n", *shape],
        "range": [-1, 1],
        "to_bytes": "round((x + 1) * 127.5)",
    }


def _dataset(trained: Trained) -> dict[str, Any]:
    """The data set without the path of a user's folder, which is private."""
    trial, data = trained.trial, trained.dataset
    entry = dataset_entry(trial.source)
    return {
        "name": trial.dataset,
        "trained_on": len(data.train),
        "held_out": len(data.holdout),
        "content": trial.content or None,
        "license": entry.license,
    }


def _training(trained: Trained) -> dict[str, Any]:
    recorded = facts_in(trained.folder / "trial.json")
    ended = facts_in(trained.folder / "status.json")
    if "images" not in ended:
        raise InputError(f"{trained.folder}/status.json does not say how training ended")
    facts = {name: ended[name] for name in ENDED if name in ended}
    return facts | {name: recorded[name] for name in TRAINING if name in recorded}


def _metrics(trained: Trained, results: Results) -> list[dict[str, Any]]:
    """The values of the last evaluation, each with its protocol."""
    rows = results.evaluations
    key = {"dataset": trained.trial.dataset, "model": trained.trial.label}
    for name, value in {**key, "seed": trained.trial.seed}.items():
        rows = rows[rows[name] == value]
    known = metrics(results)
    rows = rows[(rows["images"] == rows["images"].max()) & rows["metric"].isin(known)]
    return [
        _metric(row, known[row["metric"]])
        for row in rows.to_dict("records")
        if math.isfinite(row["value"])
    ]


def _metric(row: dict[str, Any], entry: Metric) -> dict[str, Any]:
    protocol = {name: row[name] for name in PROTOCOL if not pd.isna(row[name]) and row[name]}
    if "samples" in protocol:
        protocol["samples"] = int(protocol["samples"])
    own = {} if row["metric"] in METRICS else {"title": entry.title, "help": entry.help}
    value = {"value": float(row["value"]), "better": entry.better}
    return {"metric": row["metric"], **value, **protocol, **own}


def _seeds(trained: Trained, results: Results) -> dict[str, Any]:
    """The primary metric of every finished seed of the contestant, to show how much seeds vary."""
    metric, dataset = primary_metric(trained.trial.dataset), trained.trial.dataset
    try:
        rows = final(results, metric, dataset)
    except ValueError:  # measured in more than one way, so not comparable
        return {"metric": metric, "values": {}}
    rows = rows[rows["model"] == trained.trial.label]
    values = zip(rows["seed"], rows["value"], strict=True)
    return {"metric": metric, "values": {str(int(seed)): float(v) for seed, v in values}}
