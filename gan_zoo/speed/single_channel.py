"""Convolutions between a grey image and planes of half its side, faster on a CPU than torch's.

They have a kernel of 4, a stride of 2 and a padding of 1. From planes to an image, which is the
way forward in a generator and the way back in a discriminator, it is a transposed convolution to
one channel. oneDNN takes a sixth of a WGAN-GP step for it; a matrix product and a sum of the
overlapping patches (`fold`) take a fifth of that time. Images of more channels, and other devices,
use torch's own layers.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.functional import conv2d, fold

from ..precision import full_precision, in_precision
from ..stacked.within import within_stack

KERNEL, STRIDE, PADDING = 4, 2, 1


class FromImage(nn.Conv2d):
    """A convolution [n, channels, 2h, 2w] -> [n, planes, h, w]."""

    def __init__(self, channels: int, planes: int) -> None:
        super().__init__(channels, planes, KERNEL, STRIDE, PADDING)

    def forward(self, x: Tensor) -> Tensor:
        if self.in_channels > 1 or left_to_torch(x):
            return super().forward(x)
        assert self.bias is not None
        planes: Tensor = Halved.apply(*in_precision(x, self.weight, self.bias))
        return planes


class ToImage(nn.ConvTranspose2d):
    """A transposed convolution [n, planes, h, w] -> [n, channels, 2h, 2w]."""

    def __init__(self, planes: int, channels: int) -> None:
        super().__init__(planes, channels, KERNEL, STRIDE, PADDING)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        if self.out_channels > 1 or output_size is not None or left_to_torch(x):
            return super().forward(x, output_size)
        assert self.bias is not None
        image: Tensor = Doubled.apply(*in_precision(x, self.weight, self.bias))
        return image


def left_to_torch(x: Tensor) -> bool:
    """Whether torch's own layer is used: on a GPU, where it is fast, in a stack and in an export.

    `vmap` does not know the functions below.
    """
    return x.device.type != "cpu" or within_stack() or torch.compiler.is_exporting()


class Halved(Function):
    """conv2d, with `Doubled` as its gradient to x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return conv2d(x, weight, bias, STRIDE, PADDING)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        wanted, *others = ctx.needs_input_grad
        to_x = Doubled.apply(gradient, weight, None) if wanted else None
        _, *rest = convolution_backward(gradient, x, weight, False, (False, *others))
        return to_x, *rest


class Doubled(Function):
    """conv_transpose2d: each pixel of x adds a patch of 4 x 4, two pixels from the next one's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        size = (STRIDE * x.shape[2], STRIDE * x.shape[3])
        with full_precision(x.device):  # autocast may be on in the backward pass of an fp32 one
            patches = weight.flatten(1).t() @ x.flatten(2)
        image = fold(patches, size, KERNEL, padding=PADDING, stride=STRIDE)
        return image if bias is None else image.add_(bias[:, None, None])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        return convolution_backward(gradient, x, weight, True, ctx.needs_input_grad)


def convolution_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, transposed: bool, wanted: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    """torch's own gradients of x, weight and bias: those that are wanted, None for the others."""
    channels, two, one, zero = gradient.shape[1], [STRIDE] * 2, [PADDING] * 2, [0] * 2
    gradients: tuple[Tensor | None, ...] = torch.ops.aten.convolution_backward(
        gradient, x, weight, [channels], two, one, [1] * 2, transposed, zero, 1, list(wanted)
    )
    return gradients
