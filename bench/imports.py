"""What a process that trains does not import."""

import sys
from typing import Any


def without_triton() -> None:
    """Keep triton out of a process without a GPU, for good: 0.08 GB that nothing there uses.

    It is the compiler behind `torch.compile` on GPUs. torchvision and the optimizers of torch
    import torch's part of it, and that imports triton wherever it is installed.
    """
    import torch

    if not (torch.cuda.is_available() or torch.xpu.is_available()):
        modules: dict[str, Any] = sys.modules
        modules.setdefault("triton", None)  # what is None there cannot be imported
