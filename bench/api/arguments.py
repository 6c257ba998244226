"""Python values as the command line has them: one parser, and one set of defaults, serves both."""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from gan_zoo.catalog import ENTRIES

from ..cli.fields import text_of
from ..errors import InputError, shown

SWITCHES = ("check", "deterministic")  # options that have a --no-
SEVERAL = {"set": "=", "retry": ""}  # options that are given once for each value


def parsed(command: click.Command, values: Mapping[str, Any], *places: Any) -> dict[str, Any]:
    """What click makes of a command's options: `values` by their names, and of its arguments.

    None is the default of the command. Raises InputError for what the command line refuses.
    """
    flags = {option.name for option in command.params if getattr(option, "is_flag", False)}
    for name, value in values.items():
        if value is not None and isinstance(value, bool) != (name in flags):
            wanted = "is True or False" if name in flags else "takes a value"
            raise InputError(f"{name} {wanted}, not {shown(value)}")
    words = [word for name, value in values.items() for word in _words(name, value)]
    words += ["--", *(os.fspath(place) for place in places if place is not None)]
    try:
        return command.make_context(f"bench.{command.name}", words).params
    except click.ClickException as error:
        raise InputError(error.format_message()) from error


def _words(name: str, value: Any) -> Iterable[str]:
    option = f"--{name.replace('_', '-')}"
    if value is None or (value is False and name not in SWITCHES):
        return []
    if isinstance(value, bool):
        return [option if value else f"--no-{name}"]
    if name in SEVERAL:
        return [f"{option}={text}" for text in _several(value)]
    if name == "seeds" and isinstance(value, Iterable) and not isinstance(value, str):
        return [f"{option}={','.join(map(str, value))},"]  # [5] is seed 5, not five seeds
    if name == "images" and isinstance(value, float) and value.is_integer():
        value = int(value)  # 64e3
    if isinstance(value, str | os.PathLike) or not isinstance(value, Iterable):
        return [f"{option}={_text(value)}"]
    return [f"{option}={','.join(map(_text, value))}"]


def _several(value: Any) -> list[str]:
    """The values of an option that may be repeated: of one text, of a list, or of a mapping."""
    if isinstance(value, Mapping):
        return [
            f"{field}={text_of(tuple(one) if isinstance(one, list) else one)}"
            for field, one in value.items()
        ]
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _text(value: Any) -> str:
    if isinstance(value, type):
        return reference_of(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def reference_of(model: type) -> str:
    """A model's class as `--models` names it; raises InputError if no other process can import it.

    A class of the zoo is its name there, one of a package "package.module:Class", any other
    "file.py:Class".
    """
    module, name = model.__module__, model.__qualname__
    for known, entry in ENTRIES.items():
        if entry.target == f"{module}:{name}":
            return known
    file = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__" or file is None or "<locals>" in name:
        raise InputError(
            f"{name} is defined where worker processes cannot import it: write it to a file of its "
            f"own (in a notebook by %%writefile mine.py) and say models='mine.py:{model.__name__}'"
        )
    return f"{module}:{name}" if "." in module else f"{file}:{name}"
