"""Writes samples as a grid, single pictures, arrays or an animation, and chooses the place."""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from ..datasets.dataset import to_uint8
from ..errors import InputError
from ..evaluation.pictures import GRID, as_picture, grid, write_png
from ..files import write_bytes
from .load import Trained
from .sampling import Codes

WIDEST = 32  # the most samples side by side
FRAME = 60  # milliseconds per frame of an animation
SEEN = 112  # the least width of an animation, in pixels


def place(trained: Trained, out: Path | None, what: str, endings: tuple[str, ...]) -> Path:
    """`out`, or by default DIR/latent/<dataset>-<label>-s<seed>-<what> with the first ending.

    endings: those allowed for a file; "" stands for a folder. Raises InputError if `out` has
    another ending, or is a folder where a file is written or the other way round.
    """
    if out is None:
        trial = trained.trial
        name = f"{trial.dataset}-{trial.label}-s{trial.seed}-{what}{endings[0]}"
        return trained.root / "latent" / name
    if out.suffix.lower() not in endings and "" not in endings:
        raise InputError(f"--out {out} must end in {' or '.join(endings)}")
    if "" in endings and out.is_file():
        raise InputError(f"--out {out} is a file, but --each writes a folder of files")
    if "" not in endings and out.is_dir():
        raise InputError(f"--out {out} is a folder, but the command writes one file")
    return out


def columns_for(trained: Trained, n: int, labels: int = 0) -> int:
    """How many of n samples stand side by side: one for each class asked for, or about sqrt(n).

    labels: how many classes were named; 0 means all of a conditional model.
    """
    columns = labels or (trained.model.spec.classes if trained.model.conditional else 1)
    if 1 < columns <= WIDEST:
        return min(n, columns)
    return min(n, WIDEST, math.ceil(math.sqrt(n)))


def write_grid(path: Path, images: Tensor, columns: int = GRID[1]) -> None:
    """Images [n, c, h, w] in [-1, 1] as one PNG, row by row."""
    write_png(path, grid(images, columns))


def write_each(folder: Path, images: Tensor, codes: Codes, conditional: bool) -> None:
    """Images [n, c, h, w] as FOLDER/00000.png and so on; 00000-7.png if label 7 was asked for."""
    for i, (pixels, label) in enumerate(zip(to_uint8(images), codes.labels.tolist(), strict=True)):
        write_png(folder / f"{i:05d}{f'-{label}' if conditional else ''}.png", pixels)


def write_arrays(path: Path, samples: Tensor, codes: Codes) -> None:
    """Samples [n, *shape] float32 as .npy, or as .npz together with their latents and labels."""
    content = io.BytesIO()
    if path.suffix.lower() == ".npy":
        np.save(content, samples.numpy(), allow_pickle=False)
    else:
        np.savez_compressed(
            content,
            samples=samples.numpy(),
            latents=codes.latents.numpy(),
            labels=codes.labels.numpy(),
        )
    write_bytes(path, content.getvalue())


def write_gif(path: Path, images: Tensor) -> None:
    """Images [n, c, h, w] in [-1, 1] as an endless animation, enlarged if they are small."""
    times = max(1, -(-SEEN // images.shape[-1]))
    frames = [as_picture(pixels) for pixels in to_uint8(images)]
    size = (times * frames[0].width, times * frames[0].height)
    frames = [frame.resize(size, Image.Resampling.NEAREST) for frame in frames]
    content = io.BytesIO()
    options = {"save_all": True, "append_images": frames[1:], "duration": FRAME, "loop": 0}
    frames[0].save(content, format="gif", **options)
    write_bytes(path, content.getvalue())
