"""The command that gives every contestant the same search: `bench tune`."""

import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ..planning.trial import CHECKPOINT_EVERY
from .errors import one_line_errors, say
from .machine import machine_options
from .options import PathOption
from .phases import phase

IMAGES = "64k"


@click.command()
@click.argument("experiment", required=False, type=PathOption(path_type=str, exists=True))
@click.option(
    "--models",
    metavar="A,B@PRESET,NAME=C",
    help="Who competes, as in `bench run`.  [default: the five of the zoo]",
)
@click.option("--dataset", "datasets", metavar="D", help="The data set, one.  [default: mnist5k]")
@click.option(
    "--configs",
    type=int,
    default=20,
    show_default=True,
    metavar="N",
    help="Configurations that are drawn for each contestant.",
)
@click.option(
    "--images",
    metavar="COUNT",
    default=IMAGES,
    show_default=True,
    help="Budget of every trial, of the search and of the report; k and M are understood.",
)
@click.option(
    "--selection-seeds",
    metavar="N or A,B",
    default="2",
    show_default=True,
    help="Seeds that each configuration is tried with, 2 or more; a number counts from 1000.",
)
@click.option(
    "--report-seeds",
    metavar="N or A,B",
    default="6",
    show_default=True,
    help="Seeds that defaults and tuned configurations are compared with, 6 or more.",
)
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="[LABEL.]FIELD=VALUE",
    help="A hyperparameter of the defaults; a search replaces those it searches. Repeatable.",
)
@click.option("--size", type=int, metavar="PIXELS", help="As in `bench run`.")
@click.option("--batch-size", type=int, metavar="N", help="Images in a batch.  [default: 64]")
@click.option("--samples", type=int, metavar="N", help="As in `bench run`.  [default: 4000]")
@click.option("--features", metavar="NAME", help="As in `bench run`.  [default: auto]")
@click.option(
    "--evaluations", type=int, metavar="N", help="Evaluations in the report.  [default: 8]"
)
@machine_options
@click.option(
    "--data-dir",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help="Where data sets are, or are downloaded to, as in `bench run`.",
)
@click.option(
    "--out",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help="The folder.  [default: results/tuned-<dataset>-<images>]",
)
@click.option("--dry-run", is_flag=True, help="Check, time a part of a trial, and stop.")
@click.option(
    "--trust-code",
    is_flag=True,
    help="Run models and extractors that EXPERIMENT names and that are not part of gan-bench.",
)
@one_line_errors
def tune(
    experiment: str | None,
    models: str | None,
    features: str | None,
    configs: int,
    selection_seeds: str,
    report_seeds: str,
    precision: str | None,
    data_dir: Path | None,
    out: Path | None,
    **flags: Any,
) -> None:
    """Give every contestant the same search, then compare defaults and tuned on other seeds.

    Each contestant gets the same number of random configurations, from the spaces that its
    hyperparameters declare. They train on four fifths of the training split and are compared on the
    rest. EXPERIMENT gives networks and defaults; its seeds and budget are not used. The same
    command goes on where it stopped.

    \b
    bench tune --models gan,dcgan --dry-run
    bench tune experiments/ring8.toml --batch-size 64
    """
    with phase(Console(highlight=False), "starting"):  # torch takes seconds
        from ..training.process import begin

        begin()  # before what would import the compiler
        from ..planning.flags import plan_from
        from ..planning.naming import named_by
        from ..tuning.protocol import selection_seeds as parse_selection
        from ..tuning.search import require_package
        from .running import RunOptions
        from .tuning import tune as execute

    require_package()
    if data_dir:
        os.environ["GAN_BENCH_DATA"] = str(data_dir.absolute())  # worker processes inherit it
    how = {name: flags.pop(name) for name in ("jobs", "jobs_per_device", "stack")}
    how |= {name: flags.pop(name) for name in ("dry_run", "trust_code")}
    options = RunOptions(
        named=named_by(models=models, datasets=flags["datasets"], features=features),
        bf16_anyway=precision == "bf16!",
        checkpoint_every=CHECKPOINT_EVERY,
        **how,
    )
    flags |= {"precision": precision and precision.removesuffix("!"), "features": features}
    plan = plan_from(experiment, models=models, seeds=report_seeds, **flags)
    root = out or Path("results") / f"tuned-{plan.default_folder()}"
    if not execute(plan, configs, parse_selection(selection_seeds), root, options, say):
        sys.exit(1)
