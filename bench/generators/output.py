"""Where a command writes, and samples as files: one picture, single ones, arrays, an animation."""

import io
import math
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from ..datasets.dataset import to_uint8
from ..errors import InputError
from ..evaluation.pictures import GRID, grid, write_png
from ..files import write_bytes
from .load import Trained
from .sampling import Codes

ENDINGS = (".png", ".npy", ".npz", ".gif")
WIDEST = 32  # samples side by side
FRAME = 60  # milliseconds a frame of an animation
SEEN = 112  # pixels a side of an animation, at least


def place(trained: Trained, out: Path | None, what: str, endings: tuple[str, ...]) -> Path:
    """`out`, or DIR/latent/<dataset>-<label>-s<seed>-<what> with the first of `endings`.

    Raises InputError where `out` has another ending; "" stands for a folder.
    """
    if out is None:
        trial = trained.trial
        name = f"{trial.dataset}-{trial.label}-s{trial.seed}-{what}{endings[0]}"
        return trained.root / "latent" / name
    if out.suffix.lower() not in endings and "" not in endings:
        raise InputError(f"--out {out} must end in {' or '.join(endings)}")
    if "" in endings and out.is_file():
        raise InputError(f"--out {out} is a file, and --each writes a folder of files")
    if "" not in endings and out.is_dir():
        raise InputError(f"--out {out} is a folder, and one file is written")
    return out


def columns_for(trained: Trained, n: int, labels: int = 0) -> int:
    """Samples side by side: a column a class that was asked for, or else about a square.

    labels: how many were named; 0 is all of a conditional model.
    """
    columns = labels or (trained.model.spec.classes if trained.model.conditional else 1)
    if 1 < columns <= WIDEST:
        return min(n, columns)
    return min(n, WIDEST, math.ceil(math.sqrt(n)))


def write_grid(path: Path, images: Tensor, columns: int = GRID[1]) -> None:
    """Images [n, c, h, w] in [-1, 1] as one PNG, row by row."""
    write_png(path, grid(images, columns))


def write_each(folder: Path, images: Tensor, codes: Codes, conditional: bool) -> None:
    """Each of n images [n, c, h, w] as FOLDER/00000.png; a conditional model's with its label."""
    for i, (pixels, label) in enumerate(zip(to_uint8(images), codes.labels.tolist(), strict=True)):
        write_png(folder / f"{i:05d}{f'-{label}' if conditional else ''}.png", pixels)


def write_arrays(path: Path, samples: Tensor, codes: Codes) -> None:
    """Samples [n, *shape] float32 as .npy; as .npz with the latents and labels they came from."""
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
    """Images [n, c, h, w] in [-1, 1] as an endless animation, small ones made larger."""
    times = max(1, -(-SEEN // images.shape[-1]))
    frames = [to_pil_image(pixels) for pixels in to_uint8(images)]
    size = tuple(times * side for side in frames[0].size)
    frames = [frame.resize(size, Image.Resampling.NEAREST) for frame in frames]
    content = io.BytesIO()
    options = {"save_all": True, "append_images": frames[1:], "duration": FRAME, "loop": 0}
    frames[0].save(content, format="gif", **options)
    write_bytes(path, content.getvalue())
