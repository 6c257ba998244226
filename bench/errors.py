"""What can go wrong in a way that the user, not a developer, should hear of."""

import reprlib
from collections.abc import Mapping
from typing import TypeVar

from gan_zoo.catalog import unknown

LONGEST = 80  # characters of a value in a line


class InputError(Exception):
    """Wrong input: its message is one line that says what is wrong and what would be right."""


class Diverged(Exception):
    """A trial's numbers are no longer finite: a result, not a failure."""


class DiskError(Exception):
    """The results folder can no longer be written to."""


class Damaged(InputError):
    """A file of a results folder cannot be used; the message names it and says why."""


def shown(value: object) -> str:
    """A value as a line names it: its repr, shortened; a file may hold anything."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = LONGEST
    try:
        return short.repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"


def printable(text: str) -> str:
    """One line without control characters, which a name from a user could send to a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


T = TypeVar("T")


def require(name: str, known: Mapping[str, T], kind: str) -> T:
    """The entry of that name; raises InputError, with the nearest right name, if there is none."""
    if name not in known:
        raise InputError(unknown(kind, name, known))
    return known[name]
