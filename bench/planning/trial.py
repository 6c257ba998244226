"""Contestants (labelled configurations) and trials (contestant x data set x seed, resolved).

Everything that can change a bit of a trial's numbers is a field of the trial.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from ..extensions import portable
from ..extractors import extractor_name
from .code import changed

CHECKPOINT_EVERY = 60.0  # seconds between two checkpoints, if no evaluation comes before
ROWS = 400  # of a curve before they thin out: more points than a plot can show
PROBED = 10  # every tenth row is probed: so probes cost 5 % of the training time at most


@dataclass(frozen=True)
class Contestant:
    """A labelled configuration: a model, a preset or None, and values that override both."""

    label: str
    model: str
    preset: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] | None = None  # those of the plan that it trains; None: all


@dataclass(frozen=True)
class Trial:
    """One contestant on one data set with one seed. Its `identity` decides its numbers."""

    dataset: str  # its name in records
    label: str
    seed: int
    model: str
    config: dict[str, Any]  # the model's resolved hyperparameters
    images: int  # the budget, in real images shown to the discriminator
    unit: int  # images; evaluations and rows of curves fall on its multiples
    evaluations: int
    batch_size: int
    samples: int
    size: int | None
    features: str
    device: str
    precision: str
    threads: int
    source: str  # what the data set is loaded by: its name, or folder:PATH
    content: str = ""  # hash of a user's own data
    unsuited: str | None = None  # why it cannot be trained, or None
    probes: tuple[str, ...] = ()  # diagnostics; they change no number but their own
    code: dict[str, str] = field(default_factory=dict)  # behind whatever is not ours
    metrics: tuple[str, ...] = ()  # of the user's own, beside ours
    stack: int = 1  # trials that train as one computation, this and others that differ by seed
    deterministic: bool = True  # on cuda: only algorithms that give the same bits twice
    alone: str = ""  # why it is not stacked, where the plan asks for stacks

    @property
    def key(self) -> str:
        """Its place below `trials/` in the results folder."""
        return f"{self.dataset}/{self.label}/s{self.seed}"

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What its numbers depend on: not its label, and not where files lie."""
        values = asdict(self) | {"features": extractor_name(self.features)}
        values |= {"model": portable(self.model), "metrics": [*map(portable, self.metrics)]}
        del values["label"], values["unsuited"], values["source"], values["probes"]
        del values["alone"]
        # Absent while they have their defaults: old trials have none.
        if self.stack == 1:
            del values["stack"]
        if self.deterministic:
            del values["deterministic"]
        for name in (
            "content",
            "code",
            "metrics",
        ):  # absent where there is none, as in old trials
            if not values[name]:
                del values[name]
        return values

    @cached_property
    def config_hash(self) -> str:
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()

    @cached_property
    def evaluation_points(self) -> list[int]:
        """Images at which it is evaluated: from 0 to the budget, evenly, in whole units."""
        units = self.images // self.unit
        steps = range(self.evaluations + 1)
        return sorted({round(units * i / self.evaluations) * self.unit for i in steps})

    def row_end(self, images: int) -> int:
        """Where the row of the curves that starts at `images` ends, unless an evaluation ends it.

        A row is one unit long up to 400 units, 2 units up to 800, 4 units up to 1,600 and so on.
        This does not depend on the budget: a larger budget begins with the rows of a smaller one.
        """
        units = images // self.unit
        stride = self._stride(units)
        return (units // stride + 1) * stride * self.unit

    def probed(self, images: int) -> bool:
        """Is the row that ends at `images` probed? Every tenth is, and each before an evaluation.

        This does not depend on the budget either.
        """
        units, within = divmod(images, self.unit)
        tenth = within == 0 and units % (PROBED * self._stride(units - 1)) == 0
        return tenth or images in self._evaluated

    @cached_property
    def _evaluated(self) -> frozenset[int]:
        return frozenset(self.evaluation_points)

    def _stride(self, units: int) -> int:
        return 1 << (units // ROWS).bit_length()

    def extends(self, recorded: dict[str, Any]) -> bool:
        """Is this the trial of that trial.json, or the same with a larger budget?

        A larger budget must keep the evaluation points of the smaller one: then it can go on.
        """
        images, evaluations = recorded.get("images", 0), recorded.get("evaluations", 0)
        if not 0 < images <= self.images or not 0 < evaluations <= self.evaluations:
            return False
        smaller = replace(self, images=images, evaluations=evaluations)
        points = smaller.evaluation_points
        same_points = points == self.evaluation_points[: len(points)]
        return same_points and smaller.config_hash == recorded.get("config_hash")

    def differs_in_code(self, recorded: dict[str, Any]) -> str:
        """The files in which its code differs from that of a trial.json; empty if in none."""
        return changed(recorded.get("code") or {}, self.code)

    @cached_property
    def course(self) -> str:
        """The hash of its identity without budget and evaluations: of its way, not of its end."""
        return replace(self, images=0, evaluations=0).config_hash


def cost(trial: Trial) -> float:
    """A rough guess at how long a trial takes: the longest start first, so no core idles late."""
    has = trial.config.get
    networks = (2.0 if has("backbone") == "conv" else 1.0) * (1.6 if has("penalty") else 1.0)
    steps = has("discriminator_steps")
    turns = 1 / steps if isinstance(steps, int) and steps > 0 else 1.0  # of the generator
    return networks * (1 + turns) * trial.images
