"""The precision of training: fp32, or bf16 by autocast, on devices that have autocast."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def precision_context(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """A context that computes matrix products and convolutions in bf16 ("bf16"), or all in fp32.

    Weights are cast at each use. Autocast's cache of cast weights is meant for one forward and
    backward pass: an optimizer step within the context would leave old weights in it.
    """
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    enabled = precision == "bf16"
    return torch.autocast(device.type, torch.bfloat16, enabled, cache_enabled=False)


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """A context without autocast: fp32 stays fp32, whatever the precision around it."""
    return precision_context(device, "fp32")


def in_precision(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors, all on one device, in the type that autocast gives a convolution's inputs.

    For an autograd function of our own: autocast casts the inputs of torch's own functions only.
    """
    device = tensors[0].device.type
    if not torch.is_autocast_enabled(device):
        return tensors
    return tuple(tensor.to(torch.get_autocast_dtype(device)) for tensor in tensors)
