"""Which code a plan names, entry points resolved, and whether it may run. Runs none of it."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from gan_zoo.catalog import ENTRIES

from ..datasets import DATASETS, code_reference
from ..errors import InputError
from ..extensions import KINDS, is_ours, resolve, resolve_all, whole
from ..extractors import EXTRACTORS, NONE, is_custom
from ..metrics import DEFAULT, METRICS, own_metrics
from ..probes import PROBES, SETS, chosen
from .parsing import parse_datasets, parse_models
from .plan import Plan
from .trial import Trial

SINGLE = {"features": ("feature extractor", (*EXTRACTORS, "auto", NONE))}
LISTS = {"metrics": ("metric", (DEFAULT, *METRICS)), "probes": ("probe", (*PROBES, *SETS))}
Named = tuple[str, str]  # a reference, and the kind of what it names


def resolved(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a plan in which names of entry points are "package.module:Name".

    Raises InputError for an unknown name; what is no text is left to the plan to refuse.
    """
    found = dict(settings)
    for table, resolver in ((SINGLE, resolve), (LISTS, resolve_all)):
        for name, (kind, known) in table.items():
            if isinstance(text := found.get(name), str):
                found[name] = resolver(kind, text, known)
    if isinstance(names := found.get("datasets"), list | tuple):
        found["datasets"] = tuple(map(resolved_data, names))
    return found


def resolved_data(reference: Any) -> Any:
    """As `resolved`, of a reference to a data set."""
    code = code_reference(reference) if isinstance(reference, str) else ""
    if not code or code in DATASETS or ":" in code:
        return reference
    return reference.removesuffix(code) + resolve("data set", code, DATASETS)


def resolved_model(name: Any) -> Any:
    """As `resolved`, of a model without its preset."""
    return resolve("model", name, ENTRIES) if isinstance(name, str) and name else name


def named_by(
    models: str | None = None,
    datasets: str | None = None,
    features: str | None = None,
    metrics: str | None = None,
    probes: str | None = None,
) -> tuple[str, ...]:
    """The references that options of `bench run` name: these may run. Raises InputError."""
    found = [contestant.model for contestant in parse_models(models or "")]
    asked: dict[str, Any] = {"features": features, "metrics": metrics, "probes": probes}
    asked["datasets"] = parse_datasets(datasets) if datasets else ()
    asked = resolved({name: value for name, value in asked.items() if value})
    found += map(code_reference, asked["datasets"]) if datasets else []
    found += [asked["features"]] if features else []
    found += own_metrics(asked["metrics"]) if metrics else ()
    found += chosen(asked["probes"]) if probes else ()
    return tuple(name for name in found if ":" in name)


def references(plan: Plan) -> Iterator[Named]:
    """All code of a user's own that a plan names."""
    names = [(contestant.model, "model") for contestant in plan.contestants]
    names += [(code_reference(each), "data set") for each in plan.datasets]
    names += [(each, "metric") for each in own_metrics(plan.metrics)]
    names += [(each, "probe") for each in chosen(plan.probes)]
    yield from ((name, kind) for name, kind in names if not is_ours(name))
    if is_custom(plan.features):
        yield plan.features, "feature extractor"


def references_of(trial: Trial, trains: bool = False) -> list[str]:
    """What a trial's generator, data and extractor run; with `trains` metrics and probes too."""
    names = [trial.model, code_reference(trial.source)]
    names += [*trial.metrics, *trial.probes] if trains else []
    own = [name for name in names if not is_ours(name)]
    return own + ([trial.features] if is_custom(trial.features) else [])


def require_named(plan: Plan, named: Collection[str], where: str) -> None:
    """Raises InputError if the plan would run code that is neither ours nor among `named`.

    `named` are references as the command line has them, `where` is what names others.
    """
    known = set(map(whole, named))
    for reference, kind in references(plan):
        if whole(reference) not in known:
            flag = f"name it with {KINDS[kind].flag}, or "
            raise InputError(untrusted(reference, where, flag))


def untrusted(reference: str, where: str, otherwise: str = "") -> str:
    """Why code is not run, in one line that names its file and hash."""
    return (
        f"{where} names code of its own, {reference}{hash_of(reference)}, which runs only if you "
        f"trust it: {otherwise}give --trust-code"
    )


def hash_of(reference: str) -> str:
    """ " (sha256 ..)" of the file that a reference names; "" if there is none."""
    try:
        content = Path(reference.partition(":")[0]).expanduser().read_bytes()
    except OSError:
        return ""
    return f" (sha256 {hashlib.sha256(content).hexdigest()[:12]})"
