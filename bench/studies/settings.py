"""The settings of each study, checked without importing torch."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from gan_zoo.catalog import unknown

from ..datasets import DATASETS
from ..errors import InputError, require, shown
from ..planning.hyperparameters import typed
from ..planning.parsing import SEEDS, require_several, require_text, require_whole

PLANE = tuple(name for name, entry in DATASETS.items() if entry.features == "points")
FAR = 20.0  # the largest shift of `distances`: beyond it a density underflows to 0
WHOLE = {  # the smallest and the largest value of each whole number
    "threads": (1, 1024),
    "steps": (1, 10_000_000),
    "batch_size": (2, 65_536),
    "width": (1, 4096),
    "latent_dim": (1, 65_536),
    "layers": (1, 200),
    "critic_steps": (1, 1000),
    "side": (2, 1000),
    "points": (2, 10_000),
    "atoms": (1, 1000),
}


@dataclass(frozen=True)
class Settings:
    """The settings that every study has. Raises InputError for a value out of range."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    device: str = "cpu"
    threads: int = 1
    seeded: ClassVar[bool] = True  # False: the study is computed, and no seed changes it

    def __post_init__(self) -> None:
        require_text("device", self.device)
        require_several("seeds", self.seeds)
        for seed in self.seeds:
            require_whole("a seed", seed, *SEEDS)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in WHOLE:
                require_whole(field.name, value, *WHOLE[field.name])
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, float) and not number > 0:
                    raise InputError(f"{field.name} must be above 0, not {number}")
            if isinstance(value, tuple) and not 1 <= len(set(value)) == len(value):
                raise InputError(f"{field.name} must be one or more, each named once")


@dataclass(frozen=True)
class Vanishing(Settings):
    """A fresh discriminator is trained against a generator frozen at each of several stages."""

    dataset: str = "mnist5k"
    stages: tuple[int, ...] = (4_000, 16_000, 64_000)  # real images that the dcgan has seen
    steps: int = 500  # of the fresh discriminator
    batch_size: int = 64
    width: int = 8
    latent_dim: int = 64
    batch_norm: bool = True  # in discriminator and clipped critic; the penalised one has none
    clip: float = 0.01
    penalty: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.dataset, {n: 0 for n in DATASETS if n not in PLANE}, "set of images")
        for images in self.stages:
            require_whole("a stage", images, self.batch_size, 10**9)
        object.__setattr__(self, "stages", tuple(sorted(self.stages)))


@dataclass(frozen=True)
class Depth(Settings):
    """Deep critics are trained under clipping and under the penalty."""

    dataset: str = "swissroll"
    layers: int = 12
    width: int = 128
    steps: int = 500  # of the critic
    critic_steps: int = 5  # for each step of the generator
    batch_size: int = 64
    clips: tuple[float, ...] = (0.1, 0.01, 0.001)
    penalties: tuple[float, ...] = (10.0,)
    clip_rate: float = 5e-4  # learning rate of RMSprop under clipping: ten times the papers'
    penalty_rate: float = 1e-4  # learning rate of Adam under the penalty

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.dataset, dict.fromkeys(PLANE), "set of points")


@dataclass(frozen=True)
class Landscape(Settings):
    """Critics are trained towards their optimum on points, against fixed fakes."""

    seeds: tuple[int, ...] = (0, 1, 2)
    datasets: tuple[str, ...] = ("ring8", "grid25", "swissroll")
    layers: int = 3
    width: int = 128
    steps: int = 2000
    batch_size: int = 256
    clip: float = 0.01
    penalty: float = 0.1
    clip_rate: float = 5e-4
    penalty_rate: float = 1e-3
    side: int = 64  # of the grid on which the critic is evaluated

    def __post_init__(self) -> None:
        super().__post_init__()
        for dataset in self.datasets:
            require(dataset, dict.fromkeys(PLANE), "set of points")


@dataclass(frozen=True)
class Distances(Settings):
    """Two distributions move apart. This is computed, so it takes no seeds."""

    seeds: tuple[int, ...] = (0,)
    reach: float = 8.0  # the largest shift
    points: int = 65  # shifts, from 0 to `reach`
    atoms: int = 64  # points that stand for a line
    seeded: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reach > FAR:
            raise InputError(f"reach must be {FAR:g} at most, not {self.reach:g}")
        if self.seeds != (0,):
            raise InputError("distances is computed, not drawn: it takes no seeds")


def resolved(name: str, kind: type[Settings], values: dict[str, Any]) -> Settings:
    """The settings of the study `name` from text or TOML values; raises InputError."""
    hints = {field.name: get_type_hints(kind)[field.name] for field in dataclasses.fields(kind)}
    found = {}
    for field, value in values.items():
        if field not in hints:
            raise InputError(unknown(f"{name} setting", field, hints))
        found[field] = _typed(f"{name}.{field}", value, hints[field])
    return kind(**found)


def _typed(name: str, value: Any, hint: Any) -> Any:
    if get_origin(hint) is not tuple:
        return typed(name, value, hint)
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise InputError(f"{name} takes a list, not {shown(value)}")
    return tuple(typed(name, part, get_args(hint)[0]) for part in parts)


def from_file(name: str, path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """The settings in a file of the study `name`; raises InputError for a file of anything else.

    values: the content of the file. It names its study by `study = NAME`, or by `probe = NAME` if
    an earlier version wrote it.
    """
    study = values.get("study", values.get("probe"))
    if study != name:
        raise InputError(
            f"{path} has no settings of {name}: its first line should be study = {name!r}"
        )
    return {field: value for field, value in values.items() if field not in ("study", "probe")}
