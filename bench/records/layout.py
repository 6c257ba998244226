"""The results folder: the columns of its tables, and where its files lie. Needs no pandas."""

from functools import cached_property
from pathlib import Path
from typing import Any

from ..datasets import dataset_name
from ..errors import InputError
from ..files import read_toml
from ..planning.from_toml import from_dict

CLOCK = ["images", "generator_steps", "discriminator_steps", "seconds"]
KEY = ["dataset", "model", "seed"]
CURVE_COLUMNS = [*KEY, *CLOCK, "metric", "value"]
PROTOCOL = ["features", "samples", "reference"]
EVALUATION_COLUMNS = [*CURVE_COLUMNS, *PROTOCOL]
TABLES = {"curves": CURVE_COLUMNS, "evaluations": EVALUATION_COLUMNS}
HISTOGRAM_COLUMNS = [*KEY, "images", "network", "low", "high", "share"]
OPTIONAL = {"histograms": HISTOGRAM_COLUMNS}  # tables that a complete trial may lack
EVENT_COLUMNS = [*KEY, "step", "images", "kind", "text"]
SCALE_COLUMNS = ["dataset", "level", "metric", "value", *PROTOCOL]


class ResultsFolder:
    """A results folder: its plan, and the folders of its trials."""

    def __init__(self, folder: str | Path) -> None:
        """Raises InputError if `folder` is not a results folder."""
        self.path = Path(folder)
        if not (self.path / "experiment.toml").is_file():
            inside = sorted(path.parent.name for path in self.path.glob("*/experiment.toml"))
            hint = f"; inside it are {', '.join(inside[:9])}" if inside else ""
            why = "it has no experiment.toml" if self.path.is_dir() else "there is no such folder"
            told = f"{self.path} is not a results folder: {why}{hint}"
            raise InputError(told)

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """The resolved plan. Raises InputError if this version cannot read it."""
        path = self.path / "experiment.toml"
        return from_dict(read_toml(path), str(path)).as_dict()  # checked: its names become paths

    @property
    def keys(self) -> list[tuple[str, str, int]]:
        """Data set, label and seed of each trial, in the order of the plan."""
        seeds = self.experiment["seeds"]
        own = {c["label"]: set(c.get("seeds", seeds)) for c in self.experiment["contestants"]}
        names = [dataset_name(reference) for reference in self.experiment["datasets"]]
        return [(d, m, s) for d in names for m in own for s in seeds if s in own[m]]

    def trial_folder(self, dataset: str, label: str, seed: int) -> Path:
        """Where that trial is recorded."""
        return self.path / "trials" / dataset / label / f"s{seed}"
