"""An evaluation: samples of the same latents for every model, seen by a frozen network."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor

from gan_zoo.base import GAN
from gan_zoo.streams import Stream, Streams

from ..datasets.dataset import load_dataset, to_uint8, to_unit
from ..errors import Diverged
from ..extractors import EXTRACTORS, NONE, extractor_name, second_extractor
from ..extractors.load import extractor, reference
from ..planning.trial import Trial
from ..records.writing import Measured
from .images import Absent, Sight, at_the_end, distances, fid, manifolds, modes
from .points import emd_of, measure_points

BATCH = 500  # samples generated together
UNSEEN = (
    "no network to see images without labels: --features inception fetches its weights once, "
    "--features module:Class takes one of your own"
)


def evaluate(model: GAN, trial: Trial, last: bool) -> tuple[list[Measured], Absent]:
    """Measures samples of the model; at the last point also what is measured once.

    Returns the values, and for metrics that could not be measured the reason. Raises Diverged if
    a sample is not finite.
    """
    dataset, device = load_dataset(trial.source, trial.size), trial.device
    samples = max(trial.samples, dataset.mode_samples or 0)
    labels = balanced_labels(samples, dataset.spec.classes).to(device)
    images = generate(model, labels, Streams(trial.seed, device)["eval"])
    if dataset.truth is not None:
        measured = measure_points(images, labels, dataset, model.conditional)
        return measured + ([again(model, trial, labels)] if last else []), {}
    if trial.features == NONE:
        return [], {"fid": UNSEEN}
    few, of = slice(trial.samples), (trial.source, trial.size)
    sight = seen_by(trial.features, images[few], labels[few], *of, more=images[trial.samples :])
    counted, absent = modes(sight, model.conditional)
    found = distances(sight) + manifolds(sight) + counted
    if last:
        holdout = reference(*of, trial.features, device, "holdout").seen
        once, missing = at_the_end(sight, holdout, model.conditional, trial.seed)
        found, absent = [*found, *once, again(model, trial, labels[few])], absent | missing
        if second := second_extractor(trial.features):
            found.append(fid(seen_by(second, images[few], labels[few], *of)))
    return found, absent


def again(model: GAN, trial: Trial, labels: Tensor) -> Measured:
    """The primary metric once more, of samples from other latents: the noise of the sample."""
    dataset = load_dataset(trial.source, trial.size)
    images = generate(model, labels, Streams(trial.seed, trial.device)["eval/again"])
    if dataset.truth is not None:
        value = emd_of(images, dataset)
    else:
        value = fid(seen_by(trial.features, images, labels, trial.source, trial.size))
    return replace(value, metric=f"{value.metric}_again")


@torch.no_grad()
def generate(model: GAN, labels: Tensor, rng: Stream) -> Tensor:
    """Samples for labels [n]: points, or images in [-1, 1] as a picture file would hold them.

    In `eval()` mode (running statistics), in fp32; images rounded to 8 bits as the real ones are.
    """
    model.eval()
    parts, broken = [], 0
    for asked in labels.split(BATCH):
        part = model.sample(asked, rng)
        broken += int((~part.flatten(1).isfinite().all(dim=1)).sum())
        # Rounded part by part: 4,000 colour images of 64 pixels are 200 MB, and each copy as much.
        parts.append(to_unit(to_uint8(part)) if part.ndim == 4 else part)
    model.train()
    if broken:
        raise Diverged(f"{broken} of {len(labels)} samples are not finite")
    return torch.cat(parts)


def balanced_labels(samples: int, classes: int) -> Tensor:
    """[samples] 0, 1, .., classes - 1, 0, 1, ..: each class as often as every other."""
    return torch.arange(samples) % classes


def seen_by(
    features: str,
    images: Tensor,
    labels: Tensor,
    name: str,
    size: int | None,
    more: Tensor | None = None,
) -> Sight:
    """What the extractor `features` sees in images [n, *shape] and in the training set.

    `more` are images of which only the class is kept, for modes that are counted on many.
    """
    device = str(images.device)
    look = extractor(features, name, size, device)
    generated = look(images)
    predicted = [generated.predicted]
    if more is not None and len(more):
        predicted += [look(part).predicted for part in more.split(BATCH)]
    return Sight(
        protocol=look.protocol,
        generated=generated,
        labels=labels,
        predicted=torch.cat(predicted),
        train=reference(name, size, features, device, "train"),
        dataset=load_dataset(name, size),
    )


def accuracy(trial: Trial) -> float | None:
    """The share of held-out images that the trial's extractor classifies rightly, where known."""
    if trial.features in (NONE, "points"):
        return None
    return extractor(trial.features, trial.source, trial.size, trial.device).accuracy


def prepare(trials: Iterable[Trial], progress: Callable[[str], None]) -> None:
    """Load the extractors that are not shipped, so that the trials' processes find them.

    One may have to be trained, or downloaded, or be wrong: better before a trial than after.
    """
    shipped = {name for name, entry in EXTRACTORS.items() if entry.weights} | {NONE, "points"}
    wanted = {(t.features, t.source, t.size) for t in trials}
    for features, name, size in sorted(wanted, key=str):
        if extractor_name(features) not in shipped:
            extractor(features, name, size, "cpu", progress)
