"""Rules for figures and claims of a user's own, on a run of seconds that is made for them."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..analysis import Analysis
from ..claims import Claim, Effects, Run, decided, runs_of
from ..datasets.dataset import load_dataset
from ..planning.parsing import parse_models
from ..planning.plan import Plan
from ..planning.trial import Trial
from ..plots import theme
from ..plots.figures import Plot
from ..records.results import Results
from ..report.own import drawn
from ..training.executors import Outcome
from ..training.runner import locked, pending, run
from .check import OK, Check, Found

MODELS = "gan,wgangp"
NARROW = {"width": 4, "latent_dim": 3, "backbone": "mlp"}
SEEDS = 9  # from which on mean and median both decide
DPI = 50


@dataclass(frozen=True)
class ReportCase:
    """A figure or a claim, and the analysis of a small run on points."""

    part: Plot | Claim
    analysis: Analysis


class Quiet:
    """A display that shows nothing."""

    def started(self, trial: Trial) -> None: ...
    def ended(self, trial: Trial, outcome: Outcome) -> None: ...
    def retried(self, trial: Trial, outcome: Outcome) -> None: ...
    def not_started(self, trial: Trial, failed: Trial) -> None: ...


@contextmanager
def small_run() -> Iterator[Analysis]:
    """Two models on ring8, two seeds of a blink, in a folder that goes afterwards."""
    contestants = (replace(one, values=NARROW) for one in parse_models(MODELS))
    plan = Plan(tuple(contestants), ("ring8",), (0, 1), images=1600, evaluations=1, batch_size=16)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "small-run"
        trials = plan.trials(load_dataset)
        with locked(root):
            run(plan, root, trials, pending(root, trials), 1, Quiet())
        yield Analysis(Results(root))


def figure(case: ReportCase) -> Found:
    """It draws a figure of each data set that `when` says it can be drawn of."""
    found = drawn(case.analysis, plot_of(case))
    if not found:
        return "warning", "`when` says that there is nothing to show in a run on points"
    bare = [axis for one in found for axis in one.axes if not axis.get_xlabel()]
    if not any(one.axes for one in found):
        return "failed", "the figure is empty"
    return ("warning", "an axis has no label") if bare else OK


def words(case: ReportCase) -> Found:
    """It says what it shows, for those who cannot see it, and how to read it."""
    shows, how = plot_of(case).reading("ring8")
    return OK if len(shows) > 3 and len(how) > 3 else ("failed", "its Reading is empty")


def same_picture(case: ReportCase) -> Found:
    """Drawn again it has the same pixels."""
    first, second = (
        [theme.pixels(one, DPI) for one in drawn(case.analysis, plot_of(case))] for _ in range(2)
    )
    return OK if first == second else ("failed", "it is another picture each time")


def folder_kept(case: ReportCase) -> Found:
    """It writes nothing into the folder, and changes no table."""
    path = case.analysis.results.path
    before = _listing(path), _tables(case.analysis)
    if isinstance(case.part, Plot):
        drawn(case.analysis, case.part)
    else:
        _effects(case)
    if _listing(path) != before[0]:
        return "failed", "it writes into the folder"
    return OK if _tables(case.analysis) == before[1] else ("failed", "it changes a table")


def _listing(path: Path) -> dict[str, bytes]:
    files = (file for file in sorted(path.rglob("*")) if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).digest() for file in files}


def _tables(analysis: Analysis) -> list[str]:
    results = analysis.results
    tables = (results.trials, results.curves, results.evaluations, analysis.summary)
    return [table.to_json() for table in tables]


def refutable(case: ReportCase) -> Found:
    """Runs could support it, and runs could contradict it."""
    claim = claim_of(case)
    low, high = claim.claimed.low, claim.claimed.high
    ends = [x for x in (low, high) if np.isfinite(x)]
    if not ends:
        return "failed", "every effect lies in its region: nothing could contradict it"
    reach = 1.0 + max(map(abs, ends))
    tried = [ends[0] - reach, ends[-1] + reach, sum(ends) / len(ends)]
    steps = np.linspace(-1e-3, 1e-3, SEEDS) * reach * (0.1 if low == high else 1e-3)
    seen = {decided(Effects(x + steps, "", "", ""), claim.claimed).verdict for x in tried}
    if claim.cannot_support:
        seen.add("supported")
    for wanted in ("supported", "contradicted"):
        if wanted not in seen:
            return "failed", f"no effect could make it {wanted}"
    return OK


def measures(case: ReportCase) -> Found:
    """It measures one number a seed at most, or says None of a folder that it is not about."""
    seeds = len(case.analysis.results.experiment["seeds"])
    found = _effects(case)
    if found is None:
        return "ok", f"a run of {MODELS} on points says nothing of it"
    values = np.asarray(found.values, dtype=float)
    if values.ndim != 1 or len(values) > seeds or not np.isfinite(values).all():
        return "failed", f"{list(values.shape)} effects of {seeds} seeds, or some not finite"
    return "ok", f"{len(values)} effects of {seeds} seeds"


def same_effects(case: ReportCase) -> Found:
    """The same rows give the same effects."""
    first, second = _effects(case), _effects(case)
    same = first is second is None or (
        first is not None
        and second is not None
        and np.array_equal(np.asarray(first.values), np.asarray(second.values))
    )
    return OK if same else ("failed", "it gives other effects each time")


def nothing_there(case: ReportCase) -> Found:
    """Of a folder whose trials have not ended it says None, or no effect."""
    claim = claim_of(case)
    if claim.of is not Run:
        return "skipped", "it is about a study"
    (one,) = runs_of(case.analysis.results)
    tables = {name: getattr(one, name)[:0] for name in ("trials", "curves", "evaluations")}
    found = claim.measure(replace(one, contestants=(), **tables))
    if found is not None and len(np.asarray(found.values)):
        return "failed", f"it finds {len(np.asarray(found.values))} effects"
    return OK


def _effects(case: ReportCase) -> Effects | None:
    claim = claim_of(case)
    if claim.of is not Run:
        return None
    (one,) = runs_of(case.analysis.results)
    return claim.measure(one)


def plot_of(case: ReportCase) -> Plot:
    assert isinstance(case.part, Plot)
    return case.part


def claim_of(case: ReportCase) -> Claim:
    assert isinstance(case.part, Claim)
    return case.part


KEPT = Check(folder_kept, "work on copies of the tables, and write nothing")
FIGURE_CHECKS: dict[str, Check] = {
    "draws": Check(figure, "return a matplotlib Figure with labelled axes"),
    "words": Check(words, "Reading(shows, how); {unit} and {metric} are filled in"),
    "repeatable": Check(same_picture, "draw no random number, and no time of day"),
    "folder": KEPT,
}
CLAIM_CHECKS: dict[str, Check] = {
    "refutable": Check(refutable, "claim a region with a margin: Region(high=0.0), say"),
    "measure": Check(measures, "return Effects with one value a seed, or None"),
    "repeatable": Check(same_effects, "draw no random number"),
    "nothing there": Check(nothing_there, "return None where a contestant is missing"),
    "folder": KEPT,
}
