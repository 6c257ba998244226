"""The command line's flags, and what this machine has, made into a plan."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from gan_zoo.catalog import MODELS

from ..environment import cores
from ..errors import InputError, shown
from ..files import read_toml
from .parsing import parse_images, parse_models, parse_seeds, parse_set, require_text
from .plan import Plan, from_dict
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
    **others: Any,
) -> Plan:
    """A plan from an experiment file or the defaults, overridden by flags that are not None."""
    asked: dict[str, Any] = {name: value for name, value in others.items() if value is not None}
    if datasets is not None:
        asked["datasets"] = tuple(part.strip() for part in datasets.split(","))
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
    asked["device"] = available(device or settings.pop("device", "auto"))
    settings.pop("device", None)
    plan = replace(from_dict(settings, experiment or "defaults"), **asked)
    plan = replace(plan, datasets=tuple(map(with_whole_path, plan.datasets)))
    return replace(plan, contestants=with_values(plan.contestants, values))


def with_whole_path(dataset: str) -> str:
    """`folder:PATH` with the absolute path, so that it means the same from anywhere."""
    kind, colon, path = dataset.partition(":")
    return f"{kind}:{Path(path).expanduser().absolute()}" if colon and kind == "folder" else dataset


def with_values(
    contestants: tuple[Contestant, ...], texts: tuple[str, ...]
) -> tuple[Contestant, ...]:
    """The contestants with what `--set` says of them."""
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


def available(device: str) -> str:
    """The device asked for; `auto` takes a GPU if there is one. Raises InputError."""
    require_text("device", device)
    import torch  # where a plan is made for a run, not where help is printed

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
    """The GPUs that torch sees here, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    return named.split(",")[:count] if named else [str(number) for number in range(count)]


class Machine(Protocol):
    """What a plan, or the settings of an experiment, asks of the machine."""

    @property
    def device(self) -> str: ...
    @property
    def threads(self) -> int: ...


def jobs_for(asked: str, plan: Machine, per_device: int = 1, devices: int = 1) -> int:
    """Trials at a time: cores are never oversubscribed unless a number is asked for.

    `per_device` of them on each of so many GPUs.
    """
    if asked != "auto":
        if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= 1024:
            raise InputError(f"--jobs is auto or a number from 1 up, not {shown(asked)}")
        return int(asked)
    if plan.device != "cpu":
        return per_device * max(1, devices)
    return max(1, cores() // plan.threads)
