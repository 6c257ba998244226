"""EXTRACTORS: the frozen networks whose features the metrics compare, by name."""

from dataclasses import dataclass
from pathlib import Path

from gan_zoo.catalog import unknown

from ..errors import InputError


@dataclass(frozen=True)
class ExtractorEntry:
    """A frozen network that turns samples into features, and its weights."""

    target: str  # "module:Class"
    weights: str  # file in extractors/weights; empty for one that is made when it is needed
    sha256: str
    help: str
    second: str | None = None  # a differently seeded twin: does the ranking survive it?
    trained_on: tuple[str, ...] = ()  # data sets whose training images it was trained on, or ANY


ANY = "any"  # data set, of an extractor that is trained on whichever it judges
NONE = "none"  # no extractor: trained and pictured, but not measured
EXTRACTORS: dict[str, ExtractorEntry] = {
    "digits-lenet": ExtractorEntry(
        "bench.extractors.network:DigitsLeNet",
        "digits-lenet.safetensors",
        "d5d464f6298e4307af60abdc42ea0521bf98d1c4954a46dc9313b96b3440f883",
        "a small digit classifier, trained on MNIST without any image of mnist5k",
        second="digits-lenet-2",
        trained_on=("mnist",),
    ),
    "digits-lenet-2": ExtractorEntry(
        "bench.extractors.network:DigitsLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "the same from another seed: does the ranking survive it?",
        trained_on=("mnist",),
    ),
    "stacked-lenet": ExtractorEntry(
        "bench.extractors.network:StackedLeNet",
        "digits-lenet.safetensors",
        "d5d464f6298e4307af60abdc42ea0521bf98d1c4954a46dc9313b96b3440f883",
        "digits-lenet on each of three channels: 192 features, 1000 classes",
        second="stacked-lenet-2",
        trained_on=("stacked-mnist@mnist",),
    ),
    "stacked-lenet-2": ExtractorEntry(
        "bench.extractors.network:StackedLeNet",
        "digits-lenet-2.safetensors",
        "95ca5043c74359e09b4d6f215e2bea73aa34308f897fb0bfadad38f9a410cde1",
        "the same with digits-lenet-2",
        trained_on=("stacked-mnist@mnist",),
    ),
    "inception": ExtractorEntry(
        "bench.extractors.inception:load_inception",
        weights="",
        sha256="",
        help="the network of published FIDs; its weights are downloaded, or given: inception:FILE",
    ),
    "classifier": ExtractorEntry(
        "bench.extractors.classifier:load_or_train",
        weights="",
        sha256="",
        help="a small network trained once on the data set's own labels, and cached",
        trained_on=(ANY,),
    ),
}


def check_features(reference: str) -> None:
    """Raises InputError if `--features` can be no extractor."""
    if is_custom(reference):
        return  # it must be loaded to know whether it is there
    first, _, file = reference.partition(":")
    if first not in (*EXTRACTORS, "auto", NONE) or (file and first != "inception"):
        raise InputError(unknown("feature extractor", reference, [*EXTRACTORS, "auto", NONE]))


def extractor_name(reference: str) -> str:
    """Without the file of weights: "inception:FILE" -> "inception", "m:Class:FILE" -> "m:Class"."""
    first, _, rest = reference.partition(":")
    if first in EXTRACTORS:
        return first
    return portable(":".join([first, *rest.split(":")[:1]]).strip(":"))


def portable(reference: str) -> str:
    """A class by a name that holds wherever its file lies: "a/mine.py:Net" -> "mine.py:Net"."""
    module, colon, name = reference.partition(":")
    return f"{Path(module).name}{colon}{name}" if module.endswith(".py") else reference


def is_custom(reference: str) -> bool:
    """Is it a network of the user's own, `module:Class[:FILE]`?"""
    first, _, rest = reference.partition(":")
    return bool(rest) and first not in EXTRACTORS


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
