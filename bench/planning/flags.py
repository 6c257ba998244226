"""A plan from the command line's flags and from what this machine has."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from gan_zoo.catalog import MODELS

from ..datasets import code_reference, primary_metric
from ..environment import cores
from ..errors import InputError, shown
from ..extensions import whole
from ..files import read_toml
from .from_toml import from_dict
from .naming import resolved
from .parsing import (
    parse_datasets,
    parse_images,
    parse_models,
    parse_seeds,
    parse_set,
    require_text,
)
from .plan import Plan
from .trial import Contestant

DEVICES = ("cpu", "cuda", "mps")


def plan_from(
    experiment: str | None,
    models: str | None,
    datasets: str | None,
    seeds: str | None,
    images: str | None,
    values: tuple[str, ...],
    device: str | None,
    here: bool = True,
    **others: Any,
) -> Plan:
    """A plan from an experiment file or the defaults, overridden by flags that are not None.

    here: do its trials train on this machine?
    """
    asked = resolved({name: value for name, value in others.items() if value is not None})
    if datasets is not None:
        from ..datasets.own import with_kind  # imports torch

        named = resolved({"datasets": parse_datasets(datasets)})["datasets"]
        asked["datasets"] = tuple(map(with_kind, named))
    if seeds is not None:
        asked["seeds"] = parse_seeds(seeds)
    if images is not None:
        asked["images"] = parse_images(images)
    if models is not None:
        asked["contestants"] = tuple(parse_models(models))
    settings = read_toml(Path(experiment)) if experiment else {}
    study = settings.get("study", settings.get("probe"))  # as settings of `bench study` say it
    if study is not None:
        raise InputError(f"{experiment} is for `bench study {shown(study)} {experiment}`")
    if not settings.get("contestants") and not settings.get("models"):
        settings["models"] = list(MODELS)
    planned = settings.pop("device", "auto")
    asked["device"] = available(planned if device is None else device, here)
    plan = replace(from_dict(settings, experiment or "defaults"), **asked)
    plan = replace(plan, datasets=tuple(map(with_whole_path, plan.datasets)))
    if plan.size is not None and all(primary_metric(name) == "emd" for name in plan.datasets):
        raise InputError(
            f"points have no size in pixels: {', '.join(plan.datasets)} without --size"
        )
    return replace(plan, contestants=with_values(plan.contestants, values))


def with_whole_path(dataset: str) -> str:
    """A reference with the absolute path of its folder or file: it holds wherever one works."""
    kind, colon, path = dataset.partition(":")
    if kind == "folder" and colon:
        return f"{kind}:{Path(path).expanduser().absolute()}"
    code = code_reference(dataset)
    return dataset.removesuffix(code) + whole(code)


def with_values(
    contestants: tuple[Contestant, ...], texts: tuple[str, ...]
) -> tuple[Contestant, ...]:
    """The contestants with the values that `--set` gives them."""
    by_label = {contestant.label: contestant for contestant in contestants}
    for target, name, value in parse_set(texts):
        labels = [target] if target else list(by_label)
        for label in labels:
            if label not in by_label:
                raise InputError(
                    f"--set {label}.{name}: no contestant is called {label!r}; "
                    f"there are {', '.join(by_label)}"
                )
            contestant = by_label[label]
            by_label[label] = replace(contestant, values={**contestant.values, name: value})
    return tuple(by_label.values())


def available(device: str, here: bool = True) -> str:
    """The device asked for; `auto` takes a GPU if there is one. Raises InputError.

    here: do trials train on this machine? Others may have a GPU where this one has none.
    """
    require_text("device", device)
    if device == "cuda" and not here:
        return device
    import torch  # here, since help must not wait for it

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if device not in there:
        raise InputError(f"device is auto, {', '.join(DEVICES)}, not {shown(device)}")
    if not there[device]:
        found = ", ".join(name for name, usable in there.items() if usable)
        raise InputError(f"torch sees no {device} device on this machine; it has {found}")
    return device


def gpus() -> list[str]:
    """The GPUs that torch sees, named as in CUDA_VISIBLE_DEVICES."""
    import torch

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    return named.split(",")[:count] if named else [str(number) for number in range(count)]


class Machine(Protocol):
    """What a plan, or the settings of a study, asks of the machine."""

    @property
    def device(self) -> str: ...
    @property
    def threads(self) -> int: ...


def jobs_for(asked: str, plan: Machine, per_device: int = 1, devices: int = 1) -> int:
    """How many trials run at a time: as many as there are cores for, or the number asked for.

    On GPUs `per_device` of them on each of the `devices`.
    """
    if asked != "auto":
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= 1024:
            raise InputError(f"--jobs is auto or a number from 1 up, not {shown(asked)}")
        return int(asked)
    if plan.device != "cpu":
        return per_device * max(1, devices)
    return max(1, cores() // plan.threads)
