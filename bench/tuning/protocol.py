"""What is fixed before a search: contestants, spaces, budget, selection seeds, reporting seeds."""

import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli_w

from gan_zoo.config import Space, spaces

from ..datasets import SELECTION_PREFIX, dataset_name
from ..datasets.dataset import load_dataset
from ..digests import toml_with_digest
from ..errors import InputError
from ..evaluation.evaluate import UNSEEN
from ..extractors import NONE
from ..files import read_toml, write_text
from ..planning.parsing import parse_seeds, require_whole
from ..planning.plan import Plan
from ..planning.trial import Contestant, Trial
from .search import Search

MARK = "tune.toml"
TUNED = "-tuned"  # behind a contestant's label: with the values that were chosen for it
FIRST = 1000  # the first selection seed, where only their number is asked for
SELECTING, REPORTING = 2, 6  # seeds, at the least
CONFIGS = (2, 500)


@dataclass(frozen=True)
class Configuration:
    """A contestant with the values of one draw; `number` is None for its defaults."""

    contestant: str
    number: int | None
    values: dict[str, Any]

    @property
    def label(self) -> str:
        """Its label in the search: gan, or gan.07."""
        return self.contestant if self.number is None else f"{self.contestant}.{self.number:02d}"


@dataclass(frozen=True)
class Protocol:
    """The plan of the report, with defaults alone, and the search that comes before it."""

    plan: Plan  # its seeds are the reporting seeds
    configs: int = 20  # that each contestant gets
    seeds: tuple[int, ...] = (FIRST, FIRST + 1)  # of the selection

    def __post_init__(self) -> None:
        if len(self.plan.datasets) != 1:
            raise InputError("a search is of one data set: name one with --dataset")
        require_whole("configs", self.configs, *CONFIGS)
        for what, seeds, least in (
            ("selection", self.seeds, SELECTING),
            ("report", self.plan.seeds, REPORTING),
        ):
            if len(seeds) < least:
                raise InputError(f"--{what}-seeds are {least} or more, not {len(seeds)}")
        if both := sorted({*self.seeds} & {*self.plan.seeds}):
            raise InputError(
                f"seed {both[0]} would select and report: selection and report seeds are others"
            )
        for contestant in self.plan.contestants:
            if contestant.seeds is not None:
                raise InputError(f"{contestant.label} has seeds of its own: here all have the same")

    @property
    def dataset(self) -> str:
        """The data set, as records call it."""
        return dataset_name(self.plan.datasets[0])

    @cached_property
    def left_out(self) -> dict[str, str]:
        """Contestant -> why it cannot be trained on the data set."""
        spec = load_dataset(self.plan.datasets[0], self.plan.size).spec
        reasons = {
            label: kind.unsuited(spec, config)
            for label, (kind, config) in self.plan.resolved.items()
        }
        found = {label: reason for label, reason in reasons.items() if reason}
        if len(found) == len(reasons):
            raise InputError(f"no contestant can be trained: {next(iter(found.values()))}")
        return found

    @cached_property
    def contestants(self) -> dict[str, Contestant]:
        """Those that can be trained, by label."""
        return {c.label: c for c in self.plan.contestants if c.label not in self.left_out}

    @cached_property
    def spaces(self) -> dict[str, dict[str, Space]]:
        """Contestant -> field -> what its values are drawn from."""
        found = {label: spaces(self.plan.resolved[label][1]) for label in self.contestants}
        for label, own in found.items():
            if not own:
                raise InputError(f"{label} has no field that is searched: gan_zoo.base.searched")
        return found

    @cached_property
    def configurations(self) -> dict[str, Configuration]:
        """Label in the search -> configuration: of each contestant the defaults, then the draws."""
        found = []
        for contestant in self.contestants:
            drawn = Search(self.spaces[contestant], self.configs).values
            found.append(Configuration(contestant, None, {}))
            found += [Configuration(contestant, k, values) for k, values in enumerate(drawn)]
        return {one.label: one for one in found}

    def contestant_of(self, label: str) -> str:
        """Whose configuration a label of the search or of the report is."""
        one = self.configurations.get(label)
        return one.contestant if one else label.removesuffix(TUNED)

    def search_plan(self) -> Plan:
        """The trials of the search: each configuration on the selection split and seeds."""
        return replace(
            self.plan,
            contestants=tuple(
                self._with(self.contestants[one.contestant], label, one.values)
                for label, one in self.configurations.items()
            ),
            datasets=(SELECTION_PREFIX + self.plan.datasets[0],),
            seeds=self.seeds,
            evaluations=1,
            probes="none",
        )

    def trials(self) -> list[Trial]:
        """The trials of the search: a seed after the other, in the order of the configurations.

        Raises InputError where the primary metric cannot be measured.
        """
        found = self.search_plan().trials(load_dataset)
        if found[0].features == NONE:
            raise InputError(f"{self.dataset} has nothing to choose by: {UNSEEN}")
        return found

    def report_plan(self, chosen: dict[str, Configuration]) -> Plan:
        """Defaults beside tuned configurations, on the reporting seeds."""
        both: list[Contestant] = []
        for label, contestant in self.contestants.items():
            both.append(contestant)
            if label in chosen:
                both.append(self._with(contestant, label + TUNED, chosen[label].values))
        return replace(self.plan, contestants=tuple(both))

    def _with(self, contestant: Contestant, label: str, values: dict[str, Any]) -> Contestant:
        return replace(contestant, label=label, values={**contestant.values, **values})

    def as_dict(self) -> dict[str, Any]:
        drawn = {
            label: {name: text_of(space) for name, space in own.items()}
            for label, own in self.spaces.items()
        }
        search = {"configs": self.configs, "seeds": list(self.seeds), "spaces": drawn}
        return {"version": 1, "search": search, "report": self.plan.as_dict()}

    def keep(self, root: Path) -> None:
        """Write tune.toml. Raises InputError where the folder was begun with another protocol."""
        self.require_same(root)
        write_text(root / MARK, toml_with_digest(tomli_w.dumps(self.as_dict())))

    def require_same(self, root: Path) -> None:
        """Raises InputError if the folder was begun with another protocol."""
        if not (root / MARK).exists():
            return
        old, new = flat(read_toml(root / MARK)), flat(tidy(self.as_dict()))
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                raise InputError(
                    f"{root} was begun with {name} {old.get(name)}, not {new.get(name)}, and what "
                    "is fixed before a search stays: name another folder with --out"
                )


def selection_seeds(text: str) -> tuple[int, ...]:
    """ "2" -> (1000, 1001), apart from the first seeds, which report; "7,9" -> (7, 9)."""
    seeds = parse_seeds(text)
    counted = text.strip().isdigit()
    return tuple(FIRST + seed for seed in seeds) if counted else seeds


def text_of(space: Space) -> str:
    """A space in words: "1e-05 to 0.01, log" or "1 or 2 or 5"."""
    if space.choices:
        return " or ".join(
            ",".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in space.choices
        )
    return f"{space.low:g} to {space.high:g}" + ", log" * space.log


def tidy(values: dict[str, Any]) -> dict[str, Any]:
    """Values as a TOML file gives them back: lists in place of tuples."""
    return tomllib.loads(tomli_w.dumps(values))


def flat(values: Any, name: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}."""
    if not isinstance(values, dict):
        return {name: values}
    return {
        k: v
        for key, one in values.items()
        for k, v in flat(one, f"{name}.{key}".strip(".")).items()
    }
