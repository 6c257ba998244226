"""Images as bytes: in memory if they are few, else in a mapped file; and where such files lie."""

import errno
import hashlib
import math
import mmap
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import platformdirs
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..files import replacing

Bytes = NDArray[np.uint8]
IN_MEMORY = 1 << 30  # bytes; larger arrays stay in their files
FOLDER_VARIABLE = "GAN_BENCH_DATA"


def cache_dir(data_dir: Path | None = None) -> Path:
    """The absolute path of the folder of downloaded data sets; it need not exist yet.

    It is `data_dir` if given, else the environment variable GAN_BENCH_DATA, else the platform's
    cache folder for gan-bench.
    """
    chosen = data_dir or os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir("gan-bench")
    return Path(chosen).expanduser().absolute()


def arrays_dir(data_dir: Path | None = None) -> Path:
    """The folder of arrays that are made from data sets: `arrays` within `cache_dir`.

    If that cannot be written to (on a shared disk, say), it is the one in the user's own cache.
    """
    folder = cache_dir(data_dir)
    if folder.exists() and not os.access(folder, os.W_OK):
        folder = cache_dir()
    return folder / "arrays"


def digest(facts: Iterable[object]) -> str:
    """The name of a cached file: 16 hexadecimal digits of the sha256 of the facts' `repr`."""
    found = hashlib.sha256()
    for fact in facts:
        found.update(f"{fact!r}\n".encode("utf-8", "backslashreplace"))
    return found.hexdigest()[:16]


def as_tensor(source: Path | Bytes, limit: int = IN_MEMORY) -> Tensor:
    """The images of a .npy file or an array as a tensor [n, c, h, w] uint8.

    Up to `limit` bytes the tensor is in memory. Beyond that it is a read-only map of the file (of
    a temporary one for an array), whose pages the kernel may drop at any time; indexing it with
    rows copies those rows only. Nobody may write into the tensor: to write into the map ends the
    process. Raises ValueError for another dtype or shape, OSError if the file cannot be read or
    the disk is full.
    """
    array = np.load(source, mmap_mode="r") if isinstance(source, Path) else source
    if array.dtype != np.uint8 or array.ndim != 4:
        raise ValueError(f"images are [n, c, h, w] uint8, not {list(array.shape)} {array.dtype}")
    if array.nbytes > limit:
        images = _without_read_ahead(array) if isinstance(array, np.memmap) else _on_disk(array)
    else:
        images = np.array(array) if isinstance(array, np.memmap) else array
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writ", UserWarning)
        return torch.from_numpy(images)


@contextmanager
def writing(path: Path, shape: tuple[int, ...]) -> Iterator[Bytes]:
    """A context that gives an array [*shape] uint8 to fill; it becomes the .npy file `path`.

    If the block raises, no file is left. The array is mapped to the file, so it takes no memory.
    Raises OSError at once if the disk has no room: a map on a full disk would end the process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _require_room(path.parent, math.prod(shape))
    with replacing(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        yield cast(Bytes, array)
        array.flush()


def scratch(folder: Path, shape: tuple[int, ...]) -> Bytes:
    """An array [*shape] of zeros, uint8, mapped to a temporary file in `folder`.

    The file goes with the array. Raises OSError if the disk has no room for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _require_room(folder, math.prod(shape))
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


def _without_read_ahead(array: Bytes) -> Bytes:
    # Rows are read at random: with read-ahead, 6 GB took 2.5 times as long and filled memory.
    if isinstance(array.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
        array.base.madvise(mmap.MADV_RANDOM)
    return array


def _on_disk(array: Bytes) -> Bytes:
    mapped = scratch(arrays_dir(), array.shape)
    mapped[:] = array
    return mapped


def _require_room(folder: Path, size: int) -> None:
    if size > shutil.disk_usage(folder).free:
        raise OSError(errno.ENOSPC, f"{size / 2**30:.1f} GiB are needed on the disk", str(folder))
