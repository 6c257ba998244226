"""Which classes the samples have: shares, modes covered, KL divergence, label accuracy."""

import torch
from torch import Tensor


def class_shares(predicted: Tensor, classes: int) -> Tensor:
    """The share of the samples in each class.

    predicted [n] int64, in 0 .. classes - 1. Returns [classes] float64 on the CPU, with sum 1.
    ValueError: no samples, another dtype or shape, a class out of range.
    """
    if predicted.ndim != 1 or predicted.dtype != torch.int64 or len(predicted) == 0:
        raise ValueError(
            "class shares need at least one class, [n] int64, got "
            f"{list(predicted.shape)} {predicted.dtype}"
        )
    low, high = int(predicted.min()), int(predicted.max())
    if low < 0 or high >= classes:
        raise ValueError(f"classes lie in 0 .. {classes - 1}, got {low} .. {high}")
    counts = torch.bincount(predicted.cpu(), minlength=classes)
    return counts.double() / len(predicted)


def modes_covered(shares: Tensor) -> int:
    """The number of classes with at least a tenth of a uniform share, 0.1 / classes.

    shares [classes] float64, from `class_shares`. A class exactly at the threshold counts: the
    tolerance of 1e-12 exceeds the rounding of count / n, and is less than one sample for n below
    1e12.
    """
    return int((shares * len(shares) * 10 >= 1 - 1e-12).sum())


def modes_sampled(shares: Tensor) -> int:
    """The number of classes with at least one sample, as published for stacked MNIST.

    Source: Srivastava et al. 2017 (VEEGAN), section 4.2; Lin et al. 2018 (PacGAN).
    """
    return int((shares > 0).sum())


def mode_kl(shares: Tensor, reference: Tensor | None = None) -> float:
    """KL(shares || reference) = sum_k p_k log(p_k / q_k), in nats, with 0 log 0 = 0.

    shares and reference [classes] float64, each with sum 1; None is the uniform reference. A class
    with samples but without reference makes it inf.
    ValueError: shapes that differ.
    """
    q = torch.full_like(shares, 1 / len(shares)) if reference is None else reference
    if shares.shape != q.shape:
        raise ValueError(f"shares are {list(shares.shape)} and the reference is {list(q.shape)}")
    return float((torch.xlogy(shares, shares) - torch.xlogy(shares, q)).sum())


def label_accuracy(predicted: Tensor, labels: Tensor) -> float:
    """The share of the samples whose predicted class is the one asked for, 0 to 1.

    predicted, labels [n] int64, on any device.
    ValueError: no samples, or shapes that differ.
    """
    if predicted.shape != labels.shape or predicted.numel() == 0:
        raise ValueError(
            "label accuracy needs as many classes as labels, at least one, got "
            f"{list(predicted.shape)} and {list(labels.shape)}"
        )
    return int((predicted.cpu() == labels.cpu()).sum()) / predicted.numel()
