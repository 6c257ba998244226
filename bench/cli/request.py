"""What a run is asked for, on the command line or from Python: a plan, a folder, and how."""

from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..planning.flags import plan_from
from ..planning.naming import named_by
from ..planning.plan import Plan
from ..planning.shards import Shard
from .looking import until_from
from .places import LOCAL
from .running import RunOptions

# Options that say how a plan is run, not what is in it.
HOW = (
    *("jobs", "jobs_per_device", "retries", "checkpoint_every"),
    *("dry_run", "trust_code", "retry", "check", "stack"),
    *("executor", "ray_address"),
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
    shard: str | None,
    **flags: Any,
) -> Request:
    """The request of the options of `bench run`, as click parsed them; raises InputError."""
    given = {name: flags[name] for name in ("datasets", "metrics", "probes")}
    part = None if shard is None else Shard.parsed(shard)
    if part and until_decided:
        raise InputError("--until-decided looks at all trials: give --seeds N with --shard")
    options = RunOptions(
        shard=part,
        until=until_from(until_decided, flags["seeds"], max_seeds, margin, within),
        margin=None if margin is None else margin / 100,
        retrain=() if retrain is None else tuple(map(str.strip, retrain.split(","))),
        named=named_by(models=models, features=features, **given),
        bf16_anyway=precision == "bf16!",
        **{name: flags.pop(name) for name in HOW},
    )
    flags["precision"] = precision and precision.removesuffix("!")
    here = options.executor == LOCAL
    plan = plan_from(experiment, models=models, features=features, here=here, **flags)
    name = plan.default_folder() + (f"-shard{part.part}of{part.parts}" if part else "")
    return Request(plan, out or Path("results") / name, options)
