"""The commands that judge what is there: compare, verify, doctor."""

import sys
from pathlib import Path

import click

from ..errors import InputError, printable
from .errors import format_option, one_line_errors, trust_option
from .options import PathOption


@click.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.argument("other", required=False, type=PathOption(), metavar="[DIR2]")
@click.option(
    "--metric", metavar="NAME", help="A metric of `bench list`.  [default: fid; emd for points]"
)
@click.option("--dataset", metavar="NAME", help="One of several data sets.  [default: all]")
@format_option
@click.option(
    "--margin",
    type=float,
    metavar="PERCENT",
    help="With DIR2: a smaller difference is called equivalent.  [default: 5]",
)
@click.option(
    "--fail-on-change",
    is_flag=True,
    help="With DIR2: exit code 1 unless the primary metric is equal in every bit.",
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

    from .comparing import compare_folders, compare_pairs, require_margin

    console = Console(highlight=False)
    if other is None:
        if fail_on_change or margin is not None:
            raise InputError("--margin and --fail-on-change take two folders: DIR DIR2")
        compare_pairs(folder, metric, dataset, wanted, console)
        return
    share = require_margin(margin)

    def tell(line: str) -> None:
        # A table that another program reads stands alone.
        click.echo(printable(line), err=wanted in ("csv", "latex"))

    same = compare_folders(folder, other, metric, dataset, share, wanted, console, tell)
    if fail_on_change and not same:
        sys.exit(1)


@click.command()
@click.argument("models", nargs=-1, metavar="[NAME]...")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="[LABEL.]FIELD=VALUE",
    help="A hyperparameter of one model (wgangp.penalty=1) or of all (width=16). Repeatable.",
)
@click.option(
    "--dataset",
    metavar="NAME",
    help="Check on samples of this shape.  [default: points, grey and colour images]",
)
@click.option("--size", type=int, metavar="PIXELS", help="Side of the images, 4 to 1024.")
@one_line_errors
def doctor(
    models: tuple[str, ...], values: tuple[str, ...], dataset: str | None, size: int | None
) -> None:
    """Check this machine, or test a model or another part against its rules.

    Is the machine fit for a benchmark? Does a model keep the rules that make it comparable?
    NAME is a model from `bench list`, with a preset after @, or your own model, data set, metric,
    extractor, probe, figure or claim as package.module:Name or file.py:Name. Each check says what
    it found and, if that is wrong, what to do. Exit code 1 if one failed.

    \b
    bench doctor                           this machine
    bench doctor wgangp dcgan@paper        two models
    bench doctor mine.py:MyGAN             your own model
    bench doctor mine.py:MyGAN --size 64   if its networks take one size alone
    bench doctor mine.py:Coverage          your own metric
    """
    if models:
        from ..checks.conformance import check_models
        from ..checks.parts import check_parts, data_asked, sorted_out
        from .describing import spec_of

        own, parts = sorted_out(models)
        if parts and (values or size is not None):
            raise InputError(
                f"--set and --size are for models, and {parts[0][0]} is a {parts[0][1]}"
            )
        well = check_parts(parts, click.echo, data_asked(dataset))
        if own:
            asked = dataset is not None or size is not None
            spec = spec_of(dataset or "mnist5k", size) if asked else None
            well &= check_models(tuple(own), values, click.echo, spec)
    elif values or dataset is not None or size is not None:
        raise InputError("options are for models: bench doctor MODEL --set FIELD=VALUE, say")
    else:
        from ..training.determinism import before_cuda

        before_cuda()

        from ..checks.this_machine import check_machine

        well = check_machine(say=click.echo)
    if not well:
        sys.exit(1)


@click.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.option("--trials", type=int, metavar="N", help="How many, the cheapest first.  [default: 1]")
@click.option("--all", "every", is_flag=True, help="All finished trials.")
@click.option("--trial", "key", metavar="KEY", help="One: dataset/label/s0, as below DIR/trials.")
@click.option(
    "--tolerance",
    type=float,
    metavar="X",
    help="Do not expect equal bits: the final FID or EMD may differ by this share, such as 0.05.",
)
@trust_option
@one_line_errors
def verify(
    folder: Path,
    trials: int | None,
    every: bool,
    key: str | None,
    tolerance: float | None,
    trust_code: bool,
) -> None:
    """Train recorded trials again and compare.

    On the recorded processor and versions every bit must be equal: evaluations, curves, weights,
    pictures. Elsewhere the numbers drawn must be equal, the untrained generator must measure
    alike, and the final value must lie where another seed could have ended. The command says which
    of the two it expects, and why. Exit code 0: reproduced, 1: not.
    """
    if (trials is not None) + every + (key is not None) > 1:
        raise InputError("--trials, --all and --trial exclude each other: give one of them")
    if key == "":
        raise InputError("--trial takes dataset/label/s0, as below DIR/trials, not ''")
    if trials is not None and trials < 1:
        raise InputError(f"--trials must be 1 or more, not {trials}")
    if tolerance is not None and not 0 <= tolerance < 1:
        raise InputError(f"--tolerance is a share, from 0 up to 1, not {tolerance:g}")
    from ..checks.verify import verify as train_again

    wanted = None if every else trials or 1
    if not train_again(folder, wanted, key, tolerance, trust_code, say=click.echo):
        sys.exit(1)
