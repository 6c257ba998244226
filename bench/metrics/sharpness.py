"""Sharpness: how much of the power of images lies in their fine detail, beside real ones."""

import torch
from torch import Tensor

CUT = 0.25  # cycles a pixel: half of the most that a grid of pixels has along an axis
TOGETHER = 500  # images transformed at once


def sharpness(images: Tensor, real: float) -> float:
    """The share of fine detail in images [n, channels, h, w], over that of real ones (`fine`).

    1 is as sharp as real images, less is blurred, more is rough: noise and the checkers of
    transposed convolutions are fine detail too.
    """
    return fine(images) / real


def fine(images: Tensor) -> float:
    """The share of the power of images [n, channels, h, w] at more than CUT cycles a pixel.

    Each image counts as grey, the mean of its channels, less its own mean. 0 for images without
    power.
    """
    found = power(images)
    down, across = (torch.fft.fftfreq(side, dtype=torch.float64) for side in found.shape)
    high = torch.hypot(down[:, None], across[None]) > CUT
    total = float(found.sum())
    return float(found[high].sum()) / total if total else 0.0


def power(images: Tensor) -> Tensor:
    """[h, w] float64 on the CPU: the power of images at each frequency, summed over them."""
    total = torch.zeros(images.shape[2:], dtype=torch.float64)
    for part in images.split(TOGETHER):
        grey = part.double().mean(1)
        spectrum = torch.fft.fft2(grey - grey.mean((1, 2), keepdim=True))
        total += spectrum.abs().square().sum(0).cpu()
    return total
