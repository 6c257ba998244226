"""Trials of one contestant that differ in their seed alone, trained as one computation.

Each stays a trial: it has its own streams, rows, checkpoints, samples, weights and status.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from gan_zoo.precision import precision_context
from gan_zoo.stacked.stack import Stack
from gan_zoo.stacked.streams import StackedStreams

from ..datasets.batches import ShuffledStack
from ..errors import Diverged
from ..planning.trial import CHECKPOINT_EVERY, Trial
from ..probes.averages import Averages, require_sound, snapshots
from ..records.writing import Clock
from .checkpoints import drop_later, keep, resumed, usable
from .memory import freed_memory_kept
from .probing import step_of_lanes
from .train import begun, ticked
from .under_way import UnderWay

Ends = dict[str, tuple[str, str]]  # trial's key -> its status and the reason


@freed_memory_kept()
def train_stack(
    trials: Sequence[Trial], root: Path, checkpoint_every: float = CHECKPOINT_EVERY
) -> Ends:
    """Train and measure trials of one stack; as `train`, for each of them.

    Trials that a kill left at different places go on from the newest checkpoint that all have. If
    there is none, those at one place are one stack and the others another: a trial's bits do not
    depend on its company.
    """
    torch.set_num_threads(trials[0].threads)
    every = [UnderWay(trial, root) for trial in trials]
    places = [usable(one.trial, one.record.folder) for one in every]
    if common := set.intersection(*places):
        for one in every:
            drop_later(one.record.folder, max(common))
    companies: defaultdict[int, list[UnderWay]] = defaultdict(list)
    for one in every:
        one.start(resumed(one.trial, one.record, lambda one=one: begun(one.trial, one.dataset)))  # type: ignore[misc]
        companies[one.now.clock.images].append(one)
    ends: Ends = {}
    for company in companies.values():
        ends |= train_company(company, checkpoint_every)
    return ends


def train_company(company: list[UnderWay], checkpoint_every: float) -> Ends:
    """Train trials that stand at one place, to their ends."""
    run = Run.of(company)
    trial, clock, kept = company[0].trial, company[0].now.clock, time.monotonic()
    for point in (p for p in trial.evaluation_points if p >= clock.images):
        # Train up to the point, with rows of the curves on the way.
        while clock.images < point and run.live:
            row_end = min(trial.row_end(clock.images), point)
            began, before = time.perf_counter(), clock
            with precision_context(run.streams.device, trial.precision):
                while clock.images < row_end:
                    left = (point - clock.images) // trial.batch_size
                    clock = ticked(clock, run.stack.next_turn(left), trial.batch_size)
                    lanes = {lane: one.probing for lane, one in run.live.items()}
                    with step_of_lanes(run.stack.whole, lanes, clock.images):
                        run.averages.add(run.stack.train_step(run.batches, run.streams, left))
            rows = run.averages.rows()  # waits for the device
            took = (time.perf_counter() - began) / len(run.live)  # a trial's share
            due = clock.images == point or time.monotonic() - kept >= checkpoint_every
            if due or trial.probed(clock.images):
                run.stack.write_back()
            run.add_rows(before, clock, took, rows)
            if due:
                for one in run.live.values():
                    keep(one.now, one.trial, one.record)
                kept = time.monotonic()
        for one in run.live.values():
            one.measure()
    for one in list(run.live.values()):
        run.end(one, "finished", "")
    return run.ends


@dataclass
class Run:
    """A stack while it trains."""

    stack: Stack
    streams: StackedStreams
    batches: ShuffledStack
    averages: Averages
    live: dict[int, UnderWay]  # lane -> the trial in it that still goes on
    ends: Ends

    @classmethod
    def of(cls, company: list[UnderWay]) -> "Run":
        """Trials in their lanes; the lanes that they leave are filled with the first of them."""
        width = company[0].trial.stack
        live = {one.trial.seed % width: one for one in company}
        lanes = [live.get(lane, company[0]).now for lane in range(width)]
        stack = Stack([one.model for one in lanes])
        streams = StackedStreams([one.streams for one in lanes])
        batches = ShuffledStack([one.batches for one in lanes])
        return cls(stack, streams, batches, Averages(stack.whole), live, {})

    def add_rows(
        self, before: Clock, clock: Clock, took: float, rows: list[dict[str, float]]
    ) -> None:
        """A row of the curves for each trial, or its end if it diverged."""
        shares = snapshots(self.stack.whole, len(self.stack.lanes))
        for lane, one in list(self.live.items()):
            try:
                require_sound(rows[lane])
            except Diverged as divergence:
                self.stack.write_back()
                steps = self.stack.steps_done
                one.now.clock = replace(clock, seconds=one.now.clock.seconds + took)
                self.end(one, "diverged", f"{divergence} by generator step {steps}")
                continue
            one.add_row(before, clock, took, rows[lane] | shares[lane])

    def end(self, one: UnderWay, status: str, reason: str) -> None:
        one.note(stack_trials=len(self.live) + len(self.ends))
        self.ends[one.trial.key] = one.end(status, reason)
        self.live = {lane: other for lane, other in self.live.items() if other is not one}
