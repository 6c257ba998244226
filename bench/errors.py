"""Errors that the user, not a developer, has to know of, and the texts of their messages."""

import reprlib
from collections.abc import Mapping
from typing import TypeVar

from gan_zoo.catalog import unknown

LONGEST = 80  # characters of a value in a message


class InputError(ValueError):
    """Wrong input. The message is one line: what is wrong, and what would be right."""


class Diverged(Exception):
    """A trial's numbers are no longer finite. This is a result, not a failure."""


class DiskError(Exception):
    """The results folder cannot be written to any more."""


class Damaged(InputError):
    """A file of a results folder cannot be used. The message names the file and the reason."""


def shown(value: object) -> str:
    """A value as a message shows it: its repr, shortened, since a file may hold anything."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = LONGEST
    try:
        return short.repr(value)
    except ValueError:  # Python prints no number of more than 4,300 digits
        return "a number of thousands of digits"


def printable(text: str) -> str:
    """Text as one line without control characters, which could change a user's terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


T = TypeVar("T")


def require(name: str, known: Mapping[str, T], kind: str) -> T:
    """The entry of that name. Raises InputError with the nearest known name if there is none."""
    if name not in known:
        raise InputError(unknown(kind, name, known))
    return known[name]
