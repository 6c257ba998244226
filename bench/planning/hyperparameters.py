"""A model's hyperparameters: its defaults, a preset and `--set`, each value checked by type."""

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from gan_zoo import catalog as zoo

from ..errors import InputError, require, shown
from .code import code_behind
from .own import load_parts
from .trial import Contestant, Trial

if TYPE_CHECKING:
    from gan_zoo.base import GAN  # torch, which a plan does not need


class UnknownField(InputError):
    """A hyperparameter that a model does not have."""

    def __init__(self, label: str, field: str, known: Iterable[str]) -> None:
        super().__init__(f"{label}: {zoo.unknown('field', field, known)}")
        self.field = field


def resolve_all(contestants: Sequence[Contestant]) -> dict[str, tuple["type[GAN]", Any]]:
    """label -> (model class, Config). Raises InputError.

    Where one contestant lacks a field that others have, the message says how to set it for those.
    """
    found = {}
    for one in contestants:
        try:
            found[one.label] = resolve(one.label, one.model, one.preset, one.values)
        except UnknownField as error:
            having = [other for other in contestants if error.field in fields_of(other)]
            if not having:
                raise
            said = " ".join(
                f"--set {other.label}.{error.field}={one.values[error.field]}" for other in having
            )
            raise InputError(f"{one.label} has no field {error.field!r}: say {said}") from error
    return found


def fields_of(contestant: Contestant) -> set[str]:
    """The names of a contestant's hyperparameters; none if its model cannot be loaded."""
    try:
        _, config = resolve(contestant.label, contestant.model, None, {})
    except InputError:
        return set()
    return {field.name for field in dataclasses.fields(config)}


def resolve(
    label: str, model: str, preset: str | None, values: dict[str, Any]
) -> tuple["type[GAN]", Any]:
    """The model's class and its Config. Imports torch; raises InputError in one line."""
    try:
        found = zoo.load(model)
    except LookupError as error:
        raise InputError(str(error)) from error
    if not hasattr(found, "train_step") or not dataclasses.is_dataclass(
        getattr(found, "defaults", None)
    ):
        raise InputError(f"{model!r} is not a model: it must be a subclass of gan_zoo.base.GAN")
    defaults: Any = found.defaults  # type: ignore[attr-defined]
    try:
        hints = get_type_hints(type(defaults))
    except (NameError, TypeError) as error:
        raise InputError(f"{model!r} has a Config with unknown types: {error}") from error
    if vars(type(defaults)).get("__annotations__") and "__dataclass_fields__" not in vars(
        type(defaults)
    ):
        raise InputError(f"{model!r}: write @dataclass above its {type(defaults).__name__}")
    presets = zoo.ENTRIES[model].presets if model in zoo.ENTRIES else {}
    of_preset = require(preset, presets, f"{model} preset").values if preset else {}
    merged = {}
    for name, value in {**of_preset, **values}.items():
        if name not in hints:
            raise UnknownField(label, name, hints)
        merged[name] = typed(f"{label}.{name}", value, hints[name], name in endless(defaults))
    try:
        return found, dataclasses.replace(defaults, **merged)
    except (ValueError, TypeError) as error:
        raise InputError(f"{label}: {error}") from error


def changed_since(trial: Trial) -> str:
    """The files whose content is no longer that of a trial's code; empty if there are none.

    Loads all code that it names. Raises InputError if that cannot be loaded.
    """
    resolve(trial.label, trial.model, None, trial.config)
    load_parts(trial)
    names = (trial.model, trial.features, trial.source, trial.metrics, trial.probes)
    return trial.differs_in_code({"code": code_behind(*names)})


def recorded(model: "type[GAN]", config: Any) -> dict[str, Any]:
    """A Config as a trial records and hashes it; `resolve` makes the same Config of the record.

    A field that came after version 0.1.0 (`gan_zoo.base.later`) is left out while it has its
    default: trials recorded before the field existed keep their hash.
    """
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    usual: Any = model.defaults
    for field in dataclasses.fields(config):
        is_default = getattr(config, field.name) == getattr(usual, field.name) == field.default
        if field.metadata.get("later") and is_default:
            del values[field.name]
    return values  # type: ignore[no-any-return]


def endless(config: Any) -> set[str]:
    """The fields for which `inf` has a meaning (no clipping, say), by their metadata."""
    return {field.name for field in dataclasses.fields(config) if field.metadata.get("endless")}


def typed(name: str, value: Any, hint: Any, infinite: bool = False) -> Any:
    """`value` (a flag's text or a TOML value) as the type that the Config's field has.

    A number must be finite, unless the field may be `infinite`.
    """
    try:
        if infinite and hint is float and str(value).lower() == "inf":
            return math.inf
        return _typed(value, hint)
    except (ValueError, TypeError, KeyError, OverflowError):
        what = described(hint) + " or inf" * infinite
        raise InputError(f"{name} takes {what}, not {shown(value)}") from None


def _typed(value: Any, hint: Any) -> Any:
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal:
        return options[[str(option) for option in options].index(str(value))]
    if origin in (Union, UnionType):
        if str(value).lower() == "none" and NoneType in options:
            return None
        return _typed(value, next(option for option in options if option is not NoneType))
    if origin is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(_typed(part, kind) for part, kind in zip(parts, options, strict=True))
    if hint is bool:
        return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
    if isinstance(value, bool) or (hint is int and not isinstance(value, int | str)):
        raise ValueError(value)
    number = hint(value)
    if hint is float and not math.isfinite(number):
        raise ValueError(value)
    if hint is int and abs(number) >= 2**63:  # no table could hold it
        raise ValueError(value)
    return number


def described(hint: Any) -> str:
    """A type in a user's words."""
    origin, options = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(map(str, options))
    if origin in (Union, UnionType):
        return " or ".join("none" if o is NoneType else described(o) for o in options)
    if origin is tuple:
        return ",".join(described(option) for option in options)
    return {int: "a whole number", float: "a number", bool: "true or false"}.get(hint, "text")


def unstacked(kind: "type[GAN]", spec: Any, config: Any, precision: str) -> str:
    """Why trials of this model cannot be stacked, in a few words; "" if they can."""
    if kind.unsuited(spec, config):
        return ""
    if precision == "bf16":  # on a CPU; on a GPU it was not tried
        return "vmap has no batch norm of mixed precision"
    from gan_zoo.stacked.objections import objection  # imports torch

    return objection(kind, config, spec)
