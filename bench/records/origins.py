"""Where contestants come from: model, preset, changed settings, and the source of each."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from gan_zoo.catalog import ENTRIES, preset_of


class Origin(NamedTuple):
    """One contestant of an experiment, in words."""

    label: str
    model: str  # "dcgan@notes-b"
    changed: str  # "width = 16, penalty = 1", or empty
    source: str  # empty for a user's own model


HEADS = ["label", "model", "changed settings", "source"]


def origins(experiment: Mapping[str, Any]) -> list[Origin]:
    """The contestants of an experiment.toml, in its order."""
    return [_origin(entry) for entry in experiment["contestants"]]


def presets(experiment: Mapping[str, Any]) -> dict[str, str]:
    """label -> "dcgan@notes-b", for the contestants that have a preset."""
    found = {str(entry["label"]): _reference(entry) for entry in experiment["contestants"]}
    return {label: reference for label, reference in found.items() if "@" in reference}


def _reference(entry: Mapping[str, Any]) -> str:
    return "@".join(str(entry[key]) for key in ("model", "preset") if entry.get(key))


def _origin(entry: Mapping[str, Any]) -> Origin:
    changed = ", ".join(f"{k} = {json.dumps(v)}" for k, v in entry.get("values", {}).items())
    model = str(entry["model"])
    source = f"{ENTRIES[model].source}; the zoo's own values" if model in ENTRIES else ""
    if preset := preset_of(model, entry.get("preset")):
        source = preset.source + f"; assumed: {preset.assumed}" * bool(preset.assumed)
    return Origin(str(entry["label"]), _reference(entry), changed, source)
