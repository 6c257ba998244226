"""Reading and writing files: writes that lose nothing, JSON, and TOML that a user wrote.

A file is written under a temporary name, flushed to the disk, then renamed: at any time it holds
its old content or its new one, never a part.
"""

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .digests import checked_text
from .errors import Damaged, InputError

HALF = ".*.tmp"  # what `replacing` writes to, as a pattern: left behind where it was killed


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A context that gives a temporary path; the file there replaces `path` if the block succeeds.

    If it raises, `path` stays as it was. Missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_json(path: Path, values: dict[str, Any] | list[Any]) -> None:
    write_text(path, json.dumps(values, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; empty if there is no such file.

    Raises ValueError for others, and where the content does not match the digest within.
    """
    try:
        found = json.loads(checked_text(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"{path} does not hold a JSON object")
    return found


LONGEST_LINE = 20_000  # characters
LONGEST_PLAN = 1 << 20  # bytes; a plan of a thousand contestants has 100,000


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a plan, a TOML file.

    Raises InputError, in one line, if it cannot be read, and Damaged if it carries a digest that
    does not match.
    """
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise InputError(f"{path} is a folder: a results folder's plan is its experiment.toml")
        if not stat.S_ISREG(facts.st_mode):  # reading a pipe could wait for ever
            raise InputError(f"cannot read {path}: it is not a regular file")
        if facts.st_size > LONGEST_PLAN:
            raise InputError(f"cannot read {path}: a plan has at most {LONGEST_PLAN:,} bytes")
        text = _undamaged(path, path.read_text(encoding="utf-8"))
        # The parser takes n^2 steps for a key of n dots.
        if any(len(line) > LONGEST_LINE for line in text.splitlines()):
            raise InputError(f"cannot read {path}: a line has at most {LONGEST_LINE:,} characters")
        return tomllib.loads(text)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except RecursionError as error:
        raise InputError(f"{path} is not a plan: its lists or tables are too deep") from error
    except ValueError as error:  # not TOML, not UTF-8, a number of thousands of digits
        raise InputError(f"{path} is not TOML: {error}") from error


def _undamaged(path: Path, text: str) -> str:
    try:
        return checked_text(text)
    except ValueError as error:
        told = "does not match the sha256 in its first line"
        hint = "restore it from a copy, or delete that line if you edited the file"
        raise Damaged(f"{path} is damaged: it {told}; {hint}") from error
