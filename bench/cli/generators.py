"""The commands that show a trained generator: sample, interpolate, arithmetic, neighbours."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, shown
from .errors import one_line_errors, say

if TYPE_CHECKING:
    from ..generators.load import Trained

OUT = "A file.  [default: in DIR/latent]"


def of_a_generator(command: Callable[..., None]) -> Callable[..., None]:
    """DIR, the options that choose one generator of it, and the seed of what is drawn."""
    options = (
        click.argument("folder", type=click.Path(path_type=Path), metavar="DIR"),
        click.option("--model", metavar="LABEL", help="Of several contestants, this one."),
        click.option("--dataset", metavar="NAME", help="Of several data sets, this one."),
        click.option(
            "--seed",
            type=int,
            metavar="S",
            help="Of the training run.  [default: the first that left weights]",
        ),
        click.option(
            "--latent-seed",
            type=click.IntRange(0, 10**9 - 1),
            default=0,
            show_default=True,
            help="Of what is drawn: the same one draws the same latents.",
        ),
        click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help=OUT),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@of_a_generator
@click.option("-n", "number", type=int, metavar="N", help="How many.  [default: 64; 2500 points]")
@click.option("--labels", metavar="3,5", help="Of a conditional model, in turn.  [default: all]")
@click.option("--truncation", type=float, metavar="T", help="Latents within +-T, see above.")
@click.option("--each", is_flag=True, help="Single files; FILE is a folder.")
@one_line_errors
def sample(folder: Path, number: int | None, labels: str | None, **rest: Any) -> None:
    """Samples of a trained generator: a picture, single files, or an array.

    --out FILE.png is a grid, FILE.npy the samples [n, channels, height, width] in [-1, 1], FILE.npz
    has `samples`, `latents` and `labels`. --truncation takes the latents from a normal truncated at
    +-T: the lower, the more alike the samples.
    """
    from ..generators import commands

    trained, seed, out = _opened(folder, rest)
    labels_ = _whole("--labels", labels)
    if number is not None and number < 1:
        raise InputError(f"-n must be 1 or more, not {number}")
    commands.sample(trained, number, seed, labels_, rest["truncation"], rest["each"], out, say)


@click.command()
@of_a_generator
@click.option(
    "--between",
    metavar="I,J,..",
    help="Samples to pass, by their number in `bench sample`, from 0.  [default: 0,1,2,3,4,5]",
)
@click.option("--labels", metavar="3 or 3,8", help="One label all along, or a path of labels.")
@click.option("--spherical/--linear", default=True, help="The way.  [default: spherical]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["strip", "grid", "gif"]),
    help="Of the file.  [default: strip]",
)
@click.option(
    "--steps",
    type=int,
    metavar="N",
    help="Samples a leg, both ends counted.  [default: strip 11, gif 24, grid 9]",
)
@click.option(
    "--pairs",
    type=click.IntRange(0, 1000),
    default=64,
    show_default=True,
    help="Random paths to measure; 0 for none.",
)
@one_line_errors
def interpolate(folder: Path, between: str | None, labels: str | None, **rest: Any) -> None:
    """Paths between samples, and how smooth such paths are.

    A strip has a row a leg, a grid four corners, a gif runs through all and back. Numbers: detour,
    largest step and distance from the data, in the features that the trial was measured with and
    in pixels, on --pairs random paths, beside pixel cross-fades of their ends and of held-out
    images. A path of labels mixes them, at one latent: --between 3 --labels 3,8.
    """
    from ..generators import commands

    trained, seed, out = _opened(folder, rest)
    labels_, form = _whole("--labels", labels), rest["form"]
    stops = {"grid": "0,1,2,3"}.get(form, "0" if len(labels_) > 1 else "0,1,2,3,4,5")
    commands.interpolate(
        trained,
        _whole("--between", between or stops),
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
@of_a_generator
@click.option("-a", "--a", required=True, metavar="EXPR", help="Samples that have it.")
@click.option("-b", "--b", required=True, metavar="EXPR", help="Samples that do not.")
@click.option("-c", "--c", required=True, metavar="EXPR", help="Samples to give it to.")
@click.option(
    "-n",
    "number",
    type=click.IntRange(100, 50_000),
    default=4096,
    show_default=True,
    help="Samples to choose from.",
)
@one_line_errors
def arithmetic(folder: Path, a: str, b: str, c: str, number: int, **rest: Any) -> None:
    """A - B + C of mean latents: does what A has more than B carry over to C?

    EXPR chooses samples by `label`, slant (degrees), thickness (pixels) and ink of images, or x, y
    and radius of points: label=7, slant>10, slant>80% (the upper fifth of what the conditions
    before it left), joined by commas. The change that was measured stands beside what A and B
    predict, with 95 % intervals, and beside random directions of the same length.

    \b
    bench arithmetic DIR --model dcgan -a 'label=7,slant>80%' -b 'label=7,slant<20%' -c 'label=9'
    """
    from ..generators import commands

    trained, seed, out = _opened(folder, rest)
    commands.add_up(trained, (a, b, c), number, seed, out, say)


@click.command()
@of_a_generator
@click.option(
    "-n", "number", type=click.IntRange(2, 50_000), default=1000, show_default=True, help="Samples."
)
@click.option("--labels", metavar="3,5", help="Of a conditional model, in turn.  [default: all]")
@click.option("--pixels", is_flag=True, help="Near in pixels, not in the trial's features.")
@one_line_errors
def neighbours(folder: Path, number: int, labels: str | None, **rest: Any) -> None:
    """Samples beside the training images nearest to them: does the generator copy?

    The first ten and the closest ten are shown. How near samples are is held against how near
    held-out images are, which nobody trained on.
    """
    from ..generators import commands

    trained, seed, out = _opened(folder, rest)
    labels_ = _whole("--labels", labels)
    commands.show_neighbours(trained, number, seed, labels_, rest["pixels"], out, say)


def _opened(folder: Path, options: dict[str, Any]) -> tuple["Trained", int, Path | None]:
    """The generator that the shared options choose, on as many threads as it was trained on."""
    import torch

    from ..generators.load import load_generator

    of = (options["model"], options["dataset"], options["seed"])
    trained = load_generator(folder, *of)
    torch.set_num_threads(trained.trial.threads)
    return trained, options["latent_seed"], options["out"]


def _whole(flag: str, text: str | None) -> list[int]:
    """ "3,17" -> [3, 17]; raises InputError for what is no list of whole numbers from 0."""
    parts = [part.strip() for part in text.split(",")] if text is not None else []
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError(f"{flag} takes whole numbers from 0, such as 3,5, not {shown(text)}")
    return [int(part) for part in parts]
