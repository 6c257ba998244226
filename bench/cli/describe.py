"""The command that shows what a model is made of."""

import click

from .errors import one_line_errors, say


@click.command()
@click.argument("model", metavar="MODEL[@PRESET]")
@click.option(
    "--dataset",
    metavar="NAME",
    help="Built for this data set.  [default: mnist5k, at the first size that suits]",
)
@click.option("--size", type=int, metavar="PIXELS", help="Side of the images, 4 to 1024.")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A hyperparameter, as in `bench run`. Repeatable.",
)
@one_line_errors
def describe(model: str, dataset: str | None, size: int | None, values: tuple[str, ...]) -> None:
    """A model's networks, parameters, output sizes, hyperparameters and formulas.

    MODEL is a name from `bench list`, with a preset after @, or your own as package.module:Class
    or file.py:Class.

    \b
    bench describe wgangp@notes                     the lectures' WGAN-GP
    bench describe dcgan --dataset cifar10          built for other images
    bench describe mine.py:MyGAN --set width=64     your own
    """
    from rich.console import Console

    from .describing import describe as tell

    tell(model, dataset, size, values, say, Console(highlight=False))
