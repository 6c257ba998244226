"""The random streams of all lanes as one: each lane's numbers are those of a run of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from ..streams import Draws, Source, Stream, Streams

T = TypeVar("T")


class StackedStream:
    """One named stream of every lane: rows [lanes, rows, *shape].

    A block is stacked when it is drawn, so that later rows cost one slice. The streams of the
    lanes advance too, and a checkpoint of one lane holds its own.
    """

    def __init__(self, lanes: Sequence[Stream]) -> None:
        self._lanes = lanes
        self._own = list(dict.fromkeys(lanes))  # two lanes may be filled by one trial
        self._ahead = torch.empty(len(lanes), 0)
        self._used = 0
        self._kind: tuple[str, tuple[int, ...]] | None = None

    def normal(self, rows: int, *shape: int) -> Tensor:
        return self.rows("normal", rows, shape)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        return self.rows("uniform", rows, shape)

    def permutation(self, n: int) -> Tensor:
        def draw() -> dict[Stream, Tensor]:
            return {stream: stream.permutation(n) for stream in self._own}

        drawn = outside(draw)
        return torch.stack([drawn[lane] for lane in self._lanes])

    def rows(self, kind: str, rows: int, shape: tuple[int, ...]) -> Tensor:
        """The next rows of every lane, [lanes, rows, *shape]."""
        parts = []
        while rows > 0:
            if self._used == self._ahead.shape[1] or self._kind != (kind, shape):
                self._ahead, self._used = outside(lambda: self._rest(kind, shape)), 0
                self._kind = kind, shape
            found = self._ahead[:, self._used : self._used + rows]
            count = found.shape[1]
            self._used += count
            for stream in self._own:
                stream.skip(count)
            rows -= count
            parts.append(found)
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def _rest(self, kind: str, shape: tuple[int, ...]) -> Tensor:
        found = {stream: stream.rest(kind, shape) for stream in self._own}
        return torch.stack([found[lane] for lane in self._lanes])


class StackedStreams:
    """The streams of all lanes, by name."""

    def __init__(self, lanes: Sequence[Streams]) -> None:
        self._lanes, self.device = lanes, lanes[0].device
        self._streams: dict[str, StackedStream] = {}

    def __getitem__(self, name: str) -> StackedStream:
        if name not in self._streams:
            self._streams[name] = StackedStream([lane[name] for lane in self._lanes])
        return self._streams[name]


class LaneStreams:
    """The streams of one lane, for a model's code that `vmap` runs.

    `lane` is the lane's number, a tensor that differs from lane to lane.
    """

    def __init__(self, streams: Draws, lane: Tensor) -> None:
        self._streams, self._lane = streams, lane

    def __getitem__(self, name: str) -> "LaneStream":
        return LaneStream(self._streams[name], self._lane)


class LaneStream:
    """One stream of one lane."""

    def __init__(self, stream: Source, lane: Tensor) -> None:
        self._stream, self._lane = stream, lane

    def normal(self, rows: int, *shape: int) -> Tensor:
        return self._own(self._stream.normal(rows, *shape))

    def uniform(self, rows: int, *shape: int) -> Tensor:
        return self._own(self._stream.uniform(rows, *shape))

    def permutation(self, n: int) -> Tensor:
        return self._own(self._stream.permutation(n))

    def _own(self, rows: Tensor) -> Tensor:
        return rows.index_select(0, self._lane.reshape(1)).squeeze(0)


def outside(draw: Callable[[], T]) -> T:
    """What `draw` returns, called in a thread of its own.

    In this one `vmap` may be at work, and would take the draw for a random operation of a model.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(draw).result()
