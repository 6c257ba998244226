"""A plan as a TOML file gives it."""

import dataclasses
from dataclasses import asdict
from typing import Any

from gan_zoo import catalog as zoo

from ..errors import InputError, shown
from .naming import resolved, resolved_model
from .parsing import parse_images, parse_models, require_text
from .plan import Plan
from .trial import Contestant


def from_dict(values: dict[str, Any], source: str) -> Plan:
    """A plan from a parsed TOML file; raises InputError naming `source`."""
    values = dict(values)
    version = values.pop("version", 1)
    if version != 1:
        raise InputError(f"{source}: version {shown(version)} is not known here; this is version 1")
    known = {f.name for f in dataclasses.fields(Plan)} | {"models"}
    for name in values:
        if name not in known:
            raise InputError(f"{source}: {zoo.unknown('setting', name, known)}")
    try:
        tables = [_table(entry) for entry in _listed("contestants", values.pop("contestants", []))]
        models = _listed("models", values.pop("models", []))
        for model in models:
            require_text("a model", model)
        tables += map(asdict, parse_models(",".join(models)))
        values["contestants"] = tuple(Contestant(**table) for table in tables)
        if isinstance(images := values.get("images"), str):
            values["images"] = parse_images(images)
        values = resolved(values)
        for name in ("datasets", "seeds", "looks"):
            if name in values:
                values[name] = tuple(_listed(name, values[name]))
        if "accepted" in values:
            pairs = _listed("accepted", values["accepted"])
            values["accepted"] = tuple(tuple(_listed("accepted", pair)) for pair in pairs)
        return Plan(**values)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{name} must be a list, not {shown(value)}")
    return list(value)


def _table(entry: Any) -> dict[str, Any]:
    """A contestant's table in a TOML file, checked; raises InputError."""
    known = [f.name for f in dataclasses.fields(Contestant)]
    if not isinstance(entry, dict) or not {"label", "model"} <= entry.keys():
        raise InputError(f"a contestant is a table with label and model, not {shown(entry)}")
    for name in entry:
        if name not in known:
            raise InputError(zoo.unknown("contestant's setting", name, known))
    found: dict[str, Any] = entry | {"model": resolved_model(entry["model"])}
    if found.get("seeds") is not None:
        found |= {"seeds": tuple(_listed("a contestant's seeds", entry["seeds"]))}
    return found
