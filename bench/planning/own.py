"""The code of a user's own that a trial names: loaded once a trial, as its hash says.

A data set and an extractor have loaders of their own; here are metrics and probes.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from ..datasets import code_reference
from ..errors import InputError
from ..extensions import is_ours, load, one_line, portable
from ..metrics.own import OwnMetric, declaration, entry_of
from .trial import Trial


def metrics_of(trial: Trial) -> dict[str, OwnMetric]:
    """The metrics of the user's own, by their names in records; raises InputError."""
    mark = _mark(trial.code)
    return {portable(each): _metric(each, mark) for each in trial.metrics}


def probes_of(trial: Trial) -> dict[str, Any]:
    """The probes of the user's own, by their references; raises InputError."""
    mark = _mark(trial.code)
    return {each: _probe(each, mark) for each in trial.probes if ":" in each}


def declared(trial: Trial) -> dict[str, dict[str, str]]:
    """What each metric of the user's own says of itself, by its name in records."""
    return {name: declaration(metric) for name, metric in metrics_of(trial).items()}


def load_metric(reference: str) -> OwnMetric:
    """The metric that a reference names; raises InputError if it is none."""
    found: OwnMetric = _made("metric", reference, OwnMetric, "bench.metrics.own.OwnMetric")
    try:
        entry_of(portable(reference), declaration(found))
    except ValueError as error:
        raise InputError(str(error)) from error
    return found


def load_probe(reference: str) -> Any:
    """The probe that a reference names; raises InputError if it is none."""
    from ..probes.own import OwnProbe  # imports torch

    return _made("probe", reference, OwnProbe, "bench.probes.own.OwnProbe")


def load_all(metrics: Collection[str], probes: Iterable[str]) -> None:
    """Load those of the user's own, so that they can be hashed; raises InputError."""
    names = [portable(each) for each in metrics]
    for reference, name in zip(metrics, names, strict=True):
        load_metric(reference)
        if names.count(name) > 1:
            raise InputError(f"two metrics would be called {name}: rename one of the files")
    for reference in probes:
        if ":" in reference:
            load_probe(reference)


def load_parts(trial: Trial) -> None:
    """Load all code that the trial names but its model, so that it can be hashed."""
    load_all(trial.metrics, trial.probes)
    if not is_ours(code := code_reference(trial.source)):
        load("data set", code)


# Kept by the hash of the trial's code: a file that is edited while a trial trains is not loaded.
@cache
def _metric(reference: str, mark: str) -> OwnMetric:
    return load_metric(reference)


@cache
def _probe(reference: str, mark: str) -> Any:
    return load_probe(reference)


def _mark(code: Mapping[str, str]) -> str:
    return json.dumps(code, sort_keys=True)


def _made(kind: str, reference: str, base: type, name: str) -> Any:
    found = load(kind, reference)
    if not isinstance(found, type) or not issubclass(found, base):
        raise InputError(f"{reference} is no {kind}: it is a class that extends {name}")
    try:
        return found()
    except Exception as error:
        raise InputError(f"{reference}() fails: {one_line(error)}") from error
