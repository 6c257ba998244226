"""A folder half-way through its run, cut from a published one: what a server meets."""

import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pandas as pd

from bench.records.layout import ResultsFolder
from bench.records.writing import write_facts, write_parquet

PUBLISHED = Path(__file__).parents[2] / "results" / "reference-mnist5k"
RUNNING = {("dcgan", 1): 128_000, ("wgan", 1): 64_000}  # (label, seed) -> images so far
FINISHED = {("gan", 1), ("cgan", 1)}  # beside all of seed 0; the others wait


def half_trained(root: Path, held: bool = True) -> Path:
    """Seed 0 has finished, of seed 1 two trials have and two run, seed 2 waits; no report yet.

    held: a process, this one, holds the folder.
    """
    shutil.copytree(PUBLISHED / "trials", root / "trials")
    for name in ("experiment.toml", "environment.json", "scale.parquet"):
        shutil.copy(PUBLISHED / name, root / name)
    for dataset, label, seed in ResultsFolder(root).keys:
        folder = root / "trials" / dataset / label / f"s{seed}"
        if (label, seed) in RUNNING:
            cut(folder, RUNNING[label, seed])
        elif seed and (label, seed) not in FINISHED:
            shutil.rmtree(folder)
    if held:
        (root / ".lock").write_text(f"process {os.getpid()} on {socket.gethostname()}")
    return root


def cut(folder: Path, images: int, phase: str = "training") -> None:
    """Make a finished trial one that has trained on so many images and still runs, here."""
    (folder / "status.json").unlink()
    (folder / "neighbours.png").unlink(missing_ok=True)
    for name in ("curves", "evaluations"):
        rows = pd.read_parquet(folder / f"{name}.parquet")
        write_parquet(folder / f"{name}.parquet", rows[rows["images"] <= images])
    for picture in (folder / "samples").glob("*.png"):
        if int(picture.stem) > images:
            picture.unlink()
    progress(folder, images, phase)


def progress(folder: Path, images: int, phase: str = "training") -> None:
    facts: dict[str, Any] = dict.fromkeys(("generator_steps", "discriminator_steps"), images // 64)
    facts |= {"images": images, "total": 256_000, "seconds": images / 1600}
    facts |= {"evaluating_seconds": 3.0, "images_per_second": 1600.0}
    facts |= {"phase": phase, "measured": "FID 23.1"}
    facts |= {"pid": os.getpid(), "host": socket.gethostname()}
    write_facts(folder / "progress.json", facts)
