"""`bench convert`: a results folder as other programs read it."""

from pathlib import Path

import click

from ..errors import require
from ..report.peers import PEERS, write_as
from .errors import one_line_errors, say
from .options import PathOption


@click.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.argument("formats", nargs=-1, required=True, metavar="FORMAT...")
@one_line_errors
def convert(folder: Path, formats: tuple[str, ...]) -> None:
    """Write a results folder as other programs read it: into the folder, from its records.

    \b
    benchopt      DIR/benchopt.parquet, a row for each trial and evaluation
    tensorboard   DIR/tensorboard: tensorboard --logdir DIR/tensorboard
    mlflow        DIR/mlflow: mlflow ui --backend-store-uri sqlite:///DIR/mlflow/mlflow.db
    wandb         DIR/wandb, offline runs: wandb sync DIR/wandb/offline-run-*

    Nothing is sent anywhere. All but benchopt's need a package:
    pip install '.[tensorboard,mlflow,wandb]'.
    """
    for name in formats:
        require(name, PEERS, "format")
    from ..records.results import Results

    results = Results(folder)
    for name in dict.fromkeys(formats):
        say(f"{name}: {write_as(name, results)}")
