"""The reference of the Python interface: what mkdocstrings is told to take from which package.

It follows `__all__` of the two packages and their catalogues, so that no name is written twice.
"""

import dataclasses
import importlib
import inspect
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import bench
import gan_zoo
from bench.metrics import METRICS
from gan_zoo import catalog

RESULTS = ("bench.records.results:Results", "bench.generators.load:load_generator")
# What a model of one's own is written with.
MODEL = (
    *("gan_zoo.base:GAN", "gan_zoo.step:Batch", "gan_zoo.config:Config"),
    *("gan_zoo.config:DataSpec", "gan_zoo.streams:Streams"),
)


def names() -> str:
    """What the site's page has below that of docs/: Markdown with mkdocstrings' marks."""
    told: set[str] = set()
    models = [module(entry.target, name) for name, entry in catalog.MODELS.items()]
    parts = [
        *listed("bench", public(bench), told),
        *listed("Results and trained generators", map(loaded, RESULTS), told),
        *listed("gan_zoo", public(gan_zoo), told),
        *listed("What a model is written with", map(loaded, MODEL), told),
        *("## The models' formulas", *models),
        *listed("The metrics", (loaded(metric.target) for metric in METRICS.values()), told),
    ]
    return "\n\n".join(parts) + "\n"


def public(package: ModuleType) -> Iterator[Any]:
    """The functions and classes of a package's `__all__`; without one, those of its own."""
    own = (name for name in vars(package) if not name.startswith("_"))
    for name in getattr(package, "__all__", own):
        found = getattr(package, name)
        ours = getattr(found, "__module__", "").partition(".")[0] in ("bench", "gan_zoo")
        if ours and (inspect.isclass(found) or inspect.isfunction(found)):
            yield found


def loaded(target: str) -> Any:
    """The object of "module:name"."""
    path, _, name = target.partition(":")
    return getattr(importlib.import_module(path), name)


def listed(title: str, found: Iterable[Any], told: set[str]) -> list[str]:
    """A heading, and a section for each object that none before has told of."""
    sections = []
    for each in found:
        if each.__qualname__ not in told:  # what a package offers goes before what is behind it
            told.add(each.__qualname__)
            path = f"{each.__module__}.{each.__qualname__}"
            sections.append(section(path, fields=dataclasses.is_dataclass(each)))
    return [f"## {title}", *sections] if sections else []


def section(path: str, fields: bool) -> str:
    """What mkdocstrings takes from a path: heading, signature, docstring; `fields` of records."""
    options = "\n    options:\n      show_if_no_docstring: true" if fields else ""
    return f"::: {path}{options}"


def module(target: str, title: str) -> str:
    """The docstring of a model's file, in which its formulas stand."""
    options = "    options:\n      members: false\n      show_root_heading: false"
    return f"### `{title}`\n\n::: {target.partition(':')[0]}\n{options}"
