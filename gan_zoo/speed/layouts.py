"""The order in memory of what convolutions and fused optimizers take, so that nothing is copied.

Convolutions are faster on planes that lie last in memory (torch.channels_last). A linear layer
beside one reads and writes that order itself: to reorder in between costs a tenth of a step.
"""

import torch
from torch import Tensor, nn


class ToPlanes(nn.Linear):
    """A linear layer [n, inputs] -> [n, planes, side, side], with the planes last in memory."""

    def __init__(self, inputs: int, planes: int, side: int, bias: bool) -> None:
        super().__init__(inputs, planes * side * side, bias)
        self.shape = side, side, planes

    def forward(self, x: Tensor) -> Tensor:
        square: Tensor = super().forward(x).unflatten(1, self.shape)
        return square.permute(0, 3, 1, 2)


class FromPlanes(nn.Linear):
    """A linear layer [n, planes, side, side] -> [n], which takes the planes last in memory."""

    def __init__(self, planes: int, side: int) -> None:
        super().__init__(planes * side * side, 1)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1).flatten(1)).flatten()


def laid_out_as(parameter: Tensor, gradient: Tensor) -> Tensor:
    """The gradient in the parameter's order in memory, which fused optimizers rely on.

    A fused optimizer on the CPU pairs weights with gradients by their place in memory. `backward`
    gives gradients the order of their parameters; `torch.autograd.grad` does not always: after a
    double backward it may be another.
    """
    if gradient.stride() == parameter.stride():
        return gradient
    return torch.empty_like(parameter).copy_(gradient)
