"""Numbers as text, for sentences and tables. No heavy library, so that `bench status` is quick."""

import math


def short(images: int) -> str:
    """A number of images, in thousands where that is exact: 256,000 -> "256k", 1,500 -> "1500"."""
    return f"{images // 1000}k" if images % 1000 == 0 else str(images)


NONE = "\u2013"  # an en dash, where there is no number


def number(value: object, digits: int = 3) -> str:
    """A number to `digits` significant digits, with an exponent only below 1e-4 or from 1e7 on."""
    try:
        x = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return NONE
    if math.isnan(x):
        return NONE
    if math.isinf(x):
        return "∞" if x > 0 else "-∞"
    if x == 0:
        return "0"
    if abs(x) < 1e-4 or abs(x) >= 1e7:
        return f"{x:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    return f"{x:,.{decimals}f}"


def size(found: float) -> str:
    """A number of bytes: 24.4 MB, 38 kB or 1.2 GB (powers of 1,000, as disks are sold)."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if found >= step:
            return f"{number(found / step)} {unit}"
    return f"{found:.0f} bytes"


def duration(seconds: float) -> str:
    """Seconds as a sentence has them: 45 s, 2 min 05 s or 3 h 20 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, part = divmod(minutes, 60)
    if hours:
        return f"{hours} h {part:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def span(low: object, high: object) -> str:
    """An interval in brackets; "" where it has no ends."""
    ends = [number(low), number(high)]
    return "" if ends == [NONE, NONE] else f"[{ends[0]}, {ends[1]}]"


def count(images: int) -> str:
    """A number of images as a sentence has it: 256k, 2.56M or 64."""
    if images >= 1_000_000:
        return f"{images / 1e6:g}M"
    return f"{images / 1000:g}k" if images >= 1000 else str(images)
