"""An evaluation: samples of the same latents for every model, seen by a frozen network."""

from functools import lru_cache

import torch
from torch import Tensor

from gan_zoo.base import GAN
from gan_zoo.streams import Stream, Streams

from .catalog import EXTRACTORS
from .datasets import Dataset, load_dataset, to_uint8, to_unit
from .errors import Diverged
from .features import Extractor, Seen, load_extractor
from .metrics import frechet, kernel, modes
from .records import Measured
from .trial import Trial

BATCH = 500  # samples generated or looked at together


def evaluate(model: GAN, trial: Trial, last: bool) -> list[Measured]:
    """FID, KID and modes of samples of the model; FID of a second network if `last`.

    Raises Diverged if a sample is not finite.
    """
    dataset, device = load_dataset(trial.dataset, trial.size), trial.device
    labels = balanced_labels(trial.samples, dataset.spec.classes).to(device)
    images = generate(model, labels, Streams(trial.seed, device)["eval"])

    def seen_by(features: str) -> tuple[Seen, list[Measured]]:
        seen = load(features, device)(images)
        reference = reference_features(trial.dataset, trial.size, features, device)
        return seen, distances(seen, reference, load(features, device).protocol)

    seen, found = seen_by(trial.features)
    found += by_class(model, seen, labels, dataset, load(trial.features, device).protocol)
    second = EXTRACTORS[trial.features].second
    if last and second:
        found += [m for m in seen_by(second)[1] if m.metric == "fid"]
    return found


@torch.no_grad()
def generate(model: GAN, labels: Tensor, rng: Stream) -> Tensor:
    """Samples for labels [n], as a picture file would hold them: [n, *shape] in [-1, 1].

    In `eval()` mode (running statistics), in fp32, rounded to 8 bits as the real images are.
    """
    model.eval()
    parts = [model.sample(part, rng) for part in labels.split(BATCH)]
    model.train()
    images = torch.cat(parts)
    broken = int((~images.flatten(1).isfinite().all(dim=1)).sum())
    if broken:
        raise Diverged(f"{broken} of {len(images)} samples are not finite")
    return to_unit(to_uint8(images)) if images.ndim == 4 else images


def balanced_labels(samples: int, classes: int) -> Tensor:
    """[samples] 0, 1, .., classes - 1, 0, 1, ..: each class as often as every other."""
    return torch.arange(samples) % classes


def distances(seen: Seen, reference: Seen, features: str) -> list[Measured]:
    """FID, then KID, of what was seen to a reference, with their protocols."""
    n, m = len(seen.features), len(reference.features)
    fid = frechet.fid(seen.features, reference.features)
    kid = kernel.kid(seen.features, reference.features)
    return [
        Measured("fid", fid, features, n, f"train:{m}"),
        Measured("kid", kid, features, n, f"train:{m}"),
    ]


def by_class(
    model: GAN, seen: Seen, labels: Tensor, dataset: Dataset, features: str
) -> list[Measured]:
    """Modes, their KL divergence and histogram; a conditional model's label accuracy."""
    classes, train = dataset.spec.classes, dataset.train.labels
    shares = modes.class_shares(seen.predicted, classes)
    wanted = modes.class_shares(train, classes)
    values = {
        "modes": modes.modes_covered(shares),
        "mode_kl": modes.mode_kl(shares, wanted),
    }
    if model.conditional:
        values["label_accuracy"] = modes.label_accuracy(seen.predicted, labels)
    values |= {f"class_share/{k}": share for k, share in enumerate(shares.tolist())}
    reference = f"train:{len(train)}"
    return [Measured(k, float(v), features, len(labels), reference) for k, v in values.items()]


@lru_cache
def load(features: str, device: str) -> Extractor:
    return load_extractor(features, device)


@lru_cache
def reference_features(name: str, size: int | None, features: str, device: str) -> Seen:
    """What the frozen network sees in the training set: once for all trials of a process."""
    train = load_dataset(name, size).train
    return load(features, device)(to_unit(train.samples.to(device)))
