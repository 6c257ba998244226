"""The reference of the Python interface: what mkdocstrings is told to take from which package.

It follows `__all__` of the two packages and their catalogues, so that no name is written twice.
"""

import importlib
import inspect
from types import ModuleType

import bench
import gan_zoo
from bench.metrics import METRICS
from gan_zoo import catalog

# What a model of one's own is written with.
MODEL = "gan_zoo.base.GAN"
RECORDS = ("gan_zoo.step.Batch", "gan_zoo.config.Config", "gan_zoo.config.DataSpec")


def names() -> str:
    """What the site's page has below that of docs/: Markdown with mkdocstrings' marks."""
    parts: list[str] = []
    for package, title in ((bench, "bench"), (gan_zoo, "gan_zoo")):
        if found := public(package):
            parts += [f"## {title}", *(section(f"{title}.{name}") for name in found)]
    parts += ["## The records of a folder", section("bench.records.results.Results")]
    parts += ["## A trained generator", section("bench.generators.load.load_generator")]
    parts += ["## What a model is written with", section(MODEL)]
    parts += [section(path, fields=True) for path in RECORDS]
    parts += ["## The models"]
    parts += [module(entry.target.partition(":")[0], n) for n, entry in catalog.MODELS.items()]
    parts += ["## The metrics as functions"]
    targets = dict.fromkeys(metric.target.replace(":", ".") for metric in METRICS.values())
    return "\n\n".join([*parts, *map(section, targets)]) + "\n"


def public(package: ModuleType) -> list[str]:
    """The names of a package's `__all__`; without one, its own functions and classes."""
    if hasattr(package, "__all__"):
        return [n for n in package.__all__ if not inspect.ismodule(member(package, n))]
    own = vars(package).items()
    return [
        name
        for name, value in own
        if getattr(value, "__module__", "") == package.__name__ and not name.startswith("_")
    ]


def member(package: ModuleType, name: str) -> object:
    """An attribute of a package, which may be loaded when it is first asked for."""
    if hasattr(package, name):
        return getattr(package, name)
    return importlib.import_module(f"{package.__name__}.{name}")


def section(path: str, fields: bool = False) -> str:
    """What mkdocstrings takes from a path: heading, signature, docstring; `fields` of records."""
    options = "\n    options:\n      show_if_no_docstring: true" if fields else ""
    return f"::: {path}{options}"


def module(path: str, title: str) -> str:
    """The docstring of a model's file, in which its formulas stand."""
    options = "    options:\n      members: false\n      show_root_heading: false"
    return f"### `{title}`\n\n::: {path}\n{options}"
