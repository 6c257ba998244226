"""Memory that is freed: pages that are faulted in, as the kernel counts them."""

import os
import resource

import pytest
import torch

from bench.training import memory as allocator
from bench.training.memory import freed_memory_kept

SETTLING = 20  # tensors until the small pieces between them are used up
PAGE = resource.getpagesize()
SIZE = 64 * 2**20  # beyond what glibc keeps by itself, whatever it has adapted to


def faults() -> int:
    """Pages faulted in while a large tensor is made, once more."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.zeros(SIZE, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(allocator.glibc() is None, reason="only glibc hands memory back like this")
def test_freed_memory_is_used_again_within_and_given_back_after() -> None:
    pages = SIZE // PAGE
    faults()
    assert pages * 0.5 < faults() < pages * 1.5
    with freed_memory_kept():
        for _ in range(SETTLING):
            faults()
        assert faults() < pages * 0.05
        resident = memory()
    assert faults() > pages * 0.5
    assert resident - memory() > SIZE * 0.9


def memory() -> int:
    """Bytes that are resident now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE


def test_without_glibc_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", none)
    assert allocator.glibc() is None
    with freed_memory_kept():
        pass


def test_the_limits_go_back_after_an_error() -> None:
    with pytest.raises(RuntimeError, match="diverged"), freed_memory_kept():
        raise RuntimeError("diverged")
    faults()
    assert allocator.glibc() is None or faults() > SIZE // PAGE * 0.5
