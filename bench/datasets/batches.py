"""Batches of a split in shuffled epochs, whose position a checkpoint can hold."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gan_zoo.streams import Stream

from .dataset import Split, to_unit


class Shuffled:
    """Endless batches: each epoch has a new order, and its incomplete last batch is dropped.

    Raises ValueError for a split with fewer samples than a batch.
    """

    def __init__(self, split: Split, batch_size: int, rng: Stream) -> None:
        if len(split) < batch_size:
            raise ValueError(f"{len(split)} samples are fewer than a batch of {batch_size}")
        self._split, self._size, self._rng = split, batch_size, rng
        self._left = torch.empty(0, dtype=torch.int64)  # the rows that this epoch has yet to give
        self._before: dict[str, Any] | None = None  # the stream, before it ordered this epoch

    @property
    def shared(self) -> tuple[Split, int, torch.device]:
        """What all lanes of a stack have in common: the split, the batch size, the device."""
        return self._split, self._size, self._rng.device

    def __iter__(self) -> "Shuffled":
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """(samples [batch_size, *shape], labels [batch_size]), images in [-1, 1]."""
        rows = self.rest()[: self._size]
        self.skip(self._size)
        return taken(self._split, rows, self._rng.device)

    def rest(self) -> Tensor:
        """The rows of the split that this epoch has yet to give, or those of a new epoch."""
        if len(self._left) == 0:
            self._begin_epoch()
        return self._left

    def skip(self, rows: int) -> None:
        """Count so many rows as given."""
        self._left = self._left[rows:]

    def state_dict(self) -> dict[str, Any]:
        """How many rows of the epoch are left, and the stream before it ordered them.

        The rows themselves could be a megabyte: they are drawn again.
        """
        if self._before is None:  # no epoch, or the rest of one that version 0.1 wrote
            return {"left": self._left.cpu().clone()}
        return {"left": len(self._left), "before": self._before}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from `state`; the stream must have been loaded before."""
        if "before" not in state:
            self._left, self._before = state["left"].to(self._rng.device), None
            return
        if state["left"]:  # the stream ends where it was
            self._rng.load_state_dict(state["before"])
            self._begin_epoch()
        self._left = self._left[len(self._left) - state["left"] :]

    def _begin_epoch(self) -> None:
        self._before = self._rng.state_dict()
        whole = len(self._split) // self._size * self._size
        self._left = self._rng.permutation(len(self._split))[:whole]


class ShuffledStack:
    """The batches of all lanes of a stack: each lane has the batches of a trial of its own.

    Lanes may be filled by the same batches, which advance once. All must stand at the same place
    of their epochs.
    """

    def __init__(self, lanes: Sequence[Shuffled]) -> None:
        self._lanes, self._own = lanes, list(dict.fromkeys(lanes))
        self._split, self._size, self._device = lanes[0].shared
        self._left = torch.empty(len(lanes), 0, dtype=torch.int64)

    def __iter__(self) -> "ShuffledStack":
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """(samples [lanes, batch_size, *shape], labels [lanes, batch_size])."""
        return self.taken(self.rows())

    @property
    def size(self) -> int:
        """Samples in a batch of one lane."""
        return self._size

    @property
    def on_device(self) -> bool:
        """Do the data lie where training runs?"""
        return self._split.samples.device.type == self._device.type

    def taken(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The samples and labels of such rows."""
        return taken(self._split, rows, self._device)

    def rows(self) -> Tensor:
        """The rows of the next batch in the split, [lanes, batch_size]."""
        if self._left.shape[1] == 0:
            rest = {each: each.rest() for each in self._own}
            self._left = torch.stack([rest[lane] for lane in self._lanes])
        rows, self._left = self._left[:, : self._size], self._left[:, self._size :]
        for each in self._own:
            each.skip(self._size)
        return rows


def taken(split: Split, rows: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Samples and labels of these rows of a split, on the device."""
    rows = rows.to(split.samples.device)  # a large split stays off the device
    samples, labels = split.samples[rows], split.labels[rows]
    return to_unit(samples.to(device)), labels.to(device)
