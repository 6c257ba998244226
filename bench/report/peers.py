"""PEERS: the formats of other programs that a results folder is written in. Light to import."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Peer:
    """A format of another program."""

    target: str  # "module:function": results in, the path of what was written out
    help: str


PEERS: dict[str, Peer] = {
    "benchopt": Peer(
        "bench.report.benchopt:write_benchopt", "one parquet file with benchopt's columns"
    ),
    "tensorboard": Peer(
        "bench.report.tensorboard:write_events", "event files (needs the package tensorboard)"
    ),
    "mlflow": Peer(
        "bench.report.mlflow:write_mlflow",
        "a database and pictures (needs mlflow-skinny, sqlalchemy and alembic)",
    ),
    "wandb": Peer(
        "bench.report.wandb:write_wandb", "offline runs of Weights & Biases (needs wandb)"
    ),
}


def write_as(name: str, results: Any) -> Path:
    """Write the records (`bench.records.results.Results`) of a folder in a format of PEERS."""
    module, _, function = PEERS[name].target.partition(":")
    written: Path = getattr(import_module(module), function)(results)
    return written
