"""Picture files: found, decoded and cropped to small squares. A bad file never stops the rest."""

import math
import os
import stat
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import InputError
from .storage import Bytes

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
FORMATS = ("PNG", "JPEG", "WEBP")  # of the content, whatever the name's suffix
RECIPE = 1  # part of the names of cached arrays: to be raised when the pixels change
Progress = Callable[[int, int], None]  # called with the files done and the files in all
_THREADS = min(4, os.cpu_count() or 1)  # the decoders release Python's lock
_TOGETHER = 256  # files decoded between two calls of progress


class Picture(NamedTuple):
    """A file whose name ends like a picture's."""

    name: str  # relative to the folder, with slashes
    size: int  # bytes; -1: not a regular file
    changed: int  # nanoseconds


def scan(root: Path) -> list[Picture]:
    """The files below `root` whose names end like a picture's, sorted by name; none is opened.

    Hidden files and folders are left out. Links are followed, but each real folder is listed once,
    by its shortest path, so that a loop of links ends. Raises InputError for a folder that cannot
    be listed.
    """
    found, seen, waiting = [], set(), deque([root])
    while waiting:
        parent = waiting.popleft()
        identity, names = _listed(parent)
        if identity in seen:
            continue
        seen.add(identity)
        for name in names:
            if os.path.isdir(parent / name):
                waiting.append(parent / name)
            elif name.lower().endswith(SUFFIXES):
                found.append(_picture(root, parent / name))
    return sorted(found)


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


def decode(paths: Sequence[Path], out: Bytes, progress: Progress | None) -> NDArray[np.bool_]:
    """Fill `out` [n, 3, size, size] with the pictures of n files; returns which were readable, [n].

    The row of an unreadable file stays as it is. `progress` is called every 256 files and at the
    end.
    """
    readable = np.zeros(len(paths), dtype=bool)
    read = partial(read_picture, size=out.shape[2])
    with ThreadPoolExecutor(_THREADS) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd metadata; too many pixels are refused below
        for start in range(0, len(paths), _TOGETHER):
            some = paths[start : start + _TOGETHER]
            for row, picture in enumerate(pool.map(read, some), start):
                if picture is not None:
                    out[row], readable[row] = picture, True
            if progress:
                progress(start + len(some), len(paths))
    return readable


def read_picture(path: Path, size: int) -> Bytes | None:
    """The picture [3, size, size] uint8 of a PNG, JPEG or WebP file; None if it cannot be read.

    It is turned as its EXIF data say, put on white where it is transparent, scaled from 16 bits to
    8, cropped to the middle square and resized (bilinear, antialiased). None also if it has more
    pixels than PIL's MAX_IMAGE_PIXELS.
    """
    try:
        if not path.is_file():  # to read a pipe could take for ever
            return None
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > (Image.MAX_IMAGE_PIXELS or math.inf):
                return None
            return _square(_opaque(ImageOps.exif_transpose(image)), size)
    except Exception:  # decoders raise almost anything on a broken file, even SyntaxError
        return None


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, which PIL would clip at 255
        wide = np.asarray(image).astype(np.float64)
        return Image.fromarray((wide / 257).round().clip(0, 255).astype(np.uint8))
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
