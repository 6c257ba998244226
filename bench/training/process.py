"""What a process that trains does first."""

from .determinism import before_cuda
from .memory import without_compiler


def begin() -> None:
    """Settings that must be made before CUDA starts, and before the compiler would be imported."""
    before_cuda()
    without_compiler()
