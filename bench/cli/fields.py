"""A model's hyperparameters for `bench describe`: value, choices, meaning, source."""

import dataclasses
import inspect
import io
import tokenize
from typing import Any, get_type_hints

import pandas as pd

from gan_zoo.base import GAN, LARGEST, Config
from gan_zoo.catalog import preset_of
from gan_zoo.config import LEAST

from ..formats import Table
from ..planning.hyperparameters import described, endless
from ..planning.trial import Contestant

HEADS = ["hyperparameter", "value", "default", "may be", "meaning", "from"]


def hyperparameters(contestant: Contestant, kind: type[GAN], config: Config) -> Table:
    """Every hyperparameter as `--set` takes it: a row a field, those of the model itself first."""
    usual, hints, meant = kind.defaults, get_type_hints(type(kind.defaults)), meanings(type(config))
    own = [field for field in dataclasses.fields(config) if not hasattr(Config, field.name)]
    shared = [field for field in dataclasses.fields(config) if hasattr(Config, field.name)]
    rows = []
    for field in (*own, *shared):
        value, default = (text_of(getattr(one, field.name)) for one in (config, usual))
        may_be = described(hints[field.name]) + " or inf" * (field.name in endless(config))
        may_be += bounds(field.name)
        source = source_of(field.name, contestant, kind)
        rows.append([field.name, value, default, may_be, meant.get(field.name, ""), source])
    return Table("Hyperparameters", HEADS, rows, pd.DataFrame(rows, columns=HEADS))


def bounds(name: str) -> str:
    """The range of a number, where the shared Config has one."""
    least, most = LEAST.get(name, ""), LARGEST.get(name, 0)
    return f", {least}" * bool(least) + f", {most:,} at most" * bool(most)


def source_of(name: str, contestant: Contestant, kind: type[GAN]) -> str:
    """Who gave the value: --set, the preset, or the class whose default it is."""
    if name in contestant.values:
        return "--set"
    preset = preset_of(contestant.model, contestant.preset)
    if preset and name in preset.values:
        return f"preset {contestant.preset}"
    classes = type(kind.defaults).__mro__
    return next(
        (one.__name__ for one in classes if name in vars(one).get("__annotations__", {})), ""
    )


def meanings(config: type) -> dict[str, str]:
    """Field -> the comment beside it, in the class that declares it last or the nearest base."""
    found: dict[str, str] = {}
    for one in reversed(config.__mro__):
        if dataclasses.is_dataclass(one):
            found |= comments(one)
    return found


def comments(one: type) -> dict[str, str]:
    """Field -> the comment at the end of its line, for the fields that one class declares."""
    try:
        lines = inspect.getsource(one)
        tokens = list(tokenize.generate_tokens(io.StringIO(lines).readline))
    except (OSError, TypeError, tokenize.TokenError, SyntaxError):
        return {}
    found = {}
    for token in tokens:
        name = token.line.partition(":")[0].strip()
        if token.type == tokenize.COMMENT and name in vars(one).get("__annotations__", {}):
            found[name] = token.string.lstrip("# ")
    return found


def text_of(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, tuple):
        return ",".join(map(text_of, value))
    return str(value).lower() if value is None or isinstance(value, bool) else f"{value}"
