"""Training steps without Python: captured once as a CUDA graph, then replayed.

A graph reads and writes fixed places in memory. So a step's random numbers and its rows of the data
are copied into fixed buffers before each replay, samples are gathered on the device, and what is
reported is summed there. Where nothing can be captured, such as on a CPU, the same body runs as it
is.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from ..alternation import alternate
from ..step import Step
from .stack import Stack
from .streams import StackedStream, StackedStreams

EAGER = 2  # steps of each length of turn before it is captured: what is lazy happens in them
GRAPHS = 6  # kept at once: each holds the memory of its steps

Kind = tuple[str, tuple[int, ...]]  # "normal" or "uniform", and the shape of a row
Flat = Callable[[Step], tuple[Any, Tensor]]  # what a step reports: its names, [lanes, values]


class Feed(Protocol):
    """Where batches come from: the rows that are next, and the samples of such rows."""

    def rows(self) -> Tensor: ...
    def taken(self, rows: Tensor) -> tuple[Tensor, Tensor]: ...
    def __iter__(self) -> "Feed": ...
    def __next__(self) -> tuple[Tensor, Tensor]: ...


@dataclass
class Counting:
    """The streams of a stack, which also count what is drawn from each."""

    streams: StackedStreams
    rows: dict[tuple[str, Kind], int]

    def __getitem__(self, name: str) -> "CountingStream":
        return CountingStream(name, self.streams[name], self.rows)


@dataclass
class CountingStream:
    name: str
    stream: StackedStream
    counts: dict[tuple[str, Kind], int]

    def normal(self, rows: int, *shape: int) -> Tensor:
        return self._rows("normal", rows, shape)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        return self._rows("uniform", rows, shape)

    def permutation(self, n: int) -> Tensor:
        return self.stream.permutation(n)

    def _rows(self, kind: str, rows: int, shape: tuple[int, ...]) -> Tensor:
        key = self.name, (kind, shape)
        self.counts[key] = self.counts.get(key, 0) + rows
        return self.stream.rows(kind, rows, shape)


class FixedStream:
    """One stream of every lane out of a buffer that is filled before each replay."""

    def __init__(self, block: Tensor, kind: Kind) -> None:
        self.block, self.kind, self.used = block, kind, 0

    def normal(self, rows: int, *shape: int) -> Tensor:
        return self._rows(("normal", shape), rows)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        return self._rows(("uniform", shape), rows)

    def permutation(self, n: int) -> Tensor:
        raise ValueError("a permutation within a step cannot be captured")

    def _rows(self, kind: Kind, rows: int) -> Tensor:
        if kind != self.kind or self.used + rows > self.block.shape[1]:
            raise ValueError("a step draws other numbers than the one before")
        self.used += rows
        return self.block[:, self.used - rows : self.used]


class Fixed:
    """A number of steps with turns of one length, whose inputs and sums lie in fixed places."""

    def __init__(
        self, owner: "Captured", turns: int, steps: int, drawn: dict[tuple[str, Kind], int]
    ) -> None:
        self._owner, self._turns, self._steps = owner, turns, steps
        stack, lanes = owner.stack, len(owner.stack.lanes)
        self._device = stack.whole.device
        self._streams = {
            name: FixedStream(torch.empty(lanes, steps * rows, *kind[1], device=self._device), kind)
            for (name, kind), rows in drawn.items()
        }
        self._rows: Tensor | None = None  # [turns, lanes, n], of the data
        self._graph: Any = None

    def fill(self) -> None:
        """Copy in the numbers and the rows of the data that are next."""
        for name, stream in self._streams.items():
            kind, shape = stream.kind
            stream.block.copy_(
                self._owner.streams[name].rows(kind, stream.block.shape[1], shape),
                non_blocking=True,
            )
        rows = [self._owner.feed.rows() for _ in range(self._steps * self._turns)]
        together = torch.stack(rows)
        if self._rows is None:
            self._rows = torch.empty_like(together, device=self._device)
        self._rows.copy_(together, non_blocking=True)

    def body(self) -> None:
        """The steps themselves. This is what a graph captures."""
        assert self._rows is not None
        for stream in self._streams.values():
            stream.used = 0
        batches = map(self._owner.feed.taken, self._rows)
        for _ in range(self._steps):
            self._owner.count(alternate(self._owner.stack, batches, self._streams, self._turns))

    def capture(self) -> None:
        """Capture the body; nothing is computed yet."""
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.body()
        self._graph = graph

    def run(self) -> None:
        if self._graph is None:
            self.body()
        else:
            self._graph.replay()


class Captured:
    """The steps of a stack, several to a replay. `flat` tells what is summed of each.

    `reason` tells why nothing is captured; "" as long as all is well.
    """

    def __init__(
        self, stack: Stack, feed: Feed, streams: StackedStreams, flat: Flat, reason: str = ""
    ) -> None:
        self.stack, self.feed, self.streams, self._flat = stack, feed, streams, flat
        self.reason = reason
        self._seen: dict[int, int] = {}  # length of turn -> eager steps
        self._names: dict[int, Hashable] = {}
        self._drawn: dict[int, dict[tuple[str, Kind], int]] = {}
        self._fixed: dict[tuple[int, int], Fixed] = {}
        self._sums: dict[Hashable, tuple[Tensor, int]] = {}

    def run(self, turns: int, steps: int) -> None:
        """So many steps, each with `turns` steps of the discriminator."""
        while steps and self._seen.get(turns, 0) < EAGER:
            self._eagerly(turns)
            steps -= 1
        if not steps:
            return
        done, fixed = self.stack.steps_done, self._fixed.get((turns, steps))
        if fixed is None:
            if len(self._fixed) == GRAPHS:
                self._fixed.pop(next(iter(self._fixed)))
            fixed = Fixed(self, turns, steps, self._drawn[turns])
            self._fixed[turns, steps] = fixed
            fixed.fill()
            if not self.reason and self.stack.whole.device.type == "cuda":
                self._capture(fixed)
        else:
            fixed.fill()
        counts = {key: count for key, (_, count) in self._sums.items()}
        fixed.run()
        # A replay runs no Python: count here what the body counts.
        self.stack.steps_done = done + steps
        self._sums = {key: (total, counts[key]) for key, (total, _) in self._sums.items()}
        key = self._names[turns]
        self._sums[key] = self._sums[key][0], counts[key] + steps

    def _eagerly(self, turns: int) -> None:
        """One step as it is, which tells what such steps draw and report."""
        drawn: dict[tuple[str, Kind], int] = {}
        step = alternate(self.stack, self.feed, Counting(self.streams, drawn), turns)
        self.count(step)
        self._names[turns], _ = self._flat(step)
        self._drawn[turns] = drawn
        self._seen[turns] = self._seen.get(turns, 0) + 1

    def _capture(self, fixed: "Fixed") -> None:
        sums = dict(self._sums)
        try:
            fixed.capture()
        except Exception as error:  # whatever a plug-in does in its step
            self.reason = f"{type(error).__name__}: {error}".partition("\n")[0]
            self.stack.forget()
        self._sums = sums  # a capture computes nothing

    def drain(self) -> list[tuple[Any, Tensor, int]]:
        """What was summed since the last time: names, sums [lanes, values] and steps."""
        found = [(key, total.clone(), n) for key, (total, n) in self._sums.items() if n]
        for key, (total, _) in self._sums.items():
            total.zero_()  # its place in memory stays
            self._sums[key] = total, 0
        return found

    def count(self, step: Step) -> None:
        """Add what a step reports to the sums."""
        key, values = self._flat(step)
        if key not in self._sums:
            self._sums[key] = torch.zeros_like(values), 0
        total, steps = self._sums[key]
        total.add_(values)
        self._sums[key] = total, steps + 1
