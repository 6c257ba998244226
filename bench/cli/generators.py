"""`bench sample`, `interpolate`, `arithmetic` and `neighbours`: what a trained generator draws."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, shown
from .errors import one_line_errors, say, trust_option
from .options import PathOption

if TYPE_CHECKING:
    from ..generators.load import Trained


def generator_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds DIR, the options that choose one of its generators, --latent-seed and --out."""
    options = (
        click.argument("folder", type=PathOption(), metavar="DIR"),
        click.option("--model", metavar="LABEL", help="The contestant, if DIR has several."),
        click.option(
            "--dataset", metavar="NAME", help="The data set it was trained on, if DIR has several."
        ),
        click.option(
            "--seed",
            type=int,
            metavar="S",
            help="Seed of the training.  [default: the first with weights]",
        ),
        click.option(
            "--latent-seed",
            type=click.IntRange(0, 10**9 - 1),
            default=0,
            show_default=True,
            help="Seed of the latents that are drawn.",
        ),
        click.option(
            "--out",
            type=PathOption(),
            metavar="FILE",
            help="Where to write.  [default: a file in DIR/latent]",
        ),
        trust_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@generator_options
@click.option(
    "-n", "number", type=int, metavar="N", help="How many samples.  [default: 64; of points 2500]"
)
@click.option(
    "--labels", metavar="3,5", help="Labels of a conditional model, in turn.  [default: all]"
)
@click.option("--truncation", type=float, metavar="T", help="Truncate the latents at +-T.")
@click.option("--each", is_flag=True, help="One file per sample; FILE is a folder.")
@one_line_errors
def sample(folder: Path, number: int | None, labels: str | None, **rest: Any) -> None:
    """Draw samples from a trained generator: a picture, single files, or an array.

    --out FILE.png writes a grid, FILE.npy the samples [n, channels, height, width] in [-1, 1], and
    FILE.npz `samples`, `latents` and `labels`. --truncation draws the latents from a normal
    truncated at +-T: the lower T, the more alike the samples.
    """
    from ..generators import commands

    trained, seed, out = _load(folder, rest)
    labels_ = _numbers("--labels", labels)
    if number is not None and number < 1:
        raise InputError(f"-n must be 1 or more, not {number}")
    commands.sample(trained, number, seed, labels_, rest["truncation"], rest["each"], out, say)


@click.command()
@generator_options
@click.option(
    "--between",
    metavar="I,J,..",
    help="Numbers of the samples to pass, as in `bench sample`, from 0.  [default: 0,1,2,3,4,5]",
)
@click.option(
    "--labels", metavar="3 or 3,8", help="One label for the whole path, or a path of labels."
)
@click.option(
    "--spherical/--linear", default=True, help="The path between two latents.  [default: spherical]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["strip", "grid", "gif"]),
    help="Format of the file.  [default: strip]",
)
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Images from one sample to the next, both included.  [default: strip 11, gif 24, grid 9]",
)
@click.option(
    "--pairs",
    type=click.IntRange(0, 1000),
    default=64,
    show_default=True,
    help="How many random paths to measure; 0 for none.",
)
@one_line_errors
def interpolate(folder: Path, between: str | None, labels: str | None, **rest: Any) -> None:
    """Draw paths between samples, and measure how smooth such paths are.

    A strip has a row for each two successive samples of --between, a grid lies between four
    samples, and a gif passes all samples and returns. Detour, largest step and distance from the
    data are measured on --pairs random paths, in the trial's features and in pixels, and compared
    with pixel cross-fades of their ends and of held-out images. With one sample and several labels
    the path mixes the labels: --between 3 --labels 3,8.
    """
    from ..generators import commands

    trained, seed, out = _load(folder, rest)
    labels_, form = _numbers("--labels", labels), rest["form"]
    stops = {"grid": "0,1,2,3"}.get(form, "0" if len(labels_) > 1 else "0,1,2,3,4,5")
    commands.interpolate(
        trained,
        _numbers("--between", stops if between is None else between),
        labels_,
        "spherical" if rest["spherical"] else "linear",
        form,
        rest["steps"],
        rest["pairs"],
        seed,
        out,
        say,
    )


@click.command()
@generator_options
@click.option("-a", "--a", required=True, metavar="EXPR", help="Samples with the attribute.")
@click.option("-b", "--b", required=True, metavar="EXPR", help="Samples without it.")
@click.option("-c", "--c", required=True, metavar="EXPR", help="Samples to add it to.")
@click.option(
    "--wanted", metavar="EXPR", help="A condition on A - B + C; counts how often it is met."
)
@click.option(
    "-n",
    "number",
    type=click.IntRange(100, 50_000),
    default=4096,
    show_default=True,
    help="Samples to choose from.",
)
@one_line_errors
def arithmetic(
    folder: Path, a: str, b: str, c: str, wanted: str | None, number: int, **rest: Any
) -> None:
    """A - B + C of mean latents: does adding A - B change samples of C as predicted?

    EXPR chooses samples by `label`, by slant (degrees), thickness (pixels) and ink of images, or by
    x, y and radius of points: label=7, slant>10, slant>80% (the upper fifth of the samples left by
    the conditions before), joined by commas. The measured change is compared with the
    difference of A and B, with 95 % intervals, and with random directions of the same length.

    \b
    bench arithmetic DIR --model dcgan -a 'label=7,slant>80%' -b 'label=7,slant<20%' -c 'label=9'
    bench arithmetic DIR -a 'slant>80%,thickness<50%' -b 'slant<20%,thickness<50%' \\
        -c 'slant<20%,thickness>50%' --wanted 'slant>80%,thickness>50%'
    """
    from ..generators import commands

    trained, seed, out = _load(folder, rest)
    commands.write_arithmetic(trained, (a, b, c), wanted, number, seed, out, say)


@click.command()
@generator_options
@click.option(
    "-n",
    "number",
    type=click.IntRange(2, 50_000),
    default=1000,
    show_default=True,
    help="How many samples.",
)
@click.option(
    "--labels", metavar="3,5", help="Labels of a conditional model, in turn.  [default: all]"
)
@click.option("--pixels", is_flag=True, help="Compare pixels, not the trial's features.")
@one_line_errors
def neighbours(folder: Path, number: int, labels: str | None, **rest: Any) -> None:
    """Show samples beside their nearest training images: does the generator copy?

    The picture has the first ten samples and the ten closest to the training set. The distances are
    compared with those of held-out images, which no model was trained on.
    """
    from ..generators import commands

    trained, seed, out = _load(folder, rest)
    labels_ = _numbers("--labels", labels)
    commands.write_neighbours(trained, number, seed, labels_, rest["pixels"], out, say)


def _load(folder: Path, options: dict[str, Any]) -> tuple["Trained", int, Path | None]:
    """The generator that the options choose, --latent-seed and --out.

    Also sets torch's threads to the number that the generator was trained on.
    """
    import torch

    from ..generators.load import load_generator

    of = (options[name] for name in ("model", "dataset", "seed", "trust_code"))
    trained = load_generator(folder, *of)
    torch.set_num_threads(trained.trial.threads)
    return trained, options["latent_seed"], options["out"]


def _numbers(flag: str, text: str | None) -> list[int]:
    """ "3,17" -> [3, 17]; raises InputError for anything but whole numbers from 0."""
    parts = [part.strip() for part in text.split(",")] if text is not None else []
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError(f"{flag} takes whole numbers from 0, such as 3,5, not {shown(text)}")
    return [int(part) for part in parts]
