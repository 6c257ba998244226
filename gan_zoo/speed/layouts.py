"""Gradients in the layout of their parameters, which a fused optimizer relies on."""

import torch
from torch import Tensor


def laid_out_as(parameter: Tensor, gradient: Tensor) -> Tensor:
    """The gradient, in the parameter's order of memory.

    `backward` sees to that and `torch.autograd.grad` does not: it gives what a double backward
    left, and a fused optimizer on the CPU pairs weights with gradients by their place in memory.
    """
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)
