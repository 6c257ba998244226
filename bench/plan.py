"""From flags or a TOML file to trials: contestants x data sets x seeds.

A contestant is a labelled configuration of a model. A trial is contestant x data set x seed,
resolved: everything that can change one of its bits is a field of it.
"""

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from gan_zoo import catalog as zoo

from .catalog import DATASETS, EXTRACTORS
from .errors import InputError
from .settings import resolve

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
ROWS = 400  # of a curve, about: more points than a plot can show
# The usual numbers of discriminator steps divide it, so that a contestant that is added to a
# folder later does not move the evaluation points of those already there.
STEPS = 10
PRECISIONS = ("fp32", "bf16")
SIZES = (28, 32, 64)


@dataclass(frozen=True)
class Contestant:
    """A labelled configuration: a model, a preset or None, and values that override both."""

    label: str
    model: str
    preset: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """One contestant on one data set with one seed. All fields but `label` can change bits."""

    dataset: str
    label: str
    seed: int
    model: str
    config: dict[str, Any]  # the model's resolved hyperparameters
    images: int  # the budget, in real images shown to the discriminator
    unit: int  # of the budget: evaluations and rows of curves fall on its multiples
    evaluations: int
    batch_size: int
    samples: int
    size: int | None
    features: str
    device: str
    precision: str
    threads: int
    unsuited: str | None = None  # why it cannot be run, or None

    @property
    def key(self) -> str:
        """Its place below `trials/` in the results folder."""
        return f"{self.dataset}/{self.label}/s{self.seed}"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What its numbers depend on; the label is not among it."""
        values = asdict(self)
        del values["label"], values["unsuited"]
        return values

    @cached_property
    def config_hash(self) -> str:
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()

    @cached_property
    def evaluation_points(self) -> list[int]:
        """Images at which it is evaluated: 0, whole units as evenly as they go, the budget."""
        units = self.images // self.unit
        steps = range(self.evaluations + 1)
        return sorted({round(units * i / self.evaluations) * self.unit for i in steps})

    @property
    def row_every(self) -> int:
        """Images between two rows of its curves."""
        return math.ceil(self.images / self.unit / ROWS) * self.unit


@dataclass(frozen=True)
class Plan:
    """Contestants x data sets x seeds, and what holds for all of them."""

    contestants: tuple[Contestant, ...]
    datasets: tuple[str, ...] = ("mnist5k",)
    seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 256_000
    batch_size: int = 64
    evaluations: int = 8
    samples: int = 4000
    size: int | None = None
    features: str = "auto"
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1

    def __post_init__(self) -> None:
        labels = [contestant.label for contestant in self.contestants]
        if not labels:
            raise InputError("no models to compare; `bench list` shows those there are")
        for label in labels:
            if not LABEL.fullmatch(label):
                raise InputError(
                    f"{label!r} cannot be a label: letters, digits and . _ @ + -, 64 at most"
                )
            if labels.count(label) > 1:
                raise InputError(f"two contestants are called {label!r}; write other={label}")
        for name in self.datasets:
            require(name, DATASETS, "data set")
        for option, value in (
            ("images", self.images),
            ("batch size", self.batch_size),
            ("evaluations", self.evaluations),
            ("threads", self.threads),
        ):
            if value < 1:
                raise InputError(f"{option} must be 1 or more, not {value}")
        if self.samples < 2:
            raise InputError(f"samples must be 2 or more, not {self.samples}")
        if self.features != "auto":
            require(self.features, EXTRACTORS, "feature extractor")
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is fp32 or bf16, not {self.precision!r}")
        if self.size is not None and self.size not in SIZES:
            raise InputError(f"size is 28, 32 or 64, not {self.size}")

    @cached_property
    def resolved(self) -> dict[str, tuple[type, Any]]:
        """label -> (model class, Config). Imports torch; raises InputError."""
        return {c.label: resolve(c.label, c.model, c.preset, c.values) for c in self.contestants}

    @cached_property
    def unit(self) -> int:
        """Images that are a whole number of generator steps for every contestant."""
        steps = [config.discriminator_steps for _, config in self.resolved.values()]
        return self.batch_size * math.lcm(STEPS, *steps)

    @cached_property
    def budget(self) -> int:
        """`images`, rounded to whole units."""
        return max(1, round(self.images / self.unit)) * self.unit

    def extractor(self, dataset: str) -> str:
        return DATASETS[dataset].features if self.features == "auto" else self.features

    def trials(self, spec_of: Callable[[str, int | None], Any]) -> list[Trial]:
        """All trials; `spec_of(dataset, size)` gives the DataSpec that tells who is unsuited."""
        found = []
        for dataset in self.datasets:
            spec = spec_of(dataset, self.size)
            for seed in self.seeds:
                for contestant in self.contestants:
                    model, config = self.resolved[contestant.label]
                    found.append(
                        Trial(
                            dataset=dataset,
                            label=contestant.label,
                            seed=seed,
                            model=contestant.model,
                            config=json.loads(json.dumps(dataclasses.asdict(config))),
                            images=self.budget,
                            unit=self.unit,
                            evaluations=self.evaluations,
                            batch_size=self.batch_size,
                            samples=self.samples,
                            size=self.size,
                            features=self.extractor(dataset),
                            device=self.device,
                            precision=self.precision,
                            threads=self.threads,
                            unsuited=model.unsuited(spec, config),  # type: ignore[attr-defined]
                        )
                    )
        return found

    def default_folder(self) -> str:
        """The folder's name: the same command finds it again."""
        names = [name if self.size is None else f"{name}-{self.size}px" for name in self.datasets]
        marks = [self.precision] if self.precision != "fp32" else []
        marks += [self.device] if self.device != "cpu" else []
        return "-".join([*names, f"{short(self.images)}", *marks])

    def as_dict(self) -> dict[str, Any]:
        """What experiment.toml holds: `from_dict` makes the same plan of it."""
        values = {k: v for k, v in asdict(self).items() if v is not None}
        values |= {"datasets": list(self.datasets), "seeds": list(self.seeds)}
        values["contestants"] = [
            {k: v for k, v in asdict(contestant).items() if v not in (None, {})}
            for contestant in self.contestants
        ]
        return {"version": 1, **values}


def from_dict(values: dict[str, Any], source: str) -> Plan:
    """A plan from a parsed TOML file; raises InputError naming `source`."""
    values = dict(values)
    version = values.pop("version", 1)
    if version != 1:
        raise InputError(f"{source}: version {version} is not known here; this is version 1")
    known = {f.name for f in dataclasses.fields(Plan)} | {"models"}
    for name in values:
        if name not in known:
            raise InputError(f"{source}: {zoo.unknown('setting', name, known)}")
    try:
        contestants = values.pop("contestants", None) or []
        if "models" in values:
            contestants = [
                *contestants,
                *map(asdict, parse_models(",".join(values.pop("models")))),
            ]
        values["contestants"] = tuple(Contestant(**contestant) for contestant in contestants)
        if isinstance(images := values.get("images"), str):
            values["images"] = parse_images(images)
        for name in ("datasets", "seeds"):
            if name in values:
                values[name] = tuple(values[name])
        return Plan(**values)
    except TypeError as error:
        raise InputError(f"{source}: {error}") from error


def parse_models(text: str) -> list[Contestant]:
    """ "gan,dcgan@paper,mine=wgangp" -> contestants; a name alone is its own label."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, named, reference = part.rpartition("=")
        model, _, preset = reference.partition("@")
        if model in zoo.MODELS:
            if preset:
                require(preset, zoo.MODELS[model].presets, f"preset of {model}")
        elif ":" not in model:
            raise InputError(zoo.unknown("model", model, zoo.MODELS))
        default = reference if model in zoo.MODELS else model.rpartition(":")[2].lower()
        found.append(Contestant(label if named else default, model, preset or None))
    return found


def parse_seeds(text: str) -> tuple[int, ...]:
    """ "3" -> (0, 1, 2); "0,4,7" -> (0, 4, 7)."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError(f"seeds are a number of them (3) or a list (0,4,7), not {text!r}")
    numbers = tuple(int(part) for part in parts)
    seeds = tuple(range(numbers[0])) if len(numbers) == 1 else numbers
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError(f"seeds must be at least one, each named once, not {text!r}")
    return seeds


def parse_images(text: str) -> int:
    """ "256k" -> 256,000; k = 1,000, M = 1,000,000."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([kM]?)", text.strip())
    images = round(float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]) if match else 0
    if images < 1:
        raise InputError(f"images are a count such as 25600, 256k or 1.5M, not {text!r}")
    return images


def short(images: int) -> str:
    """256,000 -> "256k"."""
    return f"{images // 1000}k" if images % 1000 == 0 else str(images)


def require(name: str, known: Any, kind: str) -> None:
    if name not in known:
        raise InputError(zoo.unknown(kind, name, known))
