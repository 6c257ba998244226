"""What a run is asked for, on the command line or from Python: a plan, a folder, and how."""

from pathlib import Path
from typing import Any, NamedTuple

from ..planning.flags import plan_from
from ..planning.parsing import parse_models
from ..planning.plan import Plan
from .looking import until_from
from .running import RunOptions

# Options that say how a plan is run, not what is in it.
HOW = (
    *("jobs", "jobs_per_device", "retries", "checkpoint_every"),
    *("dry_run", "trust_code", "retry", "check", "stack"),
)


class Request(NamedTuple):
    """A run that was asked for."""

    plan: Plan
    root: Path
    options: RunOptions


def requested(
    experiment: str | None,
    out: Path | None,
    retrain: str | None,
    models: str | None,
    features: str | None,
    until_decided: bool,
    max_seeds: int | None,
    margin: float | None,
    within: float | None,
    precision: str | None,
    **flags: Any,
) -> Request:
    """The request of the options of `bench run`, as click parsed them; raises InputError."""
    named = [contestant.model for contestant in parse_models(models or "")]
    options = RunOptions(
        until=until_from(until_decided, flags["seeds"], max_seeds, margin, within),
        margin=None if margin is None else margin / 100,
        retrain=() if retrain is None else tuple(map(str.strip, retrain.split(","))),
        named=(*named, *([] if features is None else [features])),
        bf16_anyway=precision == "bf16!",
        **{name: flags.pop(name) for name in HOW},
    )
    flags["precision"] = precision and precision.removesuffix("!")
    plan = plan_from(experiment, models=models, features=features, **flags)
    return Request(plan, out or Path("results") / plan.default_folder(), options)
