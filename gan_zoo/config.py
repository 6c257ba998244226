"""What a model is built from: the shape of its data, and the hyperparameters all models have."""

import math
from dataclasses import FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar

from .networks import Backbone, Init, Norm

T = TypeVar("T")
ADAMS = ((0.0, 0.9), (0.5, 0.9), (0.5, 0.999), (0.9, 0.999))  # betas that papers on GANs use

# The least values, in words: `bench describe` shows them.
LEAST = dict.fromkeys(("width", "discriminator_width", "latent_dim"), "above 0")
LEAST |= dict.fromkeys(("discriminator_steps", "learning_rate", "norm_eps"), "above 0")
LEAST |= {"norm_momentum": "above 0, 1 at most", "betas": "from 0 up to 1"}

# The largest values that a Config takes.
LARGEST = {"width": 4096, "discriminator_width": 4096, "latent_dim": 65_536}
LARGEST |= {"discriminator_steps": 1000}


def later(default: T) -> T:
    """A Config's field that was added after version 0.1.0, with its default.

    While the field has its default, a trial's record and hash leave it out. So trials that were
    published before the field existed keep their hash (`bench.planning.hyperparameters.recorded`).
    """
    return field(default=default, metadata={"later": True})


@dataclass(frozen=True)
class Space:
    """What `bench tune` draws a field's values from: a range, or a few choices.

    A range of whole numbers gives whole numbers. Raises ValueError for a range without room.
    """

    low: float = math.nan
    high: float = math.nan
    log: bool = False  # is the logarithm drawn uniformly, not the value?
    choices: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        least = 0 if self.log else -math.inf
        if not self.choices and not least < self.low < self.high < math.inf:
            raise ValueError(f"a space is choices, or a range with low < high, not {self}")


def searched(
    default: T,
    low: float = math.nan,
    high: float = math.nan,
    log: bool = False,
    choices: tuple[T, ...] = (),
    **metadata: Any,
) -> T:
    """A Config's field that `bench tune` searches, with its default.

    `metadata` is what else the field says of itself. A subclass that gives the field another
    default keeps the space; `held` ends the search.
    """
    space = Space(low, high, log, choices)
    return field(default=default, metadata={"space": space, **metadata})


def held(default: T) -> T:
    """A Config's field that is not searched, though a base class's is: it has no meaning here."""
    return field(default=default, metadata={"space": None})


def spaces(config: "Config") -> dict[str, Space]:
    """Field -> its space, of the fields that are searched, in the order of the Config."""
    found = {}
    for name in (one.name for one in fields(config)):
        declared = (vars(kind).get("__dataclass_fields__", {}) for kind in type(config).__mro__)
        said = (one[name].metadata for one in declared if name in one)
        nearest = next((metadata["space"] for metadata in said if "space" in metadata), None)
        if nearest is not None:
            found[name] = nearest
    return found


@dataclass(frozen=True)
class DataSpec:
    """What a model must know about the data before it is built."""

    shape: tuple[int, ...]  # of one sample: (2,) for points, (1, 28, 28) for images
    classes: int = 1  # 1: the data have no labels


class Extended(type):
    """Lets dataclasses extend a Config whether they are declared frozen or not.

    `dataclass` compares its own setting with what each base was declared with, and refuses a
    frozen subclass of an unfrozen one. Here every base answers with the setting of the class that
    is being declared: no Config can be changed anyway.
    """

    declared: Any = None  # what `dataclass` was last called with

    @property
    def __dataclass_params__(cls) -> Any:
        return Extended.declared

    @__dataclass_params__.setter
    def __dataclass_params__(cls, declared: Any) -> None:
        Extended.declared = declared

    def __setattr__(cls, name: str, value: Any) -> None:
        # Config's own hold for all: a frozen class's __setattr__ would stop the __init__ of its
        # subclass, and `dataclass` takes the __hash__ from what is not frozen.
        if name not in ("__setattr__", "__hash__"):
            super().__setattr__(name, value)


@dataclass
class Config(metaclass=Extended):
    """The hyperparameters that every model has; a model's own Config, a dataclass, adds to them.

    A field is set once, when the Config is made. Raises ValueError for a value out of its range,
    and FrozenInstanceError where a field is set again.
    """

    backbone: Backbone = "mlp"  # the family of both networks
    width: int | None = None  # units or channels, the w of the backbone's layers; none: its own
    latent_dim: int = 64  # numbers that a sample is generated from
    generator_norm: Norm = "batch"  # between the generator's layers
    discriminator_norm: Norm = "none"  # between the discriminator's layers
    init: Init = "torch"  # initial weights; normal: DCGAN's N(0, 0.02), he: He's
    learning_rate: float = searched(2e-4, 1e-5, 1e-2, log=True)  # of every player's optimizer
    betas: tuple[float, float] = searched((0.5, 0.999), choices=ADAMS)  # of Adam's two averages
    discriminator_steps: int = searched(1, choices=(1, 2, 5))  # before each generator step
    discriminator_width: int | None = later(None)  # of the discriminator alone; none: the width
    norm_eps: float = later(1e-5)  # what batch norm adds to the variance
    norm_momentum: float = later(0.1)  # the newest batch's weight in batch norm's running averages
    shared_fakes: bool = later(False)  # does the generator train on the discriminator's last fakes?

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self):
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super().__setattr__(name, value)

    def __hash__(self) -> int:
        return hash(tuple((f.name, getattr(self, f.name)) for f in fields(Config)))

    def __post_init__(self) -> None:
        positive = ("latent_dim", "discriminator_steps", "learning_rate", "norm_eps")
        for name in (*positive, "norm_momentum", "width", "discriminator_width"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be above 0, not {value}")
            if value is not None and value > LARGEST.get(name, math.inf):
                raise ValueError(f"{name} must be {LARGEST[name]:,} at most, not {value:,}")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must lie in [0, 1), not {self.betas}")
        if self.norm_momentum > 1:
            raise ValueError(f"norm_momentum must be 1 at most, not {self.norm_momentum}")
