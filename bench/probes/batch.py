"""The probe batch: the fixed samples on which a trial's networks are probed, drawn once.

They come from streams of their own, made from the trial's seed. So they shift nothing that training
draws, no checkpoint has to hold them, and at one seed all models are probed on the same samples.
"""

from collections import defaultdict
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..datasets.dataset import Dataset, Split, to_unit

SAMPLES = 128  # about as many as a discriminator step scores: a probe costs a few such steps


@dataclass(frozen=True)
class ProbeBatch:
    """n fixed training samples and latents, and m held-out samples (m = n if there are enough)."""

    real: Tensor  # [n, *shape] from the training set
    labels: Tensor  # [n], the classes of `real`, which are also asked for in the fakes
    holdout: Tensor  # [m, *shape], or empty
    holdout_labels: Tensor  # [m]; equal to `labels` if m = n
    normal: Tensor  # [n, latent_dim] standard normal numbers, of which the latents are made
    eps: Tensor  # [n, 1, ..] uniform: x^ = eps x + (1 - eps) G(z)
    partner: Tensor  # [n], the row that each sample is paired with
    scored: int  # rows of `real` that are compared with `holdout`: m, or n if m = 0


def draw(
    dataset: Dataset, latent_dim: int, conditional: bool, seed: int, device: torch.device | str
) -> ProbeBatch:
    """The probe batch of a trial: balanced classes, the same in both splits, in random order."""
    streams = Streams(seed, device)
    orders = [_order(split, streams, f"probe/{name}") for name, split in _splits(dataset)]
    train, holdout = (
        _by_class(split.labels, order)
        for (_, split), order in zip(_splits(dataset), orders, strict=True)
    )
    classes = streams["probe/classes"].permutation(dataset.spec.classes).tolist()
    both = _rounds(classes, {c: min(len(train[c]), len(holdout[c])) for c in classes})
    picked = both or _rounds(classes, {c: len(train[c]) for c in classes})
    real, labels = _taken(dataset.train, [train[c][i] for c, i in picked], device)
    held, held_labels = _taken(dataset.holdout, [holdout[c][i] for c, i in both], device)
    n = len(labels)
    return ProbeBatch(
        real,
        labels,
        held,
        held_labels,
        normal=streams["probe/latent"].normal(n, latent_dim),
        eps=streams["probe/between"].uniform(n, *[1] * (real.ndim - 1)),
        partner=partners(labels.cpu(), within=conditional).to(device),
        scored=len(both) or n,
    )


def partners(labels: Tensor, within: bool) -> Tensor:
    """The row that each sample is paired with, [n]: the next, or the first for the last one.

    With `within`, the next of the same class: a conditional discriminator can only be Lipschitz in
    x for a fixed label.
    """
    if not within:
        return torch.arange(len(labels)).roll(-1)
    found = torch.arange(len(labels))
    for label in labels.unique():
        rows = (labels == label).nonzero().flatten()
        found[rows] = rows.roll(-1)
    return found


def _splits(dataset: Dataset) -> tuple[tuple[str, Split], tuple[str, Split]]:
    return ("train", dataset.train), ("holdout", dataset.holdout)


def _order(split: Split, streams: Streams, name: str) -> list[int]:
    rows: list[int] = streams[name].permutation(len(split)).tolist() if len(split) else []
    return rows


def _by_class(labels: Tensor, order: list[int]) -> dict[int, list[int]]:
    """label -> its rows in that order, at most SAMPLES of them."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    every = labels.tolist()
    for row in order:
        if len(found[every[row]]) < SAMPLES:
            found[every[row]].append(row)
    return found


def _rounds(classes: list[int], counts: dict[int, int]) -> list[tuple[int, int]]:
    """(class, number of its row): one row of each class, then a second of each, up to SAMPLES."""
    most = max(counts.values(), default=0)
    rounds = [(c, i) for i in range(most) for c in classes if i < counts[c]]
    return rounds[:SAMPLES]


def _taken(split: Split, rows: list[int], device: torch.device | str) -> tuple[Tensor, Tensor]:
    index = torch.tensor(rows, dtype=torch.int64)
    samples = to_unit(split.samples.cpu()[index]) if len(rows) else torch.empty(0)
    return samples.to(device), split.labels.cpu()[index].to(device)
