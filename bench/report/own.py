"""Figures and claims of a user's own in a report: those that may run, a line for the others."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from matplotlib.figure import Figure

from ..analysis import Analysis
from ..claims import CLAIMS, Claim, judged, runs_of
from ..errors import InputError
from ..extensions import entry_points, load, one_line, portable, whole
from ..planning.code import changed, code_of
from ..planning.naming import untrusted
from ..plots.figures import Plot, Section
from ..records.extensions import Recorded, record, recorded
from ..tables.protocol import datasets

Say = Callable[[str], None]
OURS = 100  # the numbers of claims up to this one are for those of gan-bench
KINDS = ("figure", "claim")
WHAT = (
    "is no figure and no claim: it is a bench.plots.figures.Plot, or a bench.claims.Claim or a "
    "tuple of such"
)


@dataclass(frozen=True)
class Own:
    """What may run, by its name in records."""

    figures: dict[str, Plot] = field(default_factory=dict)
    claims: dict[str, tuple[Claim, ...]] = field(default_factory=dict)


def resolved(names: Iterable[str]) -> list[str]:
    """References as they are, and names of entry points as what they stand for; InputError."""
    found = []
    for name in names:
        if name.endswith(".py"):
            raise InputError(f"{name} is a file: name what is in it, as in {name}:Name")
        points = {k: v for kind in KINDS for k, v in entry_points(kind).items()}
        if ":" not in name and len(points.get(name, ())) != 1:
            there = f"; entry points: {', '.join(points)}" if points else ""
            raise InputError(f"{name} is no file.py:Name and no package.module:Name{there}")
        found.append(name if ":" in name else points[name][0])
    return found


def own_parts(
    folder: Path,
    named: Collection[str],
    trust_code: bool,
    say: Say,
    page: bool = True,
    kinds: tuple[str, ...] = KINDS,
) -> Own:
    """Those that are named, and those of the folder's record that are named or trusted.

    The hash of the code of each goes into the record. `say` is told of each that is left out, and
    of each whose code has changed since it was recorded. page: are they for the page too? kinds:
    those that are wanted. Raises InputError if one that is named cannot be loaded, or is of another
    kind.
    """
    asked = {portable(name): name for name in named}
    there = [part for part in recorded(folder) if page and part.page and part.kind in kinds]
    known = {part.name: part.reference for part in there}
    before, may = {part.name: part.code for part in there}, set(map(whole, named))
    found, parts = Own(), list[Recorded]()
    for name, reference in {**known, **asked}.items():
        if whole(reference) not in may and not trust_code:
            flag = "name it with --with, or " if kinds == KINDS else "name it too, or "
            say(f"{name} is left out: {untrusted(reference, str(folder), flag)}")
            continue
        try:
            kind = _add(found, name, reference)
            if kind not in kinds:
                raise InputError(f"{name} is a {kind}: a {kinds[0]} is wanted here")
        except InputError as error:
            if name in asked:
                raise
            say(f"{name} is left out: {error}")
            continue
        parts.append(Recorded(reference, kind, code_of(reference), page))
        if name in before and (files := changed(before[name], parts[-1].code)):
            say(f"{name}: {files} has changed since {folder} was last reported with it")
    record(folder, parts)
    return found


def _add(found: Own, name: str, reference: str) -> str:
    """Load one; returns its kind."""
    thing = load("figure or claim", reference)
    if isinstance(thing, Plot):
        found.figures[name] = require_figure(name, thing)
        return "figure"
    found.claims[name] = claims_of(name, thing)
    return "claim"


def own_figure(reference: str) -> Plot:
    """The figure that "file.py:Name" names; raises InputError."""
    thing = load("figure", reference)
    if not isinstance(thing, Plot):
        raise InputError(f"{reference} is no figure: it is a bench.plots.figures.Plot")
    return require_figure(reference, thing)


def require_figure(name: str, plot: Plot) -> Plot:
    """The figure; raises InputError if the page has no place for it."""
    if plot.section not in get_args(Section):
        sections = ", ".join(get_args(Section))
        raise InputError(f"{name}: section is one of {sections}, not {plot.section!r}")
    return plot


def claims_of(name: str, thing: Any) -> tuple[Claim, ...]:
    """The claims; raises InputError if it is none, or has a number of ours."""
    parts = (thing,) if isinstance(thing, Claim) else thing
    if not isinstance(parts, tuple) or not parts or not all(isinstance(p, Claim) for p in parts):
        raise InputError(f"{name} {WHAT}")
    for part in parts:
        if type(part.number) is not int or part.number <= OURS:
            raise InputError(f"{name}: number is above {OURS}, not {part.number!r}")
        if not all(isinstance(x, str) and x for x in (part.statement, part.source, part.rule)):
            raise InputError(f"{name}: statement, source and rule are texts that say something")
    return parts


def analysed(analysis: Analysis, own: Own, say: Say) -> Analysis:
    """The analysis with what of `own` can be drawn and judged; `say` is told of the rest."""
    figures, claims = dict(own.figures), dict(own.claims)
    for name, parts in own.claims.items():
        judge = partial(judged, runs_of(analysis.results), whole=False, claims=parts)
        if why := failing(judge):
            del claims[name]
            say(f"{name} is left out: {why}")
    for name, plot in list(figures.items()):
        if why := failing(partial(drawn, analysis.matched_seeds, plot)):
            del figures[name]
            say(f"{name} is left out: {why}")
    return replace(analysis, own_figures=figures, own_claims=claims)


def failing(task: Callable[[], object]) -> str:
    """Why a task of a user's own fails, in one line; "" if it does not."""
    try:
        task()
    except Exception as error:  # whatever a user's code raises, the report goes on
        return one_line(error)
    return ""


def drawn(analysis: Analysis, plot: Plot) -> list[Figure]:
    """The figure of each data set that it has something to show of; TypeError for no Figure."""
    found = []
    for dataset in datasets(analysis.results):
        plot.reading(dataset)
        if plot.when(analysis, dataset):
            figure = plot.draw(analysis, dataset)
            if not isinstance(figure, Figure):
                raise TypeError(f"it draws {type(figure).__name__}, not a matplotlib Figure")
            found.append(figure)
    return found


def all_claims(own: Own) -> tuple[Claim, ...]:
    """Ours, then the user's own."""
    return (*CLAIMS, *(part for parts in own.claims.values() for part in parts))
