"""Autocast on and off, on devices that know it and on those that do not (meta)."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def precision_context(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Within it, matrix products and convolutions in bf16 ("bf16") or everything in fp32.

    Weights are cast at each use: autocast's cache of them is made for one forward and backward
    pass, and a step of an optimizer within the context leaves it behind.
    """
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    enabled = precision == "bf16"
    return torch.autocast(device.type, torch.bfloat16, enabled, cache_enabled=False)


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """No autocast within it: what is in fp32 stays there, whatever the precision around it."""
    return precision_context(device, "fp32")


def in_precision(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors of one device as the precision around wants a convolution's inputs.

    For an autograd function of our own: autocast looks into torch's alone.
    """
    device = tensors[0].device.type
    if not torch.is_autocast_enabled(device):
        return tensors
    return tuple(tensor.to(torch.get_autocast_dtype(device)) for tensor in tensors)
