"""`bench study`: stand-alone experiments on why training fails."""

import sys
from copy import copy
from pathlib import Path
from typing import Any

import click

from ..errors import InputError, require
from ..planning.parsing import parse_seeds, parse_set
from ..studies import STUDIES
from ..studies.settings import Settings, from_file, resolved
from .errors import one_line_errors, say
from .options import PathOption, PlanOption


@click.command()
@click.argument("name", required=False, metavar="[NAME]")
@click.argument("file", required=False, metavar="[SETTINGS.toml]", type=PlanOption())
@click.option(
    "--seeds",
    metavar="N or A,B,C",
    help="How many seeds (5 is 0,1,2,3,4), or which. They add to those in DIR.  "
    "[default: see --dry-run]",
)
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A setting of the study; --dry-run shows all of them. Repeatable.",
)
@click.option(
    "--device",
    metavar="auto|cpu|cuda|mps",
    help="Where to compute; auto takes a GPU if there is one.  [default: auto]",
)
@click.option("--threads", metavar="N", help="Threads of a seed.  [default: 1]")
@click.option(
    "--jobs",
    metavar="auto|N",
    default="auto",
    show_default=True,
    help="Seeds at a time; auto: cores / threads on a CPU, 1 on a GPU. Never changes a number.",
)
@click.option(
    "--out",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help="The folder of tables and plots.  [default: results/study-NAME]",
)
@click.option("--dry-run", is_flag=True, help="Show the settings and stop.")
@one_line_errors
def study(
    name: str | None,
    file: Path | None,
    values: tuple[str, ...],
    jobs: str,
    out: Path | None,
    dry_run: bool,
    **flags: Any,
) -> None:
    """A stand-alone experiment on why training fails. Without NAME: the list of studies.

    SETTINGS.toml is a file such as the settings.toml in a study's folder; flags override it. The
    same command again computes the seeds that are missing, then draws the plots anew.

    \b
    bench study vanishing                             a minute or so a seed
    bench study vanishing --seeds 8 --set steps=2000
    bench study depth experiments/study-depth.toml    as it was published
    """
    if name is None:
        for known, entry in STUDIES.items():
            click.echo(f"{known:<12}{entry.help} ({entry.source})")
        return
    settings = settings_of(name, file, values, flags)
    if dry_run:
        for field, value in vars(settings).items():
            say(f"{field} = {','.join(map(str, value)) if isinstance(value, tuple) else value}")
        return
    from ..studies.run import run_study

    # The folder has the name of the command, so that `bench probe` goes on with one of its own.
    command = click.get_current_context().info_name
    if not run_study(name, settings, out or Path("results") / f"{command}-{name}", jobs, say):
        sys.exit(1)


probe = copy(study)  # `bench probe`, the command's former name
probe.name, probe.hidden = "probe", True


def settings_of(
    name: str, file: Path | None, values: tuple[str, ...], flags: dict[str, Any]
) -> Settings:
    """The settings from the file, overridden by --set and the other flags; raises InputError."""
    kind = require(name, STUDIES, "study").settings
    asked: dict[str, Any] = {}
    if file is not None:
        from ..files import read_toml

        asked = from_file(name, file, read_toml(file))
    for label, field, value in parse_set(values):
        if label:
            raise InputError(f"--set takes field=value here, not {label}.{field}=...")
        asked[field] = value
    asked |= {flag: value for flag, value in flags.items() if value is not None}
    if isinstance(asked.get("seeds"), str):
        asked["seeds"] = parse_seeds(asked["seeds"])
    from ..planning.flags import available

    asked["device"] = available(asked.get("device", "auto"))
    return resolved(name, kind, asked)
