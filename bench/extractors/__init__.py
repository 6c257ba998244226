"""EXTRACTORS: the frozen networks whose features the metrics compare, by name.

A user may refer to an extractor (`--features`) by

    NAME                 an entry of EXTRACTORS
    inception:FILE       the extractor inception, with weights from FILE
    module:Class[:FILE]  a network of their own (also file.py:Class[:FILE]), see `custom`
    auto, none           the data set's default, or no extractor

The name of an entry point is resolved to its module:Class before it comes here.
"""

from dataclasses import dataclass

from gan_zoo.catalog import unknown

from ..errors import InputError
from ..extensions import portable


@dataclass(frozen=True)
class ExtractorEntry:
    """A frozen network that turns samples into features, and its weights."""

    target: str  # "module:Class", or "module:function" that loads it
    weights: str  # file in extractors/weights; "" if the weights are downloaded or trained
    sha256: str  # of that file
    help: str
    second: str | None = None  # its twin from another seed, which shows if a ranking depends on it
    trained_on: tuple[str, ...] = ()  # data sets whose training images it was trained on, or ANY


ANY = "any"  # in `trained_on`: every data set that it is used on
NONE = "none"  # no extractor: the trial is trained and its samples are shown, but not measured
PIXELS = "pixels"  # in a protocol: measured on the images themselves, through no extractor
EXTRACTORS: dict[str, ExtractorEntry] = {
    "digits-lenet": ExtractorEntry(
        "bench.extractors.network:DigitsLeNet",
        "digits-lenet.safetensors",
        "d5d464f6298e4307af60abdc42ea0521bf98d1c4954a46dc9313b96b3440f883",
        "a small digit classifier, trained on MNIST without the images of mnist5k",
        second="digits-lenet-2",
        trained_on=("mnist",),
    ),
    "digits-lenet-2": ExtractorEntry(
        "bench.extractors.network:DigitsLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "digits-lenet trained from another seed, to see if a ranking depends on the extractor",
        trained_on=("mnist",),
    ),
    "stacked-lenet": ExtractorEntry(
        "bench.extractors.network:StackedLeNet",
        "digits-lenet.safetensors",
        "d5d464f6298e4307af60abdc42ea0521bf98d1c4954a46dc9313b96b3440f883",
        "digits-lenet on each of the three channels: 192 features, 1000 classes",
        second="stacked-lenet-2",
        trained_on=("stacked-mnist@mnist",),
    ),
    "stacked-lenet-2": ExtractorEntry(
        "bench.extractors.network:StackedLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "digits-lenet-2 on each of the three channels",
        trained_on=("stacked-mnist@mnist",),
    ),
    "inception": ExtractorEntry(
        "bench.extractors.inception:load_inception",
        weights="",
        sha256="",
        help="the network of published FIDs; inception:FILE takes weights from a file, else they "
        "are downloaded",
    ),
    "classifier": ExtractorEntry(
        "bench.extractors.classifier:load_or_train",
        weights="",
        sha256="",
        help="a small classifier, trained once on the data set's own labels and cached",
        trained_on=(ANY,),
    ),
}


def check_features(reference: str) -> None:
    """Raises InputError if a reference is of none of the forms above. Imports nothing."""
    if is_custom(reference):
        return  # only loading it shows whether it exists
    first, _, file = reference.partition(":")
    if first not in (*EXTRACTORS, "auto", NONE) or (file and first != "inception"):
        raise InputError(unknown("feature extractor", reference, [*EXTRACTORS, "auto", NONE]))


def extractor_name(reference: str) -> str:
    """A reference without its file: "inception:FILE" -> "inception", "m:C:FILE" -> "m:C"."""
    first, _, rest = reference.partition(":")
    if first in EXTRACTORS:
        return first
    return portable(":".join([first, *rest.split(":")[:1]]).strip(":"))


def is_custom(reference: str) -> bool:
    """Is it a network of the user's own, `module:Class[:FILE]`?"""
    first, _, rest = reference.partition(":")
    return bool(rest) and first not in EXTRACTORS


def without_hash(protocol: str) -> str:
    """The extractor in a row's column `features`: "NAME:HASH" -> NAME; "points" stays as it is."""
    return protocol.rpartition(":")[0] or protocol


def saw_training_images(reference: str, dataset: str) -> bool:
    """Was the extractor trained on the training images of this data set?

    `reference` is as in `--features` or as in the column `features`. A user's own network is
    assumed not to have been.
    """
    entry = EXTRACTORS.get(extractor_name(reference))
    return entry is not None and (dataset in entry.trained_on or ANY in entry.trained_on)


def second_extractor(reference: str) -> str | None:
    """The twin of an extractor from another seed; None if it has none."""
    entry = EXTRACTORS.get(reference)
    return entry.second if entry else None
