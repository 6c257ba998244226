"""A contestant, a labelled configuration; and a trial: contestant x data set x seed, resolved.

Everything that can change one of a trial's bits is a field of it.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from .catalog import extractor_name

ROWS = 400  # of a curve, about: more points than a plot can show


@dataclass(frozen=True)
class Contestant:
    """A labelled configuration: a model, a preset or None, and values that override both."""

    label: str
    model: str
    preset: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """One contestant on one data set with one seed. What can change its bits is its `identity`."""

    dataset: str  # its name in records
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
    source: str  # what the data set is loaded by: its name, or folder:PATH
    content: str = ""  # hash of what a user's own data are
    unsuited: str | None = None  # why it cannot be run, or None

    @property
    def key(self) -> str:
        """Its place below `trials/` in the results folder."""
        return f"{self.dataset}/{self.label}/s{self.seed}"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What its numbers depend on: not the label, and not the places where files lie."""
        values = asdict(self) | {"features": extractor_name(self.features)}
        del values["label"], values["unsuited"], values["source"]
        if not self.content:
            del values["content"]
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
