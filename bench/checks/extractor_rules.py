"""Rules for extractors of a user's own, beside those that loading one tries."""

import torch

from ..datasets.dataset import Dataset, load_dataset, to_unit
from ..extractors.custom import load_custom
from .check import OK, Check, Found
from .dataset_rules import shared_state

SAMPLES = 64
Subject = tuple[str, str]  # reference, data set


def loads(subject: Subject) -> Found:
    """It loads, and gives the same finite features for an image, alone or in a batch."""
    reference, name = subject
    extractor = load_custom(reference, load_dataset(name).spec.shape)
    return "ok", f"{extractor.features} features, {extractor.classes} classes"


def tells(subject: Subject) -> Found:
    """Images that differ have features that differ."""
    reference, data = subject[0], load_dataset(subject[1])
    seen = load_custom(reference, data.spec.shape)(to_unit(data.holdout.samples[:SAMPLES]))
    constant = int((seen.features.std(dim=0) == 0).sum())
    total = seen.features.shape[1]
    if constant == total:
        return "failed", "all images have the same features"
    told = f"{constant} of {total} features are the same for all images"
    return ("warning", told) if constant > total / 2 else OK


def classes(subject: Subject) -> Found:
    """Its classes are as many as those of the data, so that modes can be counted."""
    reference, data = subject[0], load_dataset(subject[1])
    extractor = load_custom(reference, data.spec.shape)
    if extractor.classes != data.spec.classes:
        told = f"{extractor.classes} classes, and {data.name} has {data.spec.classes}"
        return "warning", f"{told}: modes are not counted"
    return "ok", f"{_right(reference, data):.0%} of held-out images are classified rightly"


def _right(reference: str, data: Dataset) -> float:
    held = data.holdout
    seen = load_custom(reference, data.spec.shape)(to_unit(held.samples[:SAMPLES]))
    return float((seen.predicted == held.labels[:SAMPLES]).float().mean())


def generators(subject: Subject) -> Found:
    """It draws nothing from the generators that all of Python shares."""
    extractor = load_custom(subject[0], load_dataset(subject[1]).spec.shape)
    before = shared_state()
    extractor(torch.zeros(2, *load_dataset(subject[1]).spec.shape))
    moved = [name for name, state in shared_state().items() if state != before[name]]
    return ("failed", f"it draws from {', '.join(moved)}") if moved else OK


CHECKS: dict[str, Check] = {
    "loads": Check(loads, "see docs/extending.md"),
    "tells": Check(tells, "look at the layer that the features come from"),
    "classes": Check(classes, "give logits of the classes of the data, in their order"),
    "generators": Check(generators, "eval() switches off dropout and noise"),
}
