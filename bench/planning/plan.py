"""The plan: contestants x data sets x seeds, from a TOML file or the command line's flags."""

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..datasets import BY_LABELS, OWN_FEATURES, SIDES, dataset_entry, dataset_name
from ..errors import InputError, shown
from ..extractors import NONE, check_features
from ..metrics import own_metrics
from ..probes import chosen
from ..words import short
from .code import code_behind
from .hyperparameters import recorded, resolve_all, unstacked
from .own import load_all
from .parsing import (
    RANGES,
    SEEDS,
    TEXTS,
    TRIALS,
    require_looks,
    require_several,
    require_text,
    require_whole,
)
from .trial import Contestant, Trial

if TYPE_CHECKING:
    from gan_zoo.base import GAN, DataSpec  # torch, which a plan does not need

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
# Evaluation points fall on multiples of 10 discriminator steps, which the usual numbers of steps
# divide: a contestant that is added to a folder later does not move the points already there.
STEPS = 10
FAR = 1000  # a unit so many times the budget asked for is never what was meant
PRECISIONS = ("fp32", "bf16")


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
    probes: str = "default"  # diagnostics recorded while training; they change no other number
    metrics: str = "default"  # ours, and more of the user's own
    stack: int = 1  # trials of a contestant that train as one computation
    deterministic: bool = True  # on cuda: only algorithms that give the same bits twice
    # Of a folder whose budget was raised: (images, evaluations) of each command so far, as asked.
    accepted: tuple[tuple[int, int], ...] = ()
    # Numbers of seeds at which a verdict was or will be given; () is once, with all of them.
    looks: tuple[int, ...] = ()
    margin: float | None = None  # of equivalence, in looks: 0.05 for 5 %

    def __post_init__(self) -> None:
        self._require_contestants()
        for reference in self.datasets:
            require_text("a data set", reference)
            dataset_entry(reference)
        for seed in self.seeds:
            require_whole("a seed", seed, *SEEDS)
        require_several("datasets", self.datasets)
        require_several("seeds", self.seeds)
        names = [dataset_name(reference) for reference in self.datasets]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"two data sets would be called {name!r}: compare one at a time")
        require_looks(self.looks, self.margin, len(self.seeds))
        started = len(self.contestants) * len(self.datasets) * len(self.seeds)
        if started > TRIALS:
            raise InputError(f"{started:,} trials are too many: at most {TRIALS:,} in a folder")
        for option, (least, most) in RANGES.items():
            require_whole(option.replace("_", " "), getattr(self, option), least, most)
        for option in TEXTS:
            require_text(option, getattr(self, option))
        for request in self.accepted:
            if not isinstance(request, tuple) or len(request) != 2:
                raise InputError(f"accepted holds pairs of numbers, not {shown(request)}")
            for name, value in zip(("images", "evaluations"), request, strict=True):
                require_whole(f"accepted {name}", value, *RANGES[name])
        check_features(self.features)
        chosen(self.probes)
        own_metrics(self.metrics)
        if self.precision not in PRECISIONS:
            raise InputError(f"precision is fp32 or bf16, not {self.precision!r}")
        if not isinstance(self.deterministic, bool):
            raise InputError(f"deterministic is true or false, not {shown(self.deterministic)}")
        if self.size is not None:
            require_whole("size", self.size, *SIDES)

    def _require_contestants(self) -> None:
        labels = [contestant.label for contestant in self.contestants]
        if not labels:
            raise InputError("no models to compare; `bench list` shows those there are")
        for contestant in self.contestants:
            if not isinstance(contestant.label, str) or not LABEL.fullmatch(contestant.label):
                raise InputError(
                    f"{shown(contestant.label)} cannot be a label: "
                    "letters, digits and . _ @ + -, 64 at most"
                )
            require_text(f"the model of {contestant.label}", contestant.model)
            if contestant.preset is not None:
                require_text(f"the preset of {contestant.label}", contestant.preset)
            if not isinstance(contestant.values, dict):
                raise InputError(f"the values of {contestant.label} must be a table of settings")
            for seed in contestant.seeds or ():
                if seed not in self.seeds:
                    raise InputError(f"{contestant.label} has a seed {shown(seed)} not of the plan")
            for name, value in contestant.values.items():
                if isinstance(value, str):
                    require_text(f"{contestant.label}.{shown(name)}", value)
        for label, times in Counter(labels).items():
            if times > 1:
                raise InputError(f"two contestants are called {label!r}; write other={label}")
        require_several("contestants", labels)

    def seeds_of(self, contestant: Contestant) -> tuple[int, ...]:
        """The seeds that a contestant trains, in the order of the plan."""
        if contestant.seeds is None:
            return self.seeds
        own = set(contestant.seeds)
        return tuple(seed for seed in self.seeds if seed in own)

    @cached_property
    def resolved(self) -> dict[str, tuple["type[GAN]", Any]]:
        """label -> (model class, Config). Imports torch; raises InputError."""
        return resolve_all(self.contestants)

    @cached_property
    def unit(self) -> int:
        """Images that are a whole number of generator steps for every contestant."""
        steps = [config.discriminator_steps for _, config in self.resolved.values()]
        return self.batch_size * math.lcm(STEPS, *steps)

    @cached_property
    def budget(self) -> int:
        """`images`, rounded to whole units. Raises InputError if one unit is far beyond them."""
        if self.unit > FAR * self.images:
            raise InputError(
                f"all contestants' discriminator steps fall together only every {shown(self.unit)} "
                f"images, far beyond the {self.images:,} asked for: other steps or smaller batches"
            )
        return max(1, round(self.images / self.unit)) * self.unit

    def trials(self, load: Callable[[str, int | None], Any]) -> list[Trial]:
        """All trials; `load(dataset, size)` gives the Dataset that tells who is unsuited.

        Raises InputError where a data set has fewer images than a batch, and if the size asked for
        suits no contestant.
        """
        found = []
        own = {c.label: set(self.seeds_of(c)) for c in self.contestants}
        metrics, probes = own_parts = own_metrics(self.metrics), chosen(self.probes)
        load_all(metrics, probes)
        for reference in self.datasets:
            data = load(reference, self.size)
            self._require_a_batch(reference, data)
            features = self.features_for(reference, data.spec.classes)
            shared: dict[str, Any] = {
                "features": features,
                "source": reference,
                "content": data.content,
                "samples": dataset_entry(reference).samples or self.samples,
                "probes": probes,
                "metrics": metrics,
            }
            firsts = []
            for contestant in self.contestants:
                first = self._first(contestant, data.spec, shared)  # loads its code
                code = code_behind(contestant.model, features, reference, *own_parts)
                firsts.append(replace(first, code=code))
            found += [
                replace(first, seed=seed)
                for seed in self.seeds
                for first in firsts
                if seed in own[first.label]
            ]
        if self.size is not None and all(trial.unsuited for trial in found):
            raise InputError(f"no contestant can be trained: {found[0].unsuited}")
        return found

    def _first(self, contestant: Contestant, spec: "DataSpec", shared: dict[str, Any]) -> Trial:
        """A trial of a contestant, of seed 0: those of other seeds differ in the seed alone."""
        model, config = self.resolved[contestant.label]
        why = ""
        if self.stack > 1 or self.device == "cuda":
            why = unstacked(model, spec, config, self.precision)
        return Trial(
            **shared,
            dataset=dataset_name(shared["source"]),
            label=contestant.label,
            seed=0,
            model=contestant.model,
            config=recorded(model, config),
            images=self.budget,
            unit=self.unit,
            evaluations=self.evaluations,
            batch_size=self.batch_size,
            size=self.size,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
            unsuited=model.unsuited(spec, config),
            stack=1 if why else self.stack,
            deterministic=self.deterministic,
            alone=why,
        )

    def _require_a_batch(self, reference: str, data: Any) -> None:
        train = len(data.train)
        if train < self.batch_size:
            raise InputError(
                f"{reference} has {train:,} samples to train on, beside {len(data.holdout):,} held "
                f"out, fewer than a batch of {self.batch_size:,}: say --batch-size {_power(train)}"
            )

    def features_for(self, reference: str, classes: int) -> str:
        """The extractor that `features` means for this data set; points are their own features."""
        own = dataset_entry(reference).features
        if own == OWN_FEATURES or self.features != "auto":
            return own if own == OWN_FEATURES else self.features
        if own != BY_LABELS:
            return own
        if classes > 1:
            return "classifier"
        from ..extractors.inception import at_hand  # imports torch, which help must not

        return "inception" if at_hand() else NONE

    def default_folder(self) -> str:
        """The folder's name: the same command finds it again."""
        names = [dataset_name(reference) for reference in self.datasets]
        names = [name if self.size is None else f"{name}-{self.size}px" for name in names]
        marks = [self.precision] if self.precision != "fp32" else []
        marks += [self.device] if self.device != "cpu" else []
        return "-".join([*names, short(self.images), *marks])

    def as_dict(self) -> dict[str, Any]:
        """What experiment.toml holds: `from_dict` makes the same plan of it."""
        values = {k: v for k, v in asdict(self).items() if v is not None}
        values |= {"datasets": list(self.datasets), "seeds": list(self.seeds)}
        values["accepted"] = [list(request) for request in self.accepted]
        values["looks"] = list(self.looks)
        usual = {"accepted": [], "looks": [], "stack": 1, "deterministic": True}
        usual |= {"metrics": "default"}
        values = {k: v for k, v in values.items() if k not in usual or v != usual[k]}
        values["contestants"] = [
            {
                k: list(v) if isinstance(v, tuple) else v
                for k, v in asdict(contestant).items()
                if v not in (None, {})
            }
            for contestant in self.contestants
        ]
        return {"version": 1, **values}


def _power(count: int) -> int:
    """The largest power of two that is not above a count."""
    return 1 << max(0, count.bit_length() - 1)
