"""CelebA through torchvision: faces without labels, or labelled by some of their 40 attributes."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision import datasets

from gan_zoo.base import DataSpec

from ..errors import InputError, require
from .dataset import Dataset, Split, require_side
from .images import RECIPE, Progress, decode
from .storage import arrays_dir, as_tensor, cache_dir, digest, writing
from .vision import reading

SIDE = 64  # pixels, if no other size is asked for


@dataclass(frozen=True)
class Faces:
    """The labels of a set of faces: attributes, as CelebA's file names them, and their classes.

    The label is a sum over the attributes that a face has: 1 for the first, 2 for the second.
    """

    classes: tuple[str, ...]
    attributes: tuple[str, ...] = ()


FACES: dict[str, Faces] = {
    "celeba": Faces(("face",)),
    "celeba@smiling": Faces(("not smiling", "smiling"), ("Smiling",)),
    "celeba@male": Faces(("not male", "male"), ("Male",)),
    "celeba@eyeglasses": Faces(("no eyeglasses", "eyeglasses"), ("Eyeglasses",)),
    "celeba@smiling+male": Faces(
        ("not smiling, not male", "smiling, not male", "not smiling, male", "smiling, male"),
        ("Smiling", "Male"),
    ),
}
ATTRIBUTES = "celeba/list_attr_celeba.txt"
FILES = (
    *("celeba/img_align_celeba/", ATTRIBUTES),
    *(
        f"celeba/{name}.txt"
        for name in (
            *("identity_CelebA", "list_bbox_celeba"),
            *("list_landmarks_align_celeba", "list_eval_partition"),
        )
    ),
)


def faces(
    name: str = "celeba",
    size: int | None = None,
    data_dir: Path | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """The data set `name` of FACES: CelebA's own training split, with its test split held out.

    train and holdout [n, 3, size, size], the middle square of each picture; size None: 64. Rows
    are in CelebA's order; the label is 1 for a face that has the attribute, else 0, and 0 to 3 of
    two attributes (`Faces`). The pictures are decoded once for all of FACES, which is reported to
    `progress`. Files are read from
    `bench.datasets.storage.cache_dir`, and downloaded to it if they are missing. Raises InputError,
    in one line that names the folder and the files, if they can neither be found nor downloaded,
    or not be read; ValueError for a size outside SIDES.
    """
    asked = require(name, FACES, "set of faces")
    size = SIDE if size is None else size
    require_side(size)
    parts = [_part(name, part, size, data_dir, progress) for part in ("train", "test")]
    spec = DataSpec((3, size, size), len(asked.classes))
    return Dataset(name, spec, parts[0], parts[1], asked.classes)


def _part(
    name: str, part: str, size: int, data_dir: Path | None, progress: Progress | None
) -> Split:
    folder = cache_dir(data_dir)
    with reading(name, folder, FILES):
        found = datasets.CelebA(folder, split=part, target_type=[], download=True)
        paths = [folder / "celeba/img_align_celeba" / name for name in found.filename]
        facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    labels = _labels(found, FACES[name].attributes, folder)
    # Its name does not depend on the labels: all of FACES share one file of pictures.
    cached = arrays_dir(data_dir) / f"celeba-{size}px-{digest([part, size, RECIPE, *facts])}.npy"
    if not cached.exists():
        with writing(cached, (len(paths), 3, size, size)) as array:
            sources = decode(paths, array, progress)
            broken = [p.name for p, of in zip(paths, sources, strict=True) if not of.readable]
            if broken:
                raise InputError(
                    f"{name}: {len(broken)} images in {paths[0].parent} could not be read: "
                    f"{', '.join(broken[:5])}"
                )
    return Split(as_tensor(cached), labels)


def _labels(found: datasets.CelebA, attributes: tuple[str, ...], folder: Path) -> Tensor:
    """[n] int64: 0 to 2^k - 1 for k attributes, which count 1, 2, 4, ... where a face has them."""
    labels = torch.zeros(len(found), dtype=torch.int64)
    for place, attribute in enumerate(attributes):
        if attribute not in found.attr_names:
            raise InputError(
                f"{folder / ATTRIBUTES} has no attribute {attribute}: CelebA's own file has it"
            )
        labels += found.attr[:, found.attr_names.index(attribute)].to(torch.int64) << place
    return labels
