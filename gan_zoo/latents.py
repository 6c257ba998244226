"""Latents of other laws, made of the standard normal numbers that every model draws.

`GAN.latent_of` maps them. So models with other laws still draw the same numbers at one seed, and
paths and truncation work on the normal numbers.
"""

import torch
from torch import Tensor
from torch.nn.functional import one_hot


def uniform(normal: Tensor) -> Tensor:
    """Standard normal numbers as uniform ones on [-1, 1], by their distribution function."""
    between: Tensor = torch.special.ndtr(normal)
    return 2 * between - 1


def categorical(normal: Tensor, classes: int) -> Tensor:
    """[n] standard normal numbers as equally likely classes, one-hot [n, classes] of their type."""
    drawn = (torch.special.ndtr(normal) * classes).long().clamp(max=classes - 1)
    return one_hot(drawn, classes).to(normal)
