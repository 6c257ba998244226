"""What a user is told about the images of a folder: left out, cut, scaled, almost black."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .images import WHITE

NAMED = 5  # files or classes whose names are shown; the others are counted
DARK = 64  # of 255: a set whose brightest pixel is darker hardly uses the range


@dataclass(frozen=True)
class FolderFacts:
    """What became of the picture files of a folder; its cache keeps it."""

    readable: int
    train: int  # of the readable ones
    classes: list[str]
    unreadable: list[str]  # the first names
    unreadable_count: int
    resized: int  # images of another size than asked for
    enlarged: int  # of these, the smaller ones
    cut: int  # images that were not square
    frames: int  # images that have several, of which the first is taken
    wide: int  # images of more than 8 bits a channel
    least: float  # of the values of the wide ones
    largest: float
    white: float  # the value that became 255
    brightest: int  # of the decoded pixels
    small: dict[str, int]  # classes of fewer than two images


def left_out(facts: FolderFacts, others: Sequence[str]) -> str:
    """The files that are not used, as the end of a sentence; "" if there are none."""
    parts = ""
    if count := facts.unreadable_count:
        parts += f"; {count} files could not be read: {_some(facts.unreadable, count)}"
    if count := len(others):
        parts += f"; {count} files are no images that Pillow opens: {_some(others, count)}"
    return parts


def notices(facts: FolderFacts, others: Sequence[str], size: int) -> Iterator[str]:
    """The ends of the lines that a user is told, each after the name of the folder."""
    if files := left_out(facts, others):
        yield files
    changes = [f"{facts.cut} images are cut to their middle square"] if facts.cut else []
    if facts.resized:
        enlarged = f", {facts.enlarged} of them enlarged" * bool(facts.enlarged)
        changes.append(f"{facts.resized} images are resized to {size} x {size} pixels{enlarged}")
    if changes:
        yield f": {', and '.join(changes)}"
    if facts.frames:
        yield f": {facts.frames} files have several frames or pages: the first of each is taken"
    if facts.wide and (facts.white != WHITE or facts.least < 0):
        negative = f", and what is below 0 (down to {facts.least:g}) black" * (facts.least < 0)
        yield (
            f": {facts.wide} files of more than 8 bits hold values up to {facts.largest:g}: "
            f"{facts.white:g} is taken as white, not {WHITE}{negative}"
        )
    if facts.brightest < DARK:
        yield (
            f": almost black, the brightest pixel of all images is {facts.brightest} of 255: if "
            "the files hold few bits or numbers of classes, scale them to 0 .. 255"
        )
    if facts.small:
        named = [f"{name} ({count})" for name, count in facts.small.items()]
        yield (
            f": {len(named)} classes have fewer than two images, so none to train on or none held "
            f"out: {_some(named, len(named))}"
        )


def white_of(largest: float) -> float:
    """What is white in files of more than 8 bits a channel, by the largest value of all of them.

    It is the largest number of as many bits: 4095 for 12 bits, 65535 for 16. Floats up to 1 are
    taken as shares of white.
    """
    if largest <= 0:
        return WHITE
    return 1.0 if largest <= 1 else float(2 ** max(8, int(largest).bit_length()) - 1)


def _some(names: Sequence[str], count: int) -> str:
    shown = ", ".join(repr(name)[1:-1] for name in names[:NAMED])  # one line, whatever the names
    return shown + ", ..." * (count > NAMED)
