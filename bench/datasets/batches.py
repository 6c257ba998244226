"""Batches of a split in shuffled epochs, whose position a checkpoint can hold."""

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

    def __iter__(self) -> "Shuffled":
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        """(samples [batch_size, *shape], labels [batch_size]), images in [-1, 1]."""
        if len(self._left) == 0:
            self._begin_epoch()
        rows, self._left = self._left[: self._size], self._left[self._size :]
        rows = rows.to(self._split.samples.device)  # a large split stays off the device
        samples, labels = self._split.samples[rows], self._split.labels[rows]
        return to_unit(samples.to(self._rng.device)), labels.to(self._rng.device)

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
