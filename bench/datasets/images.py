"""Picture files: found, decoded and cropped to small squares. A bad file never stops the rest."""

import math
import os
import stat
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from ..errors import InputError
from .storage import Bytes

# EPS would be drawn by another program, WMF by Windows alone; the others hold no still image.
NOT_OPENED = {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"}
COMPOSED = {"MPO", "PSD"}  # what they hold beside their picture are views and layers, not frames
RECIPE = 1  # part of the names of cached arrays: to be raised when the pixels change
WHITE = 65535  # what is white in files of more than 8 bits a channel, if nothing else is said
Progress = Callable[[int, int], None]  # called with the files done and the files in all
_MAGIC = 16  # bytes at the start of a file, by which Pillow tells formats
_THREADS = min(4, os.cpu_count() or 1)  # the decoders release Python's lock
_TOGETHER = 256  # files decoded between two calls of progress


class Picture(NamedTuple):
    """A file that is an image by its name or by its content."""

    name: str  # relative to the folder, with slashes
    size: int  # bytes; -1: not a regular file
    changed: int  # nanoseconds


class Listing(NamedTuple):
    """The files below a folder, sorted by name."""

    pictures: list[Picture]
    others: list[str]  # names of what is no image that Pillow opens


class Source(NamedTuple):
    """What became of a picture file."""

    readable: bool = False
    width: int = 0
    height: int = 0
    frames: bool = False  # has it more than one, of which the first is taken?
    wide: bool = False  # has it more than 8 bits a channel?
    least: float = 0  # of the values of a wide one
    largest: float = 0


@cache
def formats() -> tuple[str, ...]:
    """The formats of still images that Pillow opens here; those without a magic number last."""
    Image.init()
    known = [name for name in Image.ID if name in Image.OPEN and name not in NOT_OPENED]
    return tuple(sorted(known, key=lambda name: Image.OPEN[name][1] is None))


@cache
def suffixes() -> frozenset[str]:
    """The ends of names, such as ".png", of these formats."""
    known = formats()
    return frozenset(end for end, of in Image.registered_extensions().items() if of in known)


def scan(root: Path) -> Listing:
    """The files below `root`: images by the end of their name or by their content, and others.

    Hidden files and folders are left out. Links are followed, but each real folder is listed once,
    by its shortest path, so that a loop of links ends. Raises InputError for a folder that cannot
    be listed.
    """
    found, seen, waiting = Listing([], []), set(), deque([root])
    while waiting:
        parent = waiting.popleft()
        identity, names = _listed(parent)
        if identity in seen:
            continue
        seen.add(identity)
        for name in names:
            path = parent / name
            if os.path.isdir(path):
                waiting.append(path)
                continue
            picture = _picture(root, path)
            if path.suffix.lower() in suffixes() or (picture.size > 0 and _has_image(path)):
                found.pictures.append(picture)
            else:
                found.others.append(picture.name)
    return Listing(sorted(found.pictures), sorted(found.others))


def _listed(parent: Path) -> tuple[tuple[int, int], list[str]]:
    try:
        facts, names = parent.stat(), sorted(os.listdir(parent))
    except OSError as error:
        raise InputError(f"{parent} cannot be read: {error.strerror}") from error
    except ValueError as error:  # NUL in a name
        raise InputError(f"{parent} cannot be read: {error}") from error
    shown = [name for name in names if not name.startswith((".", "__MACOSX"))]
    return (facts.st_dev, facts.st_ino), shown


def _picture(root: Path, path: Path) -> Picture:
    name = PurePath(path).relative_to(root).as_posix()
    try:
        facts = path.stat()
    except OSError:  # a link to nowhere or to itself
        return Picture(name, -1, 0)
    # To read a pipe or a device could take for ever.
    return Picture(name, facts.st_size if stat.S_ISREG(facts.st_mode) else -1, facts.st_mtime_ns)


def _has_image(path: Path) -> bool:
    """Does a regular file of any name begin like an image?"""
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with path.open("rb") as opened:
            magic = opened.read(_MAGIC)
        known = (Image.OPEN[name][1] for name in formats())
        if any(accept(magic) for accept in known if accept):  # else 40 formats would be tried
            with Image.open(path, formats=formats()):
                return True
    return False


def decode(
    paths: Sequence[Path],
    out: Bytes,
    progress: Progress | None,
    rows: Sequence[int] | None = None,
    white: float = WHITE,
) -> list[Source]:
    """Fill rows of `out` [n, 3, size, size] with the pictures of files; returns what each was.

    `rows` are those of the files, None: 0, 1, 2, .. The row of an unreadable file stays as it is.
    `white` is as in `read_picture`. `progress` is called every 256 files and at the end.
    """
    sources: list[Source] = []
    read = partial(_read, size=out.shape[2], white=white)
    rows = range(len(paths)) if rows is None else rows
    formats()  # before the threads, which would load the decoders at once
    with ThreadPoolExecutor(_THREADS) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata; too many pixels are refused below
        for start in range(0, len(paths), _TOGETHER):
            some = paths[start : start + _TOGETHER]
            for row, (picture, source) in zip(rows[start:], pool.map(read, some), strict=False):
                sources.append(source)
                if picture is not None:
                    out[row] = picture
            if progress:
                progress(start + len(some), len(paths))
    return sources


def read_picture(path: Path, size: int, white: float = WHITE) -> Bytes | None:
    """The picture [3, size, size] uint8 of a file in one of `formats`; None if it cannot be read.

    It is the first frame, turned as its EXIF data say, put on white where it is transparent,
    cropped to the middle square and resized (bilinear, antialiased). Files of more than 8 bits a
    channel are scaled so that `white` becomes 255. None also if it has more pixels than PIL's
    MAX_IMAGE_PIXELS.
    """
    return _read(path, size, white)[0]


def _read(path: Path, size: int, white: float) -> tuple[Bytes | None, Source]:
    try:
        if not path.is_file():  # to read a pipe could take for ever
            return None, Source()
        with Image.open(path, formats=formats()) as image:
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or math.inf):
                return None, Source()
            shape, frames = image.size, _has_frames(image)
            turned = ImageOps.exif_transpose(image)
            if not turned.mode.startswith(("I", "F")):
                return _square(_opaque(turned), size), Source(True, *shape, frames)
            values = np.nan_to_num(np.asarray(turned).astype(np.float64), posinf=0, neginf=0)
            shown = (values / (white / 255)).round().clip(0, 255).astype(np.uint8)
            ends = float(values.min()), float(values.max())
            return _square(Image.fromarray(shown), size), Source(True, *shape, frames, True, *ends)
    except Exception:  # decoders raise almost anything on a broken file, even SyntaxError
        return None, Source()


def _has_frames(image: Image.Image) -> bool:
    with suppress(Exception):  # the second frame may be broken
        return image.format not in COMPOSED and bool(getattr(image, "is_animated", False))
    return False


def _opaque(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _square(image: Image.Image, size: int) -> Bytes:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    # Crop and resize in one step: a strip of 1 x 100,000 pixels never becomes 64 x 6,400,000.
    box = (left, top, left + side, top + side)
    small = image.resize((size, size), Image.Resampling.BILINEAR, box=box)
    return np.asarray(small.convert("RGB")).transpose(2, 0, 1)


def is_grey(pictures: Bytes) -> bool:
    """Are the three channels of pictures [n, 3, h, w] equal in every pixel?"""
    parts = (pictures[k : k + _TOGETHER] for k in range(0, len(pictures), _TOGETHER))
    return all(bool((part == part[:, :1]).all()) for part in parts)


def luma(pictures: Bytes) -> Bytes:
    """Pictures [n, 3, h, w] in grey, [n, 1, h, w], with the weights of ITU-R BT.601."""
    weights = np.array([0.299, 0.587, 0.114])
    grey = np.einsum("nchw,c->nhw", pictures, weights)[:, None]
    found: Bytes = grey.round().clip(0, 255).astype(np.uint8)
    return found
