"""What a plan may ask for: types, and ranges beyond which a value is a slip of the keyboard.

A budget of years, or a batch that fits into no memory, is refused before it costs anything.
"""

from collections.abc import Sequence
from typing import Any

from .errors import InputError, shown

RANGES = {  # whole numbers: the least and the most
    "images": (1, 10**12),
    "batch_size": (1, 65_536),
    "evaluations": (1, 10_000),
    "samples": (2, 100_000),  # 5 GB of 64 pixels in colour
    "threads": (1, 1_024),
}
SEEDS = (0, 10**9 - 1)
COUNTS = {"contestants": 1_000, "datasets": 100, "seeds": 1_000}
TRIALS = 20_000
TEXTS = ("features", "device", "precision", "probes")


def require_whole(name: str, value: Any, least: int, most: int) -> None:
    """Raises InputError for what is not a whole number from `least` to `most`."""
    if type(value) is not int or not least <= value <= most:
        raise InputError(
            f"{name} must be a whole number from {least:,} to {most:,}, not {shown(value)}"
        )


def require_text(name: str, value: Any) -> None:
    """Raises InputError for what is no text, or holds control characters."""
    if not isinstance(value, str) or not value.isprintable():
        raise InputError(f"{name} must be text without control characters, not {shown(value)}")


def require_several(name: str, values: Sequence[Any]) -> None:
    """Raises InputError for none, for more than are sensible, and for one that is named twice."""
    if not 1 <= len(values) <= COUNTS[name]:
        raise InputError(f"{name} must be 1 to {COUNTS[name]:,}, not {len(values):,}")
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise InputError(f"{name} must be named once each, and {shown(twice)} is there twice")
