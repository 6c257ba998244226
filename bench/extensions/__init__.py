"""Code of your own in place of a built-in part: what can be named, and how a name is resolved.

A model, data set, metric, extractor, probe, figure or claim is named by

    NAME                 a built-in name, or an entry point of an installed package
    file.py:Name         something in a file
    package.module:Name  something in a module that can be imported

Nothing here runs code but `load`. Importing this needs no torch.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from gan_zoo import catalog as zoo

from ..errors import InputError

P = ParamSpec("P")
T = TypeVar("T")
OURS = ("gan_zoo", "bench")


@dataclass(frozen=True)
class Kind:
    """What can be named."""

    group: str  # of entry points
    flag: str  # how a command line names one


KINDS: dict[str, Kind] = {
    "model": Kind("gan_bench.models", "--models"),
    "data set": Kind("gan_bench.datasets", "--dataset"),
    "metric": Kind("gan_bench.metrics", "--metrics"),
    "feature extractor": Kind("gan_bench.extractors", "--features"),
    "probe": Kind("gan_bench.probes", "--probes"),
    "figure": Kind("gan_bench.figures", "--with"),
    "claim": Kind("gan_bench.claims", "--with"),
}


def is_ours(reference: str) -> bool:
    """Is it part of gan-bench, by its built-in name or by its module?"""
    module, colon, _ = reference.partition(":")
    return not colon or (module.partition(".")[0] in OURS and not module.endswith(".py"))


def portable(reference: str) -> str:
    """A name that holds wherever the file lies: "a/mine.py:Net" -> "mine.py:Net"."""
    module, colon, name = reference.partition(":")
    return f"{Path(module).name}{colon}{name}" if module.endswith(".py") else reference


def whole(reference: str) -> str:
    """A reference with the absolute path of its file, if it names a file."""
    module, colon, rest = reference.partition(":")
    if not module.endswith(".py"):
        return reference
    return f"{Path(module).expanduser().absolute()}{colon}{rest}"


def entry_points(kind: str) -> dict[str, list[str]]:
    """Name -> "package.module:Name" of each entry point of a kind; reads metadata, runs no code."""
    found: dict[str, list[str]] = {}
    for point in _installed(tuple((path, _changed_at(path)) for path in sys.path)):
        if point.group != KINDS[kind].group:
            continue
        target = f"{point.module}:{point.attr}"
        if target not in found.setdefault(point.name, []):
            found[point.name].append(target)
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def _installed(paths: tuple[tuple[str, int], ...]) -> list[metadata.EntryPoint]:
    """Those of our groups, read anew where `sys.path` or a folder of it has changed."""
    every = metadata.entry_points()
    return [point for kind in KINDS.values() for point in every.select(group=kind.group)]


def _changed_at(path: str) -> int:
    try:
        return os.stat(path or ".").st_mtime_ns
    except OSError:
        return 0


def resolve(kind: str, name: str, known: Iterable[str]) -> str:
    """What a name stands for: itself, or the "package.module:Name" of an entry point.

    A built-in name hides an entry point of the same name. Raises InputError for an unknown name,
    with the nearest known one.
    """
    known = list(known)
    if name in known or ":" in name:
        return name
    if name.endswith(".py"):
        raise InputError(f"{name} is a file: name the {kind} in it, as in {name}:Name")
    found = entry_points(kind)
    if name not in found:
        raise InputError(zoo.unknown(kind, name, [*known, *found]))
    if len(found[name]) > 1:
        raise InputError(f"two packages have a {kind} {name!r}: say {' or '.join(found[name])}")
    return found[name][0]


def resolve_all(kind: str, names: str, known: Iterable[str]) -> str:
    """As `resolve`, of a list "a,b"."""
    parts = (part.strip() for part in names.split(","))
    return ",".join(resolve(kind, part, known) for part in parts)


def load(kind: str, reference: str) -> Any:
    """What "file.py:Name" or "package.module:Name" names; a file is executed anew at each call.

    Raises InputError, in one line, if there is no such thing: with what the file has.
    """
    module_name, _, name = reference.partition(":")
    if not name.isidentifier():
        raise InputError(f"a {kind} is file.py:Name or package.module:Name, not {reference!r}")
    try:
        module = zoo.imported(module_name)
        found = getattr(module, name, None)
    except (Exception, SystemExit) as error:  # importing a user's module may raise anything
        raise InputError(f"cannot load the {kind} {reference!r}: {one_line(error)}") from error
    if found is None:
        there = _names_in(vars(module), module.__name__)
        of = Path(module.__file__ or module.__name__).name
        raise InputError(f"cannot load {reference!r}: there is no {name!r} in it; {of} has {there}")
    return found


def _names_in(module: Mapping[str, Any], name: str) -> str:
    """What a module defines that could be meant, in words."""
    own = [
        key
        for key, value in module.items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name
    ]
    return ", ".join(own) or "nothing of its own"


def one_line(error: BaseException) -> str:
    """An error as one line: its kind and its text, at most 200 characters of it."""
    text = " ".join(str(error).split())[:200]
    if isinstance(error, ImportError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def version(reference: object) -> str:
    """What tells two contents of the files that a reference names apart; "" if it names none."""
    marks = []
    for part in str(reference).split(":"):
        try:
            if part.endswith(".py"):
                marks.append(hashlib.sha256(Path(part).read_bytes()).hexdigest())
            elif part.endswith(".safetensors"):
                facts = os.stat(part)
                marks.append(f"{facts.st_mtime_ns} {facts.st_size}")
        except OSError:
            marks.append("")
    return " ".join(marks)


class Kept(Generic[P, T]):
    """As functools.cache, but code of your own is loaded again once its file has changed."""

    def __init__(self, build: Callable[P, T]) -> None:
        self.__doc__, self.__wrapped__ = build.__doc__, build

        @cache
        def made(versions: tuple[str, ...], *args: P.args, **kwargs: P.kwargs) -> T:
            return build(*args, **kwargs)

        self._made: Any = made
        self.cache_clear = made.cache_clear

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        versions = tuple(version(value) for value in (*args, *kwargs.values()))
        found: T = self._made(versions, *args, **kwargs)
        return found
