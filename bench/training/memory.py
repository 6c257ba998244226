"""Less memory and less time lost to it: freed memory is kept, and no compiler is imported."""

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
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


def without_compiler() -> None:
    """Keep `torch.compile` out of this process until it is called: a second and 70 MB less.

    Torch's optimizers import the compiler on their first use, to tell it that it must leave some of
    their methods alone. The compiler imports triton, its part for GPUs, wherever that is installed;
    where there is no GPU, triton stays out for good. No number changes. Does nothing where torch
    works otherwise.
    """
    import torch

    modules: dict[str, Any] = sys.modules
    if not (torch.cuda.is_available() or torch.xpu.is_available()):
        modules.setdefault("triton", None)  # a module that is None there cannot be imported
    if "torch._dynamo" in modules:
        return
    for method in vars(torch.optim.Optimizer).values():
        if left_alone := getattr(method, "__wrapped__", None):
            # What torch._compile looks for before it imports the compiler, and would put there.
            left_alone.__dict__.setdefault("__dynamo_disable", left_alone)
    for kind in torch.optim.Optimizer.__subclasses__():
        if inner := getattr(vars(kind).get("step"), "__wrapped__", None):
            kind.step = _uncompiled(inner)  # type: ignore[method-assign]


def _uncompiled(step: Callable[..., Any]) -> Callable[..., Any]:
    """As torch's `_use_grad_for_differentiable`, without its word to the compiler."""

    @wraps(step)
    def stepped(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        import torch

        with torch.set_grad_enabled(optimizer.defaults["differentiable"]):
            return step(optimizer, *args, **kwargs)

    return stepped
