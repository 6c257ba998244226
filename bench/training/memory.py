"""Memory that is freed stays with the process, since training asks for the same again each step."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MIB = 2**20
# Of glibc's malloc.h, the names of mallopt(3). Usual is what its own adaptation reaches at most.
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
USUAL = {TRIM_THRESHOLD: 64 * MIB, MMAP_THRESHOLD: 32 * MIB, MMAP_MAX: 65_536}
KEPT = {TRIM_THRESHOLD: -1, MMAP_MAX: 0}  # never shrink the heap; all comes from the heap


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Within, glibc hands nothing that is freed back to the system; at the end, all of it.

    By default it hands back what is large, and every page of it is then faulted in anew, and
    zeroed, step after step. This changes no number. Without glibc it does nothing. It holds for
    the whole process, and does not nest.
    """
    libc = glibc()
    if libc is None:
        yield
        return
    for name, value in KEPT.items():
        libc.mallopt(name, value)
    try:
        yield
    finally:
        for name, value in USUAL.items():
            libc.mallopt(name, value)
        libc.malloc_trim(0)


def glibc() -> ctypes.CDLL | None:
    """The C library of this process, if it is GNU's."""
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):  # Windows, macOS, another libc
        return None
    return ctypes.CDLL(None) if version else None


def without_triton() -> None:
    """Keep triton out of a process without a GPU, for good: 0.08 GB that nothing there uses.

    It is the compiler behind `torch.compile` on GPUs. torchvision and the optimizers of torch
    import torch's part of it, and that imports triton wherever it is installed.
    """
    import torch

    if not (torch.cuda.is_available() or torch.xpu.is_available()):
        modules: dict[str, Any] = sys.modules
        modules.setdefault("triton", None)  # what is None there cannot be imported
