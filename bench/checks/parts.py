"""`bench doctor REF` for what is no model: which kind it is, and the rules of that kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import click
from torch import nn

from gan_zoo import catalog as zoo
from gan_zoo.gan import VanillaGAN

from ..claims import Claim
from ..datasets import DATASETS, FOLDER_PREFIX, OWN
from ..datasets.dataset import load_dataset
from ..datasets.mixtures import Mixture
from ..datasets.own import Images, Points, with_kind
from ..errors import InputError
from ..extensions import KINDS, entry_points, load, one_line
from ..extractors.judge import judge_of
from ..metrics.own import OwnMetric
from ..planning.naming import resolved_data
from ..planning.own import load_metric, load_probe
from ..planning.plan import Plan
from ..planning.trial import Contestant
from ..plots.figures import Plot
from ..probes.own import OwnProbe
from ..report.own import claims_of, require_figure
from . import dataset_rules, extractor_rules, metric_rules, probe_rules, report_rules
from .case import Case
from .check import Check, CheckResult, report
from .conformance import narrowed, one_thread

Say = Callable[[str], object]
TRIED = ("mnist5k", "ring8")  # data that parts are tried on, unless another is asked for
PLAN = Plan((Contestant("gan", "gan"),))  # of a run without options
CLASSES: dict[str, tuple[type, ...]] = {
    "data set": (Images, Points, Mixture),
    "metric": (OwnMetric,),
    "probe": (OwnProbe,),
    "feature extractor": (nn.Module,),
    "figure": (Plot,),
    "claim": (Claim, tuple),
}


def sorted_out(names: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Models, as they are named, and all else as (reference, kind); raises InputError."""
    models, parts = [], []
    for name in names:
        kind, reference = kind_of(name)
        if kind == "model":
            models.append(name)
        else:
            parts.append((reference, kind))
    return models, parts


def kind_of(name: str) -> tuple[str, str]:
    """The kind of what a name stands for, and its reference. What cannot be told is a model."""
    if name in DATASETS or name.startswith((FOLDER_PREFIX, *OWN)):
        return "data set", name
    if ":" not in name:
        found = [(k, t[0]) for k in KINDS for n, t in entry_points(k).items() if n == name]
        return found[0] if found and name.partition("@")[0] not in zoo.ENTRIES else ("model", name)
    reference = name.rpartition("=")[2]
    target = ":".join(reference.split(":")[:2])
    try:
        thing = load("part", target)
    except InputError:
        return "model", name  # whose error says what is wrong
    base = thing if isinstance(thing, type) else type(thing)
    if isinstance(thing, type) and hasattr(thing, "train_step"):
        return "model", name
    for kind, classes in CLASSES.items():
        if issubclass(base, classes):
            return kind, reference
    kinds = ", ".join(("model", *CLASSES))
    raise InputError(f"{name} is none of these: {kinds} (docs/extending.md says what each is)")


def data_asked(dataset: str | None) -> str | None:
    """A data set as `--dataset` names it, as a plan has it; raises InputError."""
    return dataset and with_kind(resolved_data(dataset))


def check_parts(parts: Iterable[tuple[str, str]], say: Say, dataset: str | None = None) -> bool:
    """Check each of (reference, kind) and say the results; False if a check failed.

    dataset: to try it on, None: mnist5k, then ring8. Raises InputError for what cannot be loaded.
    """
    well = True
    with one_thread():
        for reference, kind in parts:
            well &= _RULES[kind](reference, say, dataset)
    return well


def _data(reference: str, say: Say, dataset: str | None) -> bool:
    named = with_kind(reference)
    return _report(f"{named}, a data set", dataset_rules.CHECKS, named, say)


def _metric(reference: str, say: Say, dataset: str | None) -> bool:
    metric, well, reasons = load_metric(reference), True, {}
    for name in (dataset,) if dataset else TRIED:
        features = PLAN.features_for(name, load_dataset(name).spec.classes)
        case = metric_rules.MetricCase(metric, judge_of(name, None, features, "cpu"))
        try:
            case.value(case.real)
        except Exception as error:
            reasons[name] = one_line(error)
            continue
        well &= _report(f"{reference}, a metric, on {case}", metric_rules.CHECKS, case, say)
    return _tried(reference, reasons, dataset, say) and well


def _probe(reference: str, say: Say, dataset: str | None) -> bool:
    probe, well, reasons = load_probe(reference), True, {}
    for name in (dataset,) if dataset else TRIED:
        case = Case(VanillaGAN, narrowed(VanillaGAN.defaults), load_dataset(name).spec)
        subject = probe_rules.ProbeCase(probe, case, name)
        try:
            subject.read(subject.model()[0])
        except Exception as error:
            reasons[name] = one_line(error)
            continue
        well &= _report(f"{reference}, a probe, of {subject}", probe_rules.CHECKS, subject, say)
    return _tried(reference, reasons, dataset, say) and well


def _extractor(reference: str, say: Say, dataset: str | None) -> bool:
    name = dataset or TRIED[0]
    title = f"{reference}, an extractor, on {name}"
    return _report(title, extractor_rules.CHECKS, (reference, name), say)


def _figure(reference: str, say: Say, dataset: str | None) -> bool:
    plot = require_figure(reference, load("figure", reference))
    with report_rules.small_run() as analysis:
        case = report_rules.ReportCase(plot, analysis)
        title = f"{reference}, a figure, of a small run on points"
        return _report(title, report_rules.FIGURE_CHECKS, case, say)


def _claim(reference: str, say: Say, dataset: str | None) -> bool:
    well = True
    with report_rules.small_run() as analysis:
        for claim in claims_of(reference, load("claim", reference)):
            title = f"{reference}, claim {claim.number} {claim.part}".strip()
            case = report_rules.ReportCase(claim, analysis)
            well &= _report(title, report_rules.CLAIM_CHECKS, case, say)
    return well


def _report(title: str, checks: Mapping[str, Check], subject: Any, say: Say) -> bool:
    say(click.style(title, bold=True))
    return report(results(checks, subject), say)


def results(checks: Mapping[str, Check], subject: Any) -> Iterator[CheckResult]:
    """The result of every check; if the first fails, the others are skipped."""
    first = ""
    for name, check in checks.items():
        if first:
            yield CheckResult(name, "skipped", f"{first} has failed")
            continue
        yield (found := check.run(name, subject))
        if name == next(iter(checks)) and found.outcome == "failed":
            first = name


def _tried(reference: str, reasons: Mapping[str, str], dataset: str | None, say: Say) -> bool:
    """Say on which data it does not work; False where it works on none."""
    for name, reason in reasons.items():
        say(f"  not on {name}: {reason}")
    if len(reasons) < (1 if dataset else len(TRIED)):
        return True
    say(f"  {reference} works on none of the data that it was tried on: --dataset names others")
    return False


_RULES: dict[str, Callable[[str, Say, str | None], bool]] = {
    "data set": _data,
    "metric": _metric,
    "probe": _probe,
    "feature extractor": _extractor,
    "figure": _figure,
    "claim": _claim,
}
