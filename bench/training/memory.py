"""Less memory and less time lost to it: freed memory is kept, and triton is not imported."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MIB = 2**20
# Names of mallopt(3), from glibc's malloc.h. USUAL: the most that glibc itself adapts to.
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
USUAL = {TRIM_THRESHOLD: 64 * MIB, MMAP_THRESHOLD: 32 * MIB, MMAP_MAX: 65_536}
KEPT = {TRIM_THRESHOLD: -1, MMAP_MAX: 0}  # never shrink the heap; take all memory from it


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Within it, glibc gives no freed memory back to the system; at the end, all of it.

    By default it gives large blocks back. Training asks for the same blocks again at every step,
    and each page must then be mapped and zeroed anew. No number changes. Does nothing without
    glibc. Holds for the whole process, and does not nest.
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
    """Keep triton out of this process if there is no GPU: it saves 0.08 GB.

    Triton is the compiler behind `torch.compile` on GPUs. torchvision and torch's optimizers
    import torch's part of that, which imports triton wherever it is installed.
    """
    import torch

    if not (torch.cuda.is_available() or torch.xpu.is_available()):
        modules: dict[str, Any] = sys.modules
        modules.setdefault("triton", None)  # a module that is None there cannot be imported
