"""Groups of samples, chosen by expressions such as `label=7,slant>80%`."""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan_zoo.catalog import unknown

from ..datasets.mixtures import Mixture
from ..errors import InputError, shown
from ..metrics.points import nearest as nearest_mode
from .attributes import Values, attributes_of
from .load import Trained
from .sampling import Codes, images_of

Rows = NDArray[np.intp]
LEAST = 20  # samples in a group: the mean latent of fewer is mostly noise
TERM = re.compile(r"\s*([a-z]+)\s*(<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)(%?)\s*")
COMPARE: dict[str, Callable[[Values, float], Values]] = {
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Term:
    """One condition of an expression."""

    name: str  # "label" or an attribute
    relation: str  # a key of COMPARE
    value: float
    quantile: bool  # whether the value is a percentage of the samples left by the terms before


@dataclass(frozen=True, eq=False)
class Measured:
    """n samples, the codes they came from, and what was measured of each."""

    codes: Codes
    images: Tensor  # [n, *shape]: images, or points
    values: dict[str, Values]  # attribute -> [n]
    asked: Values | None  # [n] the label that a conditional model was given, else None
    seen: Values | None  # [n] the label by a classifier or by the nearest mode, or None

    @property
    def label(self) -> Values | None:
        """[n] what `label` means in an expression: the label asked for, otherwise the one seen."""
        return self.seen if self.asked is None else self.asked

    def __getitem__(self, rows: Rows) -> "Measured":
        some = torch.from_numpy(rows)
        cut = [None if v is None else v[rows] for v in (self.asked, self.seen)]
        values = {name: each[rows] for name, each in self.values.items()}
        return Measured(self.codes[some], self.images[some], values, *cut)


def measured(trained: Trained, codes: Codes) -> Measured:
    """Draw the samples of codes and measure them; raises InputError as `images_of` does."""
    images, model = images_of(trained, codes), trained.model
    asked = None
    if model.conditional and not codes.labels.is_floating_point():
        asked = codes.labels.double().numpy()
    found = {name: measure(images) for name, measure in attributes_of(model.spec.shape).items()}
    return Measured(codes, images, found, asked, _seen(trained, images))


def _seen(trained: Trained, images: Tensor) -> Values | None:
    """[n] the labels of samples, or None if nothing can recognise them."""
    truth = trained.dataset.truth
    if isinstance(truth, Mixture):
        return np.asarray(nearest_mode(images, truth.centres)[1].double().numpy())
    network = trained.judge.network
    if network is None or network.classes != trained.model.spec.classes:
        return None
    return np.asarray(network(images).predicted.double().numpy())


def parse(expression: str, known: list[str]) -> list[Term]:
    """The terms of "label=7,slant>80%"; raises InputError for a wrong expression.

    known: the names that a term may have.
    """
    terms = []
    for part in expression.split(","):
        match = TERM.fullmatch(part)
        if match is None:
            raise InputError(
                f"{shown(part)} is no condition: write label=7, slant>10 or slant>80% (the upper "
                "fifth), joined by commas"
            )
        name, relation, value, percent = match.groups()
        if name not in known:
            raise InputError(unknown("attribute", name, known))
        if (relation == "=") != (name == "label"):
            right = "label=7" if name == "label" else f"{name}>80% or {name}<20%"
            raise InputError(f"{shown(part.strip())} is no condition: write {right}")
        if percent and not 0 <= float(value) <= 100:
            raise InputError(f"{shown(part.strip())}: a percentage is between 0 and 100")
        terms.append(Term(name, relation, float(value), bool(percent)))
    return terms


def label_of(terms: list[Term]) -> float | None:
    """The label that an expression names, or None."""
    return next((term.value for term in terms if term.name == "label"), None)


def chosen(samples: Measured, expression: str) -> Rows:
    """Indices of the samples that an expression chooses; its terms apply from left to right.

    Raises InputError for a wrong expression and for a group of fewer than LEAST samples.
    """
    known = [*samples.values, *(["label"] if samples.label is not None else [])]
    terms = parse(expression, known)
    rows, _ = narrowed(samples, terms)
    if len(rows) < LEAST:
        need = math.ceil(len(samples.codes) * LEAST / max(len(rows), 1) * 1.5)
        hint = f"try -n {need}" if len(rows) else "look at its samples: bench sample"
        if not len(rows) and samples.label is not None and label_of(terms) is not None:
            there = sorted({int(label) for label in samples.label[np.isfinite(samples.label)]})
            hint = f"their labels are {', '.join(map(str, there[:20]))}{' ...' * (len(there) > 20)}"
        raise InputError(
            f"{len(rows)} of {len(samples.codes):,} samples have {expression}, and a mean latent "
            f"needs {LEAST}; {hint}"
        )
    return rows


def narrowed(samples: Measured, terms: list[Term]) -> tuple[Rows, list[float]]:
    """The rows that all terms leave, and the limit of each, a percentage as a number."""
    rows, limits = np.arange(len(samples.codes)), []
    for term in terms:
        values = samples.label if term.name == "label" else samples.values[term.name]
        assert values is not None
        rows = rows[np.isfinite(values[rows])]
        limit = term.value
        if term.quantile and len(rows):
            limit = float(np.quantile(values[rows], term.value / 100))
        rows = rows[COMPARE[term.relation](values[rows], limit)]
        limits.append(limit)
    return rows, limits


def meets(samples: Measured, terms: list[Term], limits: list[float]) -> Values:
    """[n] 1 where a sample meets all terms at these limits, else 0. Its label is the one seen."""
    found = np.ones(len(samples.codes))
    for term, limit in zip(terms, limits, strict=True):
        values = samples.seen if term.name == "label" else samples.values[term.name]
        assert values is not None
        found *= COMPARE[term.relation](values, limit)
    return found
