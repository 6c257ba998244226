"""`bench.run`: what the command of that name does, from Python."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from ..cli.request import requested
from ..cli.run import run as command
from ..cli.running import execute
from ..datasets.storage import FOLDER_VARIABLE
from ..report.tensorboard import require_package, write_events
from .arguments import parsed
from .progress import outlet, tell, warn
from .results import Results, load

Texts = str | Sequence[str]


def run(
    experiment: str | Path | None = None,
    *,
    models: str | type | Sequence[str | type] | None = None,
    dataset: Texts | None = None,
    data_dir: str | Path | None = None,
    size: int | None = None,
    seeds: int | str | Sequence[int] | None = None,
    until_decided: bool = False,
    max_seeds: int | None = None,
    margin: float | None = None,
    within: float | None = None,
    images: int | str | float | None = None,
    set: Mapping[str, object] | Texts | None = None,
    batch_size: int | None = None,
    evaluations: int | None = None,
    samples: int | None = None,
    features: str | None = None,
    probes: Texts | None = None,
    metrics: Texts | None = None,
    device: str | None = None,
    precision: str | None = None,
    threads: int | None = None,
    jobs: int | str | None = None,
    jobs_per_device: int | None = None,
    stack: int | str | None = None,
    deterministic: bool | None = None,
    executor: str | None = None,
    ray_address: str | None = None,
    shard: str | None = None,
    retries: int | None = None,
    checkpoint_every: float | None = None,
    out: str | Path | None = None,
    check: bool = True,
    retrain: Texts | None = None,
    retry: Texts | None = None,
    trust_code: bool = False,
    tensorboard: bool = False,
    progress: bool = True,
) -> Results:
    """Train, measure and compare models under matched seeds; the results, as `bench.load` has them.

    The options are those of `bench run` (`bench run --help` explains them), by the same names and
    with the same defaults, which None stands for. Python's own values do as well as text:

        models    "dcgan,soft=wgangp", ["dcgan", "mine.py:Mine"], or classes: gan_zoo.WGANGP
        seeds     3 is 0, 1 and 2; [5] is seed 5 alone
        images    "64k", 64_000 or 64e3
        set       {"width": 16, "soft.penalty": 1}

    The same call again skips what has ended and goes on with the rest. An interrupt leaves what is
    there, to go on from. Nothing is printed: `progress` shows bars in a notebook or a terminal,
    notes are warnings, and what else the command says goes to the log "bench" as INFO. A trial that
    fails is a row of `results.trials`, and a warning.

    Raises InputError for wrong input, and DiskError if the folder can no longer be written.
    """
    asked = {name: value for name, value in locals().items() if name not in _NOT_OPTIONS}
    flags = parsed(command, asked, experiment)
    wants_events, folder = flags.pop("tensorboard"), flags.pop("data_dir")
    flags.pop("live")  # of a terminal: a notebook has its bars, and `bench serve` shows any folder
    if wants_events:
        require_package()
    with _as_it_was(folder):
        plan, root, options = requested(**flags)
        shown = outlet(progress)
        options = replace(options, console=shown.console, bars=shown.bars, owns_process=False)
        well = execute(plan, root, options, tell)
    results = load(root)
    if wants_events:
        write_events(results.records)
    if not well:
        failed = int((results.trials["status"] == "failed").sum())
        warn(f"{failed} of {len(results.trials)} trials failed: results.trials has the reasons")
    return results


_NOT_OPTIONS = ("experiment", "progress")


@contextmanager
def _as_it_was(data_dir: Path | None) -> Iterator[None]:
    """A context at whose end the process has the environment and torch's threads of before."""
    folder, threads = os.environ.get(FOLDER_VARIABLE), torch.get_num_threads()
    if data_dir:
        os.environ[FOLDER_VARIABLE] = str(data_dir.absolute())  # worker processes inherit it
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if data_dir:
            os.environ.pop(FOLDER_VARIABLE)
            if folder is not None:
                os.environ[FOLDER_VARIABLE] = folder
