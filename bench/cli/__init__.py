"""The command line: parse, call, print. Heavy libraries are imported by the commands."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from gan_zoo import catalog as zoo

from .. import __version__
from ..datasets import DATASETS, FOLDER
from ..errors import InputError
from ..extensions import entry_points
from ..extractors import EXTRACTORS
from ..lectures import TOPICS
from ..metrics import METRICS
from ..probes import PROBES
from ..studies import STUDIES
from .claims import claims
from .convert import convert
from .describe import describe
from .errors import OneLine, one_line_errors, say, trust_option
from .export import export
from .figures import figure_options, write_figures
from .generators import arithmetic, interpolate, neighbours, sample
from .judge import compare, doctor, verify
from .lectures import lecture
from .options import PathOption
from .run import run
from .serve import serve
from .studies import probe, study
from .tune import tune


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
    bench run --images 20k --seeds 1       a first look, in about a minute
    bench report results/mnist5k-256k      tables, plots and page again, from the records
    """


@main.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.option(
    "--tensorboard",
    is_flag=True,
    help="Also write event files to DIR/tensorboard (needs the package tensorboard).",
)
@click.option(
    "--with",
    "named",
    metavar="FILE.py:NAME,..",
    help="Add your own figures and claims to the page; the folder keeps their names and hashes.",
)
@trust_option
@figure_options
@one_line_errors
def report(
    folder: Path, tensorboard: bool, named: str | None, trust_code: bool, **asked: str | None
) -> None:
    """Rebuild tables, plots and the page of a results folder from its records.

    Beside the page: report.md for a pull request, summary.tex and comparisons.tex for a paper.
    With --figures, --only, --style or --width, only figures are written, to DIR/figures; title
    and note of each are in a text file beside it.

    \b
    bench report results/mnist5k-256k --figures pdf --only quality,losses --width 3.3in
    """
    if any(asked.values()):
        if named or trust_code:
            raise InputError("--with is for the page: name a figure of your own with --only")
        write_figures(folder, **asked)
        return
    from ..records.results import Results
    from ..report.own import resolved
    from ..report.rebuild import rebuild
    from ..report.tensorboard import require_package, write_events

    if tensorboard:
        require_package()
    own = [name.strip() for name in (named or "").split(",") if name.strip()]
    rebuild(folder, say, resolved(own), trust_code)
    if tensorboard:
        say(f"For TensorBoard: {write_events(Results(folder))}")


@main.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.option(
    "--traceback",
    "label",
    metavar="LABEL",
    help="Print the tracebacks of this contestant's failed trials.",
)
@one_line_errors
def status(folder: Path, label: str | None) -> None:
    """What is finished, running, failed or waiting in a results folder, and how far it is."""
    from .status import lines, tracebacks

    for line in lines(folder) if label is None else tracebacks(folder, label):
        say(line)


@main.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.option(
    "--weights",
    is_flag=True,
    help="Remove the trained generators too: nothing can be sampled from them any more.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and stop.")
@one_line_errors
def clean(folder: Path, weights: bool, dry_run: bool) -> None:
    """Remove the checkpoints of a results folder's ended trials, and say what that costs.

    Checkpoints are most of the folder's size; only training on to a larger budget needs them.
    Results, tables, pictures and trained generators stay.
    """
    from .clean import clean as remove

    remove(folder, weights, dry_run, say)


@main.command()
@click.argument("folders", nargs=-1, required=True, type=PathOption(), metavar="DIR...")
@click.option(
    "--out", required=True, type=PathOption(file_okay=False), help="The new results folder."
)
@one_line_errors
def merge(folders: tuple[Path, ...], out: Path) -> None:
    """Bring the parts that `bench run --shard i/n` trained together in one results folder.

    Other results folders of one protocol can be merged too. If two contradict each other in plan,
    versions or the rows of a trial, one line says how, and nothing is written.
    """
    from .merging import merge_and_report

    merge_and_report(folders, out, say)


@main.command("list")
@one_line_errors
def list_() -> None:
    """Models, presets, data sets, metrics, extractors, probes, studies and topics, a line each.

    Entry points of installed packages are listed with what they name; none is loaded.
    """
    parts = {
        "Models (--models)": [*models(zoo.MODELS), *installed("model")],
        "Baselines, not in a run unless named (--models)": list(models(zoo.BASELINES)),
        "Data sets (--dataset)": [
            *((name, entry.help) for name, entry in DATASETS.items()),
            ("folder:PATH", FOLDER.help),
            *installed("data set"),
        ],
        "Metrics (--metrics adds your own)": [
            *((name, metric.help) for name, metric in METRICS.items()),
            *installed("metric"),
        ],
        "Feature extractors (--features)": [
            *((name, entry.help) for name, entry in EXTRACTORS.items()),
            *installed("feature extractor"),
        ],
        "Probes (--probes)": [
            *(
                (name, entry.help + " (not by default)" * (not entry.default))
                for name, entry in PROBES.items()
            ),
            *installed("probe"),
        ],
        "Figures (bench report DIR --with)": list(installed("figure")),
        "Claims (bench report DIR --with)": list(installed("claim")),
        "Studies (bench study NAME)": [(n, entry.help) for n, entry in STUDIES.items()],
        "Topics of the lectures (bench lecture TOPIC)": list(TOPICS.items()),
    }
    width = 1 + max(len(name) for rows in parts.values() for name, _ in rows)
    for title, rows in parts.items():
        if not rows:
            continue
        click.echo(click.style(title, bold=True))
        for name, text in rows:
            click.echo(f"  {name:<{width}}{text}")
        click.echo()


def installed(kind: str) -> Iterator[tuple[str, str]]:
    """The entry points of a kind, and what each names."""
    for name, targets in entry_points(kind).items():
        yield name, " or ".join(targets) + ", of an installed package"


def models(entries: Mapping[str, zoo.Entry]) -> Iterator[tuple[str, str]]:
    for name, entry in entries.items():
        yield name, f"{entry.help} ({entry.source})"
        for preset, values in entry.presets.items():
            batch = f" (batches of {values.batch_size})" if values.batch_size else ""
            yield f"{name}@{preset}", values.source + batch


for command in (
    *(run, serve, claims, compare, convert, describe, doctor, verify, study, probe, lecture, tune),
    *(sample, interpolate, arithmetic, neighbours, export),
):
    main.add_command(command)
