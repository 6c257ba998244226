"""The same bits twice on a GPU: algorithms whose sums are always taken in one order."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WORKSPACE = ":4096:8"  # two sizes at which NVIDIA's cuBLAS repeats its bits; the faster one


def before_cuda() -> None:
    """Settings that CUDA reads when it starts; to be called before it does. Imports no torch."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", WORKSPACE)


@contextmanager
def deterministic(device: str, wanted: bool = True) -> Iterator[None]:
    """Within it, a trial on cuda has the same bits each time, unless that is not `wanted`.

    cuDNN picks no algorithm by timing. Where torch has no deterministic algorithm, it warns and
    uses another, so that no model is refused. Elsewhere than on cuda nothing changes.
    """
    if not device.startswith("cuda"):
        yield
        return
    import torch
    import torch.utils.deterministic

    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic
    strict, warns = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    memory: Any = torch.utils.deterministic
    filled, memory.fill_uninitialized_memory = (
        memory.fill_uninitialized_memory,
        False,
    )  # for debugging, and it takes time
    cudnn.benchmark, cudnn.deterministic = False, wanted
    torch.use_deterministic_algorithms(wanted, warn_only=True)
    try:
        yield
    finally:
        memory.fill_uninitialized_memory = filled
        cudnn.benchmark, cudnn.deterministic = before
        torch.use_deterministic_algorithms(strict, warn_only=warns)
