"""The numbers of `bench interpolate` and `bench arithmetic` as tables for a terminal."""

from .shifts import Carried, Reached, Shift
from .smoothness import Row

MEASURES = ("detour", "largest step", "off data, ends", "off data, halfway")
JUMP = 4.0  # mean steps: a larger one is called a jump
SURE = 0.05  # the largest p that is called more than chance


def smoothness_lines(rows: list[Row]) -> list[str]:
    """A line for each way and space, a column for each measure; below them what these mean."""
    found = {(row.way, row.space, row.measure): row for row in rows}
    places = list(dict.fromkeys((row.way, row.space) for row in rows))
    heads = [m for m in MEASURES if any(row.measure == m for row in rows)]
    wide = max(len(way) for way, _ in places) + 2
    lines = [f"  {'':<{wide}}{'':<10}" + "".join(f"{head:>22}" for head in heads)]
    for way, space in places:
        cells = [_cell(found.get((way, space, head))) for head in heads]
        lines.append(f"  {way:<{wide}}{space:<10}" + "".join(f"{cell:>22}" for cell in cells))
    lines.append(f"Means over {max(row.n for row in rows)} paths, 95 % interval (t).")
    lines.append("detour: length over the distance of the ends; 1 is straight.")
    lines.append("largest step: over the mean step; 1 is even, 32 is a single jump.")
    if len(heads) > 2:
        lines.append(
            "off data: distance to the nearest training image, over that of held-out images."
        )
    return [*lines, meaning(rows)]


FADED = "its ends faded"


def meaning(rows: list[Row]) -> str:
    """What the measures of the first way say, in a sentence, beside a cross-fade of its ends."""
    way = rows[0].way
    here = {row.measure: row for row in rows if row.way == way and row.space == rows[-1].space}
    there = {row.measure: row for row in rows if row.way == FADED and row.space == rows[-1].space}
    off, faded = here.get("off data, halfway"), there.get("off data, halfway")
    if off and faded:
        if off.high < faded.low:
            kept = "nearer to real images than a cross-fade of its ends: it leads through images"
        elif off.low > faded.high:
            kept = "farther from real images than a cross-fade of its ends: it leaves the data"
        else:
            kept = "no nearer to real images than a cross-fade of its ends, as far as these tell"
        return (
            f"So: halfway, the {way} path is {kept} ({off.estimate:.2f} and {faded.estimate:.2f})."
        )
    if step := here.get("largest step"):
        jumps = "it jumps between modes" if step.low > JUMP else "it moves on without a jump"
        return f"So: the largest step of the {way} path is {step.estimate:.1f} mean steps: {jumps}."
    return f"So: no {way} path moved, which says that the generator draws one thing only."


def _cell(row: Row | None) -> str:
    return f"{row.estimate:.2f} ({row.low:.2f}, {row.high:.2f})" if row else ""


def carried_lines(found: list[Carried]) -> list[str]:
    """A line for each attribute, and as the last line `sentence`."""
    heads = [
        "",
        "predicted",
        "measured",
        "share carried",
        "measured by chance",
        "p",
        "around the mean",
    ]
    rows = [heads]
    for each in found:
        chance = f"{each.control[0]:.3g} to {each.control[1]:.3g}"
        share = _shift(each.share) if each.share else "-"
        cells = [each.attribute, _shift(each.predicted), _shift(each.measured), share, chance]
        rows.append([*cells, f"{each.p:.3g}", _shift(each.around)])
    wide = [max(len(row[k]) for row in rows) + 2 for k in range(len(heads))]
    lines = [
        f"  {row[0]:<{wide[0]}}" + "".join(f"{row[k]:>{wide[k]}}" for k in range(1, len(row)))
        for row in rows
    ]
    return [*lines, sentence(found)]


def _shift(value: Shift) -> str:
    return f"{value.estimate:.3g} ({value.low:.3g}, {value.high:.3g})"


def sentence(found: list[Carried]) -> str:
    """How much of each predicted change was measured."""
    parts = [_carried(each) for each in found if each.share]
    return ". ".join(parts) + "." if parts else "A and B differ in no measured attribute."


def reached_line(found: Reached) -> str:
    """How often A - B + C is what it should be, before, after and by chance."""
    after = found.after
    shares = (found.before.estimate, after.estimate, after.low, after.high)
    first, moved, low, high = (f"{100 * share:.0f}" for share in shares)
    chance = " to ".join(f"{100 * share:.0f}" for share in found.control)
    return (
        f"Wanted {found.expression}: {first} % of C, {moved} % ({low} to {high}) of C moved, "
        f"{chance} % by chance (p = {found.p:.2g})."
    )


def _carried(each: Carried) -> str:
    assert each.share is not None
    low, high = (f"{100 * bound:.0f}" for bound in (each.share.low, each.share.high))
    chance = "" if each.p <= SURE else f", no more than by chance (p = {each.p:.2g})"
    return (
        f"Change of {each.attribute}: predicted {each.predicted.estimate:+.3g}, measured "
        f"{each.measured.estimate:+.3g}, {100 * each.share.estimate:.0f} % carried "
        f"({low} to {high}){chance}"
    )
