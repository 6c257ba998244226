"""`bench export`: writes a trained generator for use elsewhere."""

from pathlib import Path

import click

from .errors import one_line_errors, say, trust_option
from .options import PathOption


@click.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.option("--model", metavar="LABEL", help="The contestant.  [default: the only one]")
@click.option(
    "--dataset", metavar="NAME", help="The data set it was trained on.  [default: the only one]"
)
@click.option(
    "--seed",
    type=int,
    metavar="S",
    help="Seed of the training.  [default: the first with weights]",
)
@click.option(
    "--out",
    type=PathOption(),
    metavar="FOLDER",
    help="A new or empty folder.  [default: DIR/export/<dataset>-<label>-s<seed>]",
)
@click.option(
    "--onnx/--no-onnx",
    default=True,
    show_default=True,
    help="Write the ONNX graph too (needs the extra: pip install '.[onnx]').",
)
@trust_option
@one_line_errors
def export(
    folder: Path,
    model: str | None,
    dataset: str | None,
    seed: int | None,
    out: Path | None,
    onnx: bool,
    trust_code: bool,
) -> None:
    """Write a trained generator for use elsewhere.

    The folder has the weights (safetensors), the configuration, a short script that loads them
    (load.py), an ONNX graph that is checked against torch, and a model card with the numbers and
    how they were measured.

    \b
    bench export results/mnist5k-256k --model dcgan --out dcgan-digits
    python dcgan-digits/load.py
    """
    from ..generators.export import export as write

    write(folder, model, dataset, seed, out, onnx, trust_code, say)
