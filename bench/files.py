"""Writing so that nothing is lost: to a temporary name, flushed, then renamed."""

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place when the block ends well."""
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
    """The object in `path`; empty where there is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise ValueError(f"{path} does not hold a JSON object")
    return found


LONGEST_LINE = 20_000
LONGEST_PLAN = 1 << 20  # bytes; a thousand contestants are 100,000


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises InputError in one line."""
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise InputError(f"{path} is a folder: a results folder's plan is its experiment.toml")
        if not stat.S_ISREG(facts.st_mode):  # a pipe could be waited for without end
            raise InputError(f"cannot read {path}: it is not a regular file")
        if facts.st_size > LONGEST_PLAN:
            raise InputError(f"cannot read {path}: a plan has at most {LONGEST_PLAN:,} bytes")
        text = path.read_text(encoding="utf-8")
        # A key of n dots takes the parser n^2 steps.
        if any(len(line) > LONGEST_LINE for line in text.splitlines()):
            raise InputError(f"cannot read {path}: a line has at most {LONGEST_LINE:,} characters")
        return tomllib.loads(text)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except RecursionError as error:
        raise InputError(f"{path} is not a plan: its lists or tables are too deep") from error
    except ValueError as error:  # not TOML, not UTF-8, a number of thousands of digits
        raise InputError(f"{path} is not TOML: {error}") from error
