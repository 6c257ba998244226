"""The command line: parse, call, print. Heavy libraries are imported by the commands."""

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gan_zoo import catalog as zoo

from . import __version__, load
from .catalog import DATASETS, EXTRACTORS, FOLDER, METRICS
from .errors import DiskError, InputError, printable
from .interrupts import leave, typed
from .trial import CHECKPOINT_EVERY

LONGEST = 1000  # characters of an error


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Wrong input ends with one line and exit code 2, a disk error with 1, Ctrl-C with 130."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except InputError as error:
            fail(str(error), 2)
        except DiskError as error:
            fail(str(error), 1)
        except OSError as error:
            fail(f"{error.strerror or error}: {error.filename or 'the results folder'}", 1)
        except KeyboardInterrupt as interrupt:
            atexit._run_exitfuncs()  # what workers shared is given back
            leave(str(interrupt) or typed())

    return guarded


def fail(message: str, code: int) -> None:
    line = " ".join(printable(message).split())
    click.echo(f"bench: {line[:LONGEST]}{'...' * (len(line) > LONGEST)}", err=True)
    sys.exit(code)


def say(text: str) -> None:
    """Print lines that may hold names from a user."""
    for line in text.split("\n"):
        click.echo(printable(line))


class OneLine(click.Group):
    """Commands whose usage errors are one line too."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            fail(error.format_message(), error.exit_code)
        except click.Abort:
            fail("interrupted", 130)


@click.group(
    cls=OneLine,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "color": False if os.environ.get("NO_COLOR") else None,  # None: where it is a terminal
    },
)
@click.version_option(__version__, prog_name="bench")
def main() -> None:
    """Which GAN is better here, by how much, and is the difference real?

    Trains GANs under matched seeds, measures them, and writes tables, plots and one page.

    \b
    bench run                              all five models on 5,000 real digits, 3 seeds
    bench run --models dcgan,wgangp        any part of it
    bench run --images 20k --seeds 1       a first look, in a minute or two
    bench report results/mnist5k-256k      tables, plots and page again, from the records
    """


@main.command()
@click.argument("experiment", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--models",
    metavar="A,B@PRESET,NAME=C",
    help=(
        "Who competes: names from `bench list`, a preset after @, a label of your own before =, or "
        "your own model as package.module:Class or file.py:Class.  [default: the five of the zoo]"
    ),
)
@click.option(
    "--dataset",
    "datasets",
    metavar="D,E",
    help=(
        "What they learn: names from `bench list`, or folder:PATH, your own images.  "
        "[default: mnist5k]"
    ),
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=(
        "Where mnist, cifar10 and the like lie or are downloaded to.  "
        "[default: GAN_BENCH_DATA, or the platform's cache]"
    ),
)
@click.option(
    "--size",
    type=int,
    metavar="PIXELS",
    help=("Side of the images: 28, 32 or 64.  [default: the data set's own; of a folder 64]"),
)
@click.option(
    "--seeds",
    metavar="N or A,B,C",
    help=("How many seeds (3 is 0,1,2), or which. A verdict on five models needs 9.  [default: 3]"),
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
        "A hyperparameter of one contestant (wgangp.penalty=1) or of all (width=16). Repeatable."
    ),
)
@click.option("--batch-size", type=int, metavar="N", help="Images in a batch.  [default: 64]")
@click.option(
    "--evaluations",
    type=int,
    metavar="N",
    help=("Evaluations through training, beside that of the untrained generator.  [default: 8]"),
)
@click.option(
    "--samples",
    type=int,
    metavar="N",
    help=(
        "Generated images in an evaluation; of a 2-D set always 2,500, and the modes of "
        "stacked-mnist are counted on 26,000.  [default: 4000]"
    ),
)
@click.option(
    "--features",
    metavar="NAME",
    help=(
        "The network that FID and KID look through: a name from `bench list`, inception:FILE, or "
        "your own as module:Class[:FILE.safetensors]; none: do not measure. auto picks by data "
        "set and says which.  [default: auto]"
    ),
)
@click.option(
    "--device",
    metavar="auto|cpu|cuda|mps",
    help=("Where to train; auto takes a GPU if there is one.  [default: auto]"),
)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16"]),
    help=(
        "bf16: matrix products and convolutions in bfloat16, faster where the processor has it.  "
        "[default: fp32]"
    ),
)
@click.option("--threads", type=int, metavar="N", help="Threads of a trial.  [default: 1]")
@click.option(
    "--jobs",
    metavar="auto|N",
    default="auto",
    show_default=True,
    help=("Trials at a time; auto: cores / threads on a CPU, 1 on a GPU. Never changes a number."),
)
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
    type=click.FloatRange(min=0),
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
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=("The results folder.  [default: results/<dataset>-<images>]"),
)
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Also write event files to DIR/tensorboard (needs the package tensorboard).",
)
@one_line_errors
def run(
    experiment: str | None,
    jobs: str,
    out: Path | None,
    dry_run: bool,
    tensorboard: bool,
    data_dir: Path | None,
    retries: int,
    checkpoint_every: float,
    **flags: Any,
) -> None:
    """Train, measure and compare models under matched seeds.

    EXPERIMENT is a TOML file such as the experiment.toml of any results folder; flags override
    what it says. The same command again skips what has ended, and goes on with the rest, from
    the last checkpoint to the same bits. Models, data sets and seeds may be added to a folder, and
    its budget raised: bench run DIR/experiment.toml --images 512k --out DIR.
    """
    from .events import require_package, write_events
    from .planning import plan_from
    from .session import execute

    if data_dir:
        os.environ["GAN_BENCH_DATA"] = str(data_dir.absolute())  # worker processes inherit it
    plan = plan_from(experiment, **flags)
    root = out or Path("results") / plan.default_folder()
    if tensorboard:
        require_package()  # before hours of training, not after
    finished = execute(plan, root, jobs, dry_run, say, retries, checkpoint_every)
    if tensorboard and not dry_run:
        say(f"For TensorBoard: {write_events(load(root))}")
    if not finished:
        sys.exit(1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Also write event files to DIR/tensorboard (needs the package tensorboard).",
)
@one_line_errors
def report(folder: Path, tensorboard: bool) -> None:
    """Rebuild tables, plots and the page of a results folder from its records.

    Beside the page: report.md for a pull request, summary.tex and comparisons.tex for a paper.
    """
    from .events import require_package, write_events
    from .report import rebuild

    if tensorboard:
        require_package()
    rebuild(folder, say)
    if tensorboard:
        say(f"For TensorBoard: {write_events(load(folder))}")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@one_line_errors
def status(folder: Path) -> None:
    """What is finished, running, failed or waiting in a results folder."""
    from .status import lines

    for line in lines(folder):
        say(line)


@main.command("list")
@one_line_errors
def list_() -> None:
    """Models and presets, data sets, metrics and feature extractors, a line each."""
    for title, rows in {
        "Models (--models)": list(models()),
        "Data sets (--dataset)": [
            *((name, entry.help) for name, entry in DATASETS.items()),
            ("folder:PATH", FOLDER.help),
        ],
        "Metrics": [(name, metric.help) for name, metric in METRICS.items()],
        "Feature extractors (--features)": [(n, entry.help) for n, entry in EXTRACTORS.items()],
    }.items():
        click.echo(click.style(title, bold=True))
        for name, text in rows:
            click.echo(f"  {name:<20}{text}")
        click.echo()


def models() -> Iterator[tuple[str, str]]:
    for name, entry in zoo.MODELS.items():
        yield name, f"{entry.help} ({entry.source})"
        for preset, values in entry.presets.items():
            yield f"{name}@{preset}", values.source


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("other", required=False, type=click.Path(path_type=Path), metavar="[DIR2]")
@click.option("--metric", metavar="NAME", help="Compared by.  [default: FID; EMD for points]")
@click.option("--dataset", metavar="NAME", help="Of several data sets, this one.  [default: all]")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["table", "markdown", "csv", "latex"]),
    default="table",
    show_default=True,
    help="csv has all columns and plain numbers; latex takes the package booktabs.",
)
@click.option(
    "--margin",
    type=float,
    metavar="PERCENT",
    help="Of two folders: what is close enough to be called equivalent.  [default: 5]",
)
@click.option(
    "--fail-on-change",
    is_flag=True,
    help="Of two folders: exit code 1 unless the primary metric is equal in every bit.",
)
@one_line_errors
def compare(
    folder: Path,
    other: Path | None,
    metric: str | None,
    dataset: str | None,
    wanted: str,
    margin: float | None,
    fail_on_change: bool,
) -> None:
    """The pairs of a results folder, or the same trials of two folders.

    With DIR2, trials of one data set, label and seed are paired across the folders (another
    commit, another machine): what differs between the two, and have the numbers changed?
    """
    from rich.console import Console

    from .comparing import compare_folders, compare_pairs

    console = Console(highlight=False)
    if other is None:
        if fail_on_change or margin is not None:
            raise InputError("--margin and --fail-on-change take two folders: DIR DIR2")
        compare_pairs(folder, metric, dataset, wanted, console)
        return
    margin = 5.0 if margin is None else margin
    if not 0 < margin < 100:
        raise InputError(f"--margin is a percentage between 0 and 100, such as 5, not {margin:g}")

    def tell(line: str) -> None:
        # A table that another program reads stands alone.
        click.echo(printable(line), err=wanted in ("csv", "latex"))

    same = compare_folders(folder, other, metric, dataset, margin / 100, wanted, console, tell)
    if fail_on_change and not same:
        sys.exit(1)


@main.command()
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="[LABEL.]FIELD=VALUE",
    help="A hyperparameter of one model (wgangp.penalty=1) or of all (width=16). Repeatable.",
)
@one_line_errors
def doctor(models: tuple[str, ...], values: tuple[str, ...]) -> None:
    """Check this machine, or a model against the rules of the game.

    Is the machine fit for a benchmark? Does the model keep what makes it comparable with others?
    MODEL is a name from `bench list`, with a preset after @, or your own as package.module:Class
    or file.py:Class. Each check tells what it saw and, where that is wrong, what to do. Exit code
    1 if one failed.

    \b
    bench doctor                           this machine
    bench doctor wgangp dcgan@paper        two models
    bench doctor mine.py:MyGAN             your own model
    """
    if models:
        from .conformance import examine

        well = examine(models, values, say=click.echo)
    elif values:
        raise InputError("--set is for models: bench doctor MODEL --set FIELD=VALUE")
    else:
        from .doctor import machine

        well = machine(say=click.echo)
    if not well:
        sys.exit(1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--trials", type=int, metavar="N", help="How many, the cheapest first.  [default: 1]")
@click.option("--all", "every", is_flag=True, help="All finished trials.")
@click.option("--trial", "key", metavar="KEY", help="One: dataset/label/s0, as below DIR/trials.")
@click.option(
    "--tolerance",
    type=float,
    metavar="X",
    help="Expect no equal bits: the final FID or EMD may be off by this share of it (0.05).",
)
@one_line_errors
def verify(
    folder: Path, trials: int | None, every: bool, key: str | None, tolerance: float | None
) -> None:
    """Train recorded trials again and compare.

    On the recorded processor and versions every bit is expected back: evaluations, curves,
    weights, pictures. Elsewhere what is drawn must be equal, the untrained generator must measure
    alike, and the end must lie where another seed could have ended. Which of the two is expected,
    and why, is said. Exit code 0: reproduced, 1: not.
    """
    if (trials is not None) + every + (key is not None) > 1:
        raise InputError("--trials, --all and --trial exclude each other: give one of them")
    if trials is not None and trials < 1:
        raise InputError(f"--trials must be 1 or more, not {trials}")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError(f"--tolerance is a share, from 0 up to 1, not {tolerance:g}")
    from .verify import verify as train_again

    if not train_again(folder, None if every else trials or 1, key, tolerance, say=click.echo):
        sys.exit(1)
