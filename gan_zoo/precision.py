"""Autocast on and off, on devices that know it and on those that do not (meta)."""

from contextlib import AbstractContextManager, nullcontext

import torch


def precision_context(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """Within it, matrix products and convolutions in bf16 ("bf16") or everything in fp32."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Everything in fp32 within it, whatever the precision around it."""
    return precision_context(device, "fp32")
