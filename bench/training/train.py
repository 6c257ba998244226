"""One trial: a resolved configuration in, rows out."""

import time
from dataclasses import replace
from pathlib import Path

import torch

from gan_zoo.base import GAN
from gan_zoo.precision import precision_context
from gan_zoo.streams import Streams

from ..datasets.batches import Shuffled
from ..datasets.dataset import Dataset
from ..errors import Diverged
from ..planning.hyperparameters import resolve
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..probes.averages import Averages, snapshot
from ..records.writing import Clock
from .checkpoints import Training, keep, resumed
from .memory import freed_memory_kept
from .under_way import UnderWay, measure


@freed_memory_kept()
def train(
    trial: Trial, root: Path, checkpoint_every: float = CHECKPOINT_EVERY, evaluators: int = 1
) -> tuple[str, str]:
    """Train and measure one trial, recorded below `root`. Returns its status and the reason.

    So many `evaluators`, threads, measure it; they change no number.

    It goes on from its last checkpoint, and ends with the bits that it would have had without the
    break. A divergence is a status; whatever else goes wrong is raised.
    """
    # Load the data, build the model, go on where it stopped.
    torch.set_num_threads(trial.threads)
    one = UnderWay(trial, root, evaluators)
    one.start(resumed(trial, one.record, lambda: begun(trial, one.dataset)))
    now, model, averages, kept = one.now, one.model, Averages(one.model), time.monotonic()
    try:
        for point in (p for p in trial.evaluation_points if p >= now.clock.images):
            # Train up to the point, with rows of the curves on the way.
            while now.clock.images < point:
                row_end = min(trial.row_end(now.clock.images), point)
                began, before = time.perf_counter(), now.clock
                used = time.thread_time()
                with precision_context(now.streams.device, trial.precision):
                    while now.clock.images < row_end:
                        # A long turn of the discriminator is cut off at the point.
                        left = (point - now.clock.images) // trial.batch_size
                        turns = model.next_turn(left)
                        after = ticked(now.clock, turns, trial.batch_size, model.is_game)
                        with one.probing.step(after.images):
                            averages.add(model.train_step(now.batches, now.streams, left))
                        now.clock = after
                values = averages.flush()  # waits for the device
                took = time.perf_counter() - began
                now.on_processor += time.thread_time() - used
                one.add_row(before, now.clock, took, values | snapshot(model))
                if now.clock.images == point or time.monotonic() - kept >= checkpoint_every:
                    # At a point, before measuring: with a larger budget it is not the last one.
                    keep(now, trial, one.record)
                    kept = time.monotonic()
            for divergence in measure([one]).values():
                raise divergence
    except Diverged as divergence:
        return one.end("diverged", f"{divergence} by generator step {model.steps_done}")
    return one.end("finished", "")


def begun(trial: Trial, dataset: Dataset) -> Training:
    """A trial before its first step."""
    streams = Streams(trial.seed, trial.device)
    kind, config = resolve(trial.label, trial.model, None, trial.config)
    model: GAN = kind(dataset.spec, config, streams, trial.device).train()
    split = dataset.train.to(trial.device)
    return Training(model, streams, Shuffled(split, trial.batch_size, streams["data"]))


def ticked(clock: Clock, batches: int, batch_size: int, is_game: bool = True) -> Clock:
    """The clock after one more generator step, which took so many batches of real samples."""
    return replace(
        clock,
        images=clock.images + batches * batch_size,
        generator_steps=clock.generator_steps + 1,
        discriminator_steps=clock.discriminator_steps + batches * is_game,
    )
