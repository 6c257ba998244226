"""Rules for data sets of a user's own: trials on them can be repeated, and scores are fair."""

import hashlib
import random

import numpy as np
import torch
from torch import Tensor

from ..datasets.dataset import Dataset, Split, load_dataset
from .check import OK, Check, Found

BATCH = 64  # samples, as a run takes by default
FEW = 100  # held-out samples, below which the floor of the scale says little
SHARED = 0.01  # of the held-out samples may be among the training ones, as in scans of one page


def loads(reference: str) -> Found:
    """Both parts have the declared shape, classes and type."""
    data = load_dataset.__wrapped__(reference)
    shape = "x".join(map(str, data.spec.shape))
    return "ok", f"{len(data.train):,} of {shape} to train on, {len(data.holdout):,} held out"


def repeatable(reference: str) -> Found:
    """Loading it again gives the same samples."""
    first, second = (load_dataset.__wrapped__(reference) for _ in range(2))
    return OK if first.content == second.content else ("failed", "it gives other samples each time")


def generators(reference: str) -> Found:
    """Loading it draws nothing from the generators that all of Python shares."""
    before = shared_state()
    load_dataset.__wrapped__(reference)
    moved = [name for name, state in shared_state().items() if state != before[name]]
    return ("failed", f"it draws from {', '.join(moved)}") if moved else OK


def shared_state() -> dict[str, str]:
    """A hash of the state of each generator that is not anybody's own."""
    states = {"torch's generator": torch.get_rng_state().numpy().tobytes()}
    states["numpy.random"] = str(np.random.get_state()).encode()  # noqa: NPY002, only looked at
    states["random"] = str(random.getstate()).encode()
    return {name: hashlib.sha256(state).hexdigest() for name, state in states.items()}


def apart(reference: str) -> Found:
    """No held-out sample is among those to train on."""
    data = load_dataset(reference)
    known = set(_rows(data.train))
    both = sum(row in known for row in _rows(data.holdout))
    told = f"{both:,} of {len(data.holdout):,} held-out samples are among the training samples"
    if both > SHARED * len(data.holdout):
        return "failed", told
    return ("warning", told) if both else OK


def classes(reference: str) -> Found:
    """Each class has samples in both parts."""
    data = load_dataset(reference)
    for part, split in _parts(data).items():
        there = set(split.labels.unique().tolist())
        if missing := [name for k, name in enumerate(data.mode_names) if k not in there]:
            return "failed", f"no sample of {', '.join(missing[:5])} {part}"
    return OK


def spread(reference: str) -> Found:
    """Samples differ from each other, and images use the range of a byte."""
    data = load_dataset(reference)
    samples = data.train.samples
    if bool((samples == samples[:1]).all()):
        return "failed", "all samples are the same"
    if data.truth is None and (brightest := int(samples.max())) <= 1:
        return "failed", f"the brightest value is {brightest}, and a byte goes up to 255"
    return OK


def enough(reference: str) -> Found:
    """There is a batch to train on, and enough is held out for the floor of the scale."""
    data = load_dataset(reference)
    if len(data.train) < BATCH:
        return "failed", f"{len(data.train)} samples to train on are fewer than a batch of {BATCH}"
    if len(data.holdout) < FEW:
        return "warning", f"{len(data.holdout)} held-out samples: the floor of the scale is rough"
    return OK


def _parts(data: Dataset) -> dict[str, Split]:
    return {"to train on": data.train, "held out": data.holdout}


def _rows(split: Split) -> list[bytes]:
    rows: Tensor = split.samples.flatten(1).cpu().contiguous()
    return [row.tobytes() for row in rows.numpy()]


CHECKS: dict[str, Check] = {
    "loads": Check(loads, "declare what `part` or `sample` gives"),
    "repeatable": Check(repeatable, "draw from the rng that it is given, and from nothing else"),
    "generators": Check(generators, "draw from the rng that it is given"),
    "holdout": Check(apart, "split once, and leave duplicates out"),
    "classes": Check(classes, "leave the class out, or split each class"),
    "spread": Check(spread, "images are bytes: multiply floats in [0, 1] by 255"),
    "enough": Check(enough, "hold out a fifth, say"),
}
