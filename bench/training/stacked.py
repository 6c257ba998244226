"""Trials of one contestant that differ in their seed alone, trained as one computation.

Each stays a trial: it has its own streams, rows, checkpoints, samples, weights and status.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from gan_zoo.alternation import alternate
from gan_zoo.precision import precision_context
from gan_zoo.stacked.captured import Captured
from gan_zoo.stacked.objections import capture_objection
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
from .under_way import UnderWay, measure

CAPTURED_ON = {"cuda"}
AT_ONCE = 10  # steps in a replay, at most

Ends = dict[str, tuple[str, str]]  # trial's key -> its status and the reason


@freed_memory_kept()
def train_stack(
    trials: Sequence[Trial],
    root: Path,
    checkpoint_every: float = CHECKPOINT_EVERY,
    evaluators: int = 1,
) -> Ends:
    """Train and measure trials of one stack; as `train`, for each of them.

    Trials that a kill left at different places go on from the newest checkpoint that all have. If
    there is none, those at one place are one stack and the others another: a trial's bits do not
    depend on its company.
    """
    torch.set_num_threads(trials[0].threads)
    every = [UnderWay(trial, root, evaluators) for trial in trials]
    places = [usable(one.trial, one.record.folder) for one in every]
    if common := set.intersection(*places):
        for one in every:
            drop_later(one.record.folder, max(common))
    companies: defaultdict[int, list[UnderWay]] = defaultdict(list)
    for one in every:
        one.start(resumed(one.trial, one.record, partial(begun, one.trial, one.dataset)))
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
            used = time.thread_time()
            with precision_context(run.streams.device, trial.precision):
                while clock.images < row_end:
                    clock = run.steps(clock, row_end, point)
            for sums in run.captured.drain():
                run.averages.put(*sums)
            rows = run.averages.rows()  # waits for the device
            took = (time.perf_counter() - began) / len(run.live)  # a trial's share
            for one in run.live.values():
                one.now.on_processor += (time.thread_time() - used) / len(run.live)
            due = clock.images == point or time.monotonic() - kept >= checkpoint_every
            if due or trial.probed(clock.images):
                run.stack.write_back()
            run.add_rows(before, clock, took, rows)
            if due:
                for one in run.live.values():
                    keep(one.now, one.trial, one.record)
                kept = time.monotonic()
        diverged = measure(list(run.live.values()))
        for one in [one for one in run.live.values() if one.trial.key in diverged]:
            run.diverged(one, diverged[one.trial.key])
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
    captured: Captured
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
        averages = Averages(stack.whole)
        reason = "" if batches.on_device else "its data lie off the device"
        kind, config, spec = type(stack.whole), stack.config, stack.whole.spec
        reason = reason or capture_objection(kind, config, spec)
        captured = Captured(stack, batches, streams, averages.flat, reason)
        return cls(stack, streams, batches, averages, captured, live, {})

    def steps(self, clock: Clock, row_end: int, point: int) -> Clock:
        """Take a step, or several where they can be captured, and tell the clock after them.

        The steps that end a probed row are taken alone, since their updates may be watched.
        """
        one = next(iter(self.live.values()))
        size = one.trial.batch_size
        turns, steps = self.stack.next_turn((point - clock.images) // size), 0
        after = ticked(clock, turns, size)
        if one.trial.device in CAPTURED_ON and not self.captured.reason:
            while steps < AT_ONCE and clock.images < row_end and self._alike(clock, turns, point):
                after = ticked(clock, turns, size)
                if one.trial.probed(after.images):
                    break
                clock, steps = after, steps + 1
        if steps:
            self.captured.run(turns, steps)
            return clock
        lanes = {lane: each.probing for lane, each in self.live.items()}
        with step_of_lanes(self.stack.whole, lanes, after.images):
            self.averages.add(alternate(self.stack, self.batches, self.streams, turns))
        return after

    def _alike(self, clock: Clock, turns: int, point: int) -> bool:
        """Has the generator step that begins at this clock a turn of this length?"""
        left = (point - clock.images) // self.batches.size
        return min(self.stack.whole.discriminator_steps_at(clock.generator_steps), left) == turns

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
                one.now.clock = replace(clock, seconds=one.now.clock.seconds + took)
                self.diverged(one, divergence)
                continue
            one.add_row(before, clock, took, rows[lane] | shares[lane])

    def diverged(self, one: UnderWay, divergence: Diverged) -> None:
        steps = self.stack.steps_done
        self.end(one, "diverged", f"{divergence} by generator step {steps}")

    def end(self, one: UnderWay, status: str, reason: str) -> None:
        one.note(stack_trials=len(self.live) + len(self.ends))
        if one.trial.device in CAPTURED_ON:
            one.note(captured=not self.captured.reason, not_captured=self.captured.reason)
        self.ends[one.trial.key] = one.end(status, reason)
        self.live = {lane: other for lane, other in self.live.items() if other is not one}
