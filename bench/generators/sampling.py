"""Latents that a seed names, and what a trained generator makes of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_zoo.streams import Stream, Streams

from ..datasets.dataset import to_uint8, to_unit
from ..errors import InputError
from ..evaluation.evaluate import BATCH, balanced_labels
from .load import Trained

MOST = 50_000  # samples at a time: 2.5 GB of 64 pixels in colour


@dataclass(frozen=True, eq=False)
class Codes:
    """What a generator turns into n samples: a latent each and, if it is told one, a label."""

    latents: Tensor  # [n, latent_dim] float32
    labels: Tensor  # [n] int64, or [n, classes] float32: shares of the classes, a mixed label

    def __len__(self) -> int:
        return len(self.latents)

    def __getitem__(self, rows: Tensor | slice | Sequence[int]) -> "Codes":
        return Codes(self.latents[rows], self.labels[rows])


def codes_of(
    trained: Trained,
    n: int,
    seed: int = 0,
    labels: Sequence[int] = (),
    truncation: float | None = None,
    stream: str = "latent/sample",
) -> Codes:
    """The first n latents that `seed` names in `stream`, and labels for them.

    More of them begin with the same ones. A conditional model gets `labels` in turn, or, without
    any, all classes in turn. `truncation`: see `truncated`. Raises InputError for labels that the
    data set does not have, or that the model is not told.
    """
    if not 1 <= n <= MOST:
        raise InputError(f"samples must be from 1 to {MOST:,} at a time, not {n:,}")
    latents = Streams(seed)[stream].normal(n, trained.model.config.latent_dim)
    latents = latents if truncation is None else truncated(latents, truncation)
    asked = torch.tensor(require_labels(trained, labels), dtype=torch.int64)
    if len(asked):
        return Codes(latents, asked[torch.arange(n) % len(asked)])
    return Codes(latents, balanced_labels(n, trained.model.spec.classes))


def require_labels(trained: Trained, labels: Sequence[int]) -> list[int]:
    """The same labels; raises InputError if the model cannot be asked for them."""
    model, classes = trained.model, trained.model.spec.classes
    if labels and not model.conditional:
        raise InputError(
            f"{trained.trial.label} is not told what to draw: --labels is for conditional models"
        )
    if wrong := [label for label in labels if not 0 <= label < classes]:
        raise InputError(f"{trained.trial.dataset} has labels 0 to {classes - 1}, not {wrong[0]}")
    return list(labels)


def truncated(latents: Tensor, threshold: float) -> Tensor:
    """Standard normal latents as a normal truncated to [-threshold, threshold] has them.

    The law is BigGAN's truncation trick, in which every number beyond the threshold is drawn
    again: less variety for better samples. Here each number keeps its quantile instead, z' =
    F^-1(F(-t) + F(z) (F(t) - F(-t))), so that sample i at one threshold is sample i at another,
    moved inwards. Raises InputError for a threshold that is not above 0.
    Source: Brock et al. 2019, section 3.1.
    """
    if not (threshold > 0 and math.isfinite(threshold)):
        raise InputError(f"--truncation is a threshold above 0, such as 1, not {threshold:g}")
    low, high = torch.special.ndtr(torch.tensor([-threshold, threshold], dtype=torch.float64))
    moved: Tensor = torch.special.ndtri(low + torch.special.ndtr(latents.double()) * (high - low))
    return moved.clamp(-threshold, threshold).float()


@torch.no_grad()
def images_of(trained: Trained, codes: Codes, rounded: bool = True) -> Tensor:
    """Samples [n, *shape] of n codes: points, or images in [-1, 1].

    In eval mode; `rounded` to 8 bits as a file would hold them, which small differences between
    neighbouring codes would not survive. Raises InputError where a sample is not finite, and where
    the model takes no mixed labels or draws its latents in a way of its own.
    """
    model, parts = trained.model.eval(), []
    for latents, labels in zip(codes.latents.split(BATCH), codes.labels.split(BATCH), strict=True):
        try:
            parts.append(model.sample(labels, Given(latents)))
        except (RuntimeError, IndexError, TypeError) as error:
            if not labels.is_floating_point():
                raise
            raise InputError(f"{trained.trial.label} takes whole labels only") from error
    images: Tensor = torch.cat(parts)
    if not images.isfinite().all():
        raise InputError(f"{trained.trial.key} draws samples that are not finite")
    return to_unit(to_uint8(images)) if rounded and images.ndim == 4 else images


class Given(Stream):
    """A stream that hands out latents that are already there, once."""

    def __init__(self, latents: Tensor) -> None:
        super().__init__("given", 0, latents.device)
        self._given = latents

    def _rows(self, kind: str, rows: int, shape: tuple[int, ...]) -> Tensor:
        if (kind, (rows, *shape)) != ("normal", tuple(self._given.shape)):
            raise InputError(
                f"the model draws {kind} numbers {[rows, *shape]} to sample with, not one "
                f"normal latent {list(self._given.shape)}: its latent space is not known here"
            )
        given, self._given = self._given, self._given[:0]
        return given
