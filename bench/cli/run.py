"""The command that trains: `bench run`."""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ..planning.trial import CHECKPOINT_EVERY
from .errors import one_line_errors, say
from .machine import machine_options
from .options import FiniteNumber, PathOption, PlanOption, live_option
from .phases import phase
from .places import place_options


@click.command()
@click.argument("experiment", required=False, type=PlanOption(path_type=str, exists=True))
@click.option(
    "--models",
    metavar="A,B@PRESET,NAME=C",
    help=(
        "The models to compare: names from `bench list`, with a preset after @ and a label of "
        "your own before =, or your own model as package.module:Class, file.py:Class, or file.py "
        "if that has one model.  [default: the five of the zoo]"
    ),
)
@click.option(
    "--dataset",
    "datasets",
    metavar="D,E",
    help=(
        "The data to train on: names from `bench list`, folder:PATH for your own images, or your "
        "own code as file.py:Name or package.module:Name.  [default: mnist5k]"
    ),
)
@click.option(
    "--data-dir",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help=(
        "Where mnist, cifar10 and the like are, or are downloaded to.  "
        "[default: GAN_BENCH_DATA, or the platform's cache]"
    ),
)
@click.option(
    "--size",
    type=int,
    metavar="PIXELS",
    help=(
        "Side that images are resized to, 4 to 1024. Networks of the backbones mlp, lecture-mlp, "
        "relu-mlp, maxout and two-paths take any; conv: multiples of 4 from 12 up; upsampling: "
        "multiples of 16; conv5x5: 28 and 32; unpadded: 28; conv64: 64.  "
        "[default: the data set's own; for a folder 64]"
    ),
)
@click.option(
    "--seeds",
    metavar="N or A,B,C",
    help=(
        "How many seeds (3 means 0,1,2), or which (0,4,7; 5, means seed 5 alone). "
        "--until-decided adds seeds where they are needed.  [default: 3]"
    ),
)
@click.option(
    "--until-decided",
    is_flag=True,
    help=(
        "Add seeds until every pair is told apart or equivalent: pairs are judged at 3, 5, 8, 12 "
        "and 20 seeds, and only the contestants of undecided pairs get more. The error over all "
        "of these looks stays .05."
    ),
)
@click.option(
    "--max-seeds",
    type=int,
    metavar="N",
    help="With --until-decided: add no seeds beyond this number.  [default: 20]",
)
@click.option(
    "--margin",
    type=FiniteNumber(min=0, min_open=True),
    metavar="PERCENT",
    help="With --until-decided: a smaller difference is called equivalent.  [default: 5]",
)
@click.option(
    "--within",
    type=FiniteNumber(min=0, min_open=True),
    metavar="MINUTES",
    help="With --until-decided: add no seeds that would end later than this after the start.",
)
@click.option(
    "--images",
    metavar="COUNT",
    help=(
        "Budget of a trial in real images shown to the discriminator; k and M are understood.  "
        "[default: 256k]"
    ),
)
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="[LABEL.]FIELD=VALUE",
    help=(
        "A hyperparameter of one contestant (wgangp.penalty=1) or of all (width=16). "
        "`bench describe MODEL` lists them. Repeatable."
    ),
)
@click.option("--batch-size", type=int, metavar="N", help="Images in a batch.  [default: 64]")
@click.option(
    "--evaluations",
    type=int,
    metavar="N",
    help="Evaluations during training, beside the one before it.  [default: 8]",
)
@click.option(
    "--samples",
    type=int,
    metavar="N",
    help=(
        "Generated images in an evaluation; always 2,500 points for a 2-D set, and 26,000 images "
        "to count the modes of stacked-mnist.  [default: 4000]"
    ),
)
@click.option(
    "--features",
    metavar="NAME",
    help=(
        "The network whose features FID and KID compare: a name from `bench list`, inception:FILE, "
        "or your own as file.py:Class[:FILE.safetensors] or package.module:Class; none: no FID, "
        "KID and the like. auto chooses by the data set and says which.  [default: auto]"
    ),
)
@click.option(
    "--probes",
    metavar="default|all|none|A,B",
    help=(
        "What is recorded beside losses: slopes of the critic, sizes of updates and so on, by "
        "names of `bench list`; default,file.py:Name adds your own. Probes change no other "
        "number.  [default: default]"
    ),
)
@click.option(
    "--metrics",
    metavar="default,FILE.py:NAME,..",
    help="Metrics of your own, beside those of `bench list`.  [default: default]",
)
@machine_options
@place_options
@click.option(
    "--retries",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="How often a trial that fails is tried again, from its last checkpoint.",
)
@click.option(
    "--checkpoint-every",
    type=FiniteNumber(min=0),
    default=CHECKPOINT_EVERY,
    show_default=True,
    metavar="SECONDS",
    help=(
        "A checkpoint is written before each evaluation, and this long after the last one. "
        "Never changes a number."
    ),
)
@click.option(
    "--out",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help="The results folder.  [default: results/<dataset>-<images>]",
)
@click.option(
    "--check/--no-check",
    default=True,
    help="Check your own models before they train, in about a second.  [default: on]",
)
@click.option("--dry-run", is_flag=True, help="Check and show the plan, its duration and disk.")
@click.option(
    "--retrain",
    metavar="LABEL,..",
    help="Train these contestants anew, and delete their trials in the folder.",
)
@click.option(
    "--retry",
    type=click.Choice(["diverged", "failed"]),
    multiple=True,
    help="Train anew, from the start, the trials that diverged or failed.",
)
@click.option(
    "--trust-code",
    is_flag=True,
    help=(
        "Run code that an experiment file or the folder names, though it is not part of gan-bench "
        "and not named on this command line."
    ),
)
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Also write event files to DIR/tensorboard (needs the package tensorboard).",
)
@live_option
@one_line_errors
def run(data_dir: Path | None, live: bool, tensorboard: bool, **flags: Any) -> None:
    """Train, measure and compare models under matched seeds.

    EXPERIMENT is a TOML file such as the experiment.toml of any results folder; flags override
    what it says. The same command again skips trials that have ended and continues the others
    from their last checkpoint, to the same bits. Models, data sets and seeds may be added to a
    folder, and its budget raised: bench run DIR/experiment.toml --images 512k --out DIR.
    """
    with phase(Console(highlight=False), "starting"):  # torch takes seconds
        from ..training.process import begin

        begin()  # before what would import the compiler

        from ..live.beside import live_page
        from ..records.results import Results
        from ..report.tensorboard import require_package, write_events
        from .request import requested
        from .running import execute

    if data_dir:
        os.environ["GAN_BENCH_DATA"] = str(data_dir.absolute())  # worker processes inherit it
    plan, root, options = requested(**flags)
    if tensorboard:
        require_package()  # before hours of training, not after
    with live_page(root, say) if live and not options.dry_run else nullcontext():
        finished = execute(plan, root, options, say)
    if tensorboard and not options.dry_run:
        say(f"For TensorBoard: {write_events(Results(root))}")
    if not finished:
        sys.exit(1)
