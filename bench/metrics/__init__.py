"""The metrics by name; their functions take tensors of features, classes or points.

A user may add metrics of their own (`own`). Importing this needs no torch. The histogram of the
classes is not in METRICS: it is recorded as `class_share/<class>`, a row for each class.
"""

from dataclasses import dataclass
from typing import Literal

from ..errors import InputError


@dataclass(frozen=True)
class Metric:
    """What a value in `evaluations.parquet` means."""

    target: str  # "module:function"; of one of a user's own its name in records
    title: str  # for axes and table heads
    better: Literal["lower", "higher", "neither"]
    help: str
    scale: Literal["log", "linear"] = "linear"  # on which models are compared: ratio or difference


METRICS: dict[str, Metric] = {
    "fid": Metric(
        "bench.metrics.frechet:fid",
        "FID",
        "lower",
        "Frechet distance between Gaussians fitted to real and generated features",
        scale="log",
    ),
    "kid": Metric(
        "bench.metrics.kernel:kid",
        "KID",
        "lower",
        "unbiased squared MMD between real and generated features, cubic kernel",
        scale="log",
    ),
    "modes": Metric(
        "bench.metrics.modes:modes_covered",
        "modes",
        "higher",
        "classes with at least 10 % of a uniform share of the samples; for stacked MNIST, classes "
        "with a sample; for a 2-D mixture, modes with a sample within 3 sigma",
    ),
    "mode_kl": Metric(
        "bench.metrics.modes:mode_kl",
        "mode KL",
        "lower",
        "KL divergence of the samples' classes from those of the training set (for stacked MNIST: "
        "from uniform), in nats",
    ),
    "label_accuracy": Metric(
        "bench.metrics.modes:label_accuracy",
        "label accuracy",
        "higher",
        "share of a conditional model's samples that the classifier assigns to the class asked for",
    ),
    "precision": Metric(
        "bench.metrics.manifold:manifold",
        "precision",
        "higher",
        "share of the samples within the neighbourhood of a real image (k = 3)",
    ),
    "recall": Metric(
        "bench.metrics.manifold:manifold",
        "recall",
        "higher",
        "share of the real images within the neighbourhood of a sample (k = 3)",
    ),
    "density": Metric(
        "bench.metrics.manifold:manifold",
        "density",
        "higher",
        "mean number of real images' neighbourhoods around a sample, over k = 5; may exceed 1",
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
        "data-copying statistic C_T: 0 is like held-out images, strongly negative is copying; at "
        "the end, unless the extractor was trained on the training images themselves",
    ),
    "fid_infinity": Metric(
        "bench.metrics.frechet:fid_infinity",
        "FID at infinity",
        "lower",
        "FID extrapolated to infinitely many samples; the reference's bias remains; at the end",
        scale="log",
    ),
    "fid_within_classes": Metric(
        "bench.metrics.frechet:fid_within_classes",
        "FID within classes",
        "lower",
        "mean over the classes of the FID within each, for conditional models; at the end",
        scale="log",
    ),
    "classifier_score": Metric(
        "bench.metrics.classifier_score:classifier_score",
        "classifier score",
        "neither",
        "the Inception score's formula with the extractor's classes; confidence is not quality",
    ),
    "sharpness": Metric(
        "bench.metrics.sharpness:sharpness",
        "sharpness",
        "neither",
        "share of the power of images at more than a quarter of a cycle a pixel, over that of "
        "held-out images: 1 is as sharp as these, less is blurred, more is rough",
        scale="log",
    ),
    "emd": Metric(
        "bench.metrics.transport:emd",
        "EMD",
        "lower",
        "earth mover's distance between samples and true points, in the unit of the plane",
        scale="log",
    ),
    "high_quality": Metric(
        "bench.metrics.points:high_quality",
        "high quality",
        "higher",
        "share of the points within 3 sigma of the nearest mode; 0.989 for true samples",
    ),
}
DEFAULT = "default"  # all of METRICS, as far as the data allow


def own_metrics(text: str) -> tuple[str, ...]:
    """The metrics of a user's own in "default,mine.py:Sharpness", in that order.

    Raises InputError without "default", for a name of METRICS, and for one that is there twice.
    """
    first, *others = (part.strip() for part in text.split(","))
    if first != DEFAULT:
        raise InputError(
            f"metrics are {DEFAULT}, or {DEFAULT} and some of your own: {DEFAULT},mine.py:Name; "
            f"not {text!r:.80}"
        )
    for name in others:
        if ":" not in name:
            raise InputError(
                f"{name!r:.80} is no metric of your own: {DEFAULT} has those of bench list"
            )
    if len(set(others)) < len(others):
        raise InputError(f"metrics must be named once each, not {text!r:.80}")
    return tuple(others)
