"""Latents drawn from a seed, and the samples that a trained generator makes of them."""

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

MOST = 50_000  # samples at a time: 2.5 GB for colour images of 64 x 64


@dataclass(frozen=True, eq=False)
class Codes:
    """The inputs of a generator for n samples: a latent and a label each."""

    latents: Tensor  # [n, latent_dim] float32
    labels: Tensor  # [n] int64; or mixed labels [n, classes] float32, shares of the classes

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
    """The first n latents that `seed` draws in `stream`, with labels.

    A larger n begins with the same latents. A conditional model gets `labels` in turn, or all
    classes in turn if there are none. truncation: see `truncated`. Raises InputError for labels
    that the data set does not have, or that the model does not take.
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
    """`labels` as a list; raises InputError if the model cannot draw them on request."""
    model, classes = trained.model, trained.model.spec.classes
    if labels and not model.conditional:
        raise InputError(
            f"{trained.trial.label} takes no labels: --labels is for conditional models"
        )
    if wrong := [label for label in labels if not 0 <= label < classes]:
        raise InputError(f"{trained.trial.dataset} has labels 0 to {classes - 1}, not {wrong[0]}")
    return list(labels)


def truncated(latents: Tensor, threshold: float) -> Tensor:
    """Standard normal latents mapped to a normal truncated to [-threshold, threshold].

    The distribution is that of BigGAN's truncation trick, which trades variety for quality by
    drawing every number beyond the threshold again. Here each number keeps its quantile instead,
    z' = F^-1(F(-t) + F(z) (F(t) - F(-t))), so that sample i moves inwards as the threshold falls.
    Raises InputError for a threshold that is not above 0.
    Source: Brock et al. 2019, section 3.1.
    """
    if not (threshold > 0 and math.isfinite(threshold)):
        raise InputError(f"--truncation is a threshold above 0, such as 1, not {threshold:g}")
    low, high = torch.special.ndtr(torch.tensor([-threshold, threshold], dtype=torch.float64))
    moved: Tensor = torch.special.ndtri(low + torch.special.ndtr(latents.double()) * (high - low))
    return moved.clamp(-threshold, threshold).float()


@torch.no_grad()
def images_of(trained: Trained, codes: Codes, rounded: bool = True) -> Tensor:
    """Samples [n, *shape] of n codes, drawn in eval mode: points, or images in [-1, 1].

    rounded: images are rounded to 8 bits, as in a file; this loses small differences between
    neighbouring codes. Raises InputError if a sample is not finite, if the model does not take
    mixed labels, and if it does not draw exactly one normal latent for each sample.
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
    """A stream that hands out given latents, once."""

    def __init__(self, latents: Tensor) -> None:
        super().__init__("given", 0, latents.device)
        self._given = latents

    def _rows(self, kind: str, rows: int, shape: tuple[int, ...]) -> Tensor:
        if (kind, (rows, *shape)) != ("normal", tuple(self._given.shape)):
            raise InputError(
                f"the model draws {kind} numbers {[rows, *shape]} for its samples, not normal "
                f"latents {list(self._given.shape)}: its latent space is unknown"
            )
        given, self._given = self._given, self._given[:0]
        return given
