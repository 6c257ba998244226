"""Whether the code that runs now is a model's code within a stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WITHIN = ContextVar("within a stack", default=False)


def within_stack() -> bool:
    """Whether tensors stand for those of all lanes, so that `vmap` sees every operation."""
    return _WITHIN.get()


@contextmanager
def entered() -> Iterator[None]:
    token = _WITHIN.set(True)
    try:
        yield
    finally:
        _WITHIN.reset(token)
