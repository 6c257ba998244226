"""An evaluation: samples from the same latents for every model, measured by its judge."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor

from gan_zoo.adoption import undisturbed
from gan_zoo.base import GAN
from gan_zoo.streams import Stream, Streams

from ..datasets import OWN_FEATURES
from ..datasets.dataset import load_dataset, to_uint8, to_unit
from ..datasets.selection import SELECTION
from ..errors import Diverged
from ..extractors import EXTRACTORS, NONE, extractor_name
from ..extractors.judge import Judge, judge_of, load_network
from ..extractors.trust import is_judge, weakness
from ..parallel import in_threads
from ..planning.trial import Trial
from ..records.writing import Measured
from .images import Absent, Sight, at_the_end, distances, fid, manifolds, modes, seen_by, sharp
from .own import measure_own
from .points import emd_of, measure_points

BATCH = 500  # samples generated together
UNSEEN = (
    "no network to see images without labels: --features inception fetches its weights once, "
    "--features module:Class takes one of your own"
)
NO_JUDGE = "no judge, and the report draws no headline from it"
STRONGER = "for FID, take --features inception"


def evaluate(
    model: GAN, trial: Trial, judge: Judge, last: bool, threads: int = 1
) -> tuple[list[Measured], Absent]:
    """Measure samples of the model; at the last point also what is measured only once.

    On a selection split it is the primary metric at the last point, and nothing else. Returns the
    values, and the reason for each metric that could not be measured; so many threads compute them,
    with the same bits. Raises Diverged if a sample is not finite.
    """
    dataset, device = judge.dataset, trial.device
    if dataset.measured_to == SELECTION:
        return for_selection(model, trial, judge) if last else [], {}
    samples = max(trial.samples, dataset.mode_samples or 0)
    labels = balanced_labels(samples, dataset.spec.classes).to(device)
    images = generate(model, labels, Streams(trial.seed, device)["eval"])
    few, sight = slice(trial.samples), None
    if dataset.truth is not None:
        measured, absent = measure_points(images, labels, dataset, model.conditional), Absent()
        measured += [again(model, trial, judge, labels)] if last else []
    elif judge.network is None:
        measured, absent = [], {"fid": UNSEEN}
    else:
        sight = seen_by(judge, images[few], labels[few], images[trial.samples :], threads)
        measured, absent = measure_images(model, trial, sight, images[few], last, threads)
    if trial.metrics:
        told = model.conditional
        own, missing = measure_own(trial, judge, images[few], labels[few], sight, told, last)
        return measured + own, absent | missing
    return measured, absent


def measure_images(
    model: GAN, trial: Trial, sight: Sight, images: Tensor, last: bool, threads: int
) -> tuple[list[Measured], Absent]:
    """As `evaluate`, of the images of which a judge has had this sight."""
    _ = sight.real.gaussian  # made once, and not by two threads
    parts: list[Callable[[], tuple[list[Measured], Absent]]] = [
        lambda: (distances(sight), {}),
        lambda: (manifolds(sight), {}),
        lambda: modes(sight, model.conditional),
        lambda: (sharp(sight.judge, images), {}),
    ]
    if last:
        parts.append(lambda: at_the_end(sight, model.conditional, trial.seed))
        # One part uses extractors: their settings are those of the whole process.
        parts.append(lambda: (seen_again(model, trial, sight.judge, images, sight.labels), {}))
    found: list[Measured] = []
    absent: Absent = {}
    for rows, missing in in_threads(parts, threads):
        found += rows
        absent |= missing
    return found, absent


def seen_again(
    model: GAN, trial: Trial, judge: Judge, images: Tensor, labels: Tensor
) -> list[Measured]:
    """The FID of samples from other latents, and that of the same samples by a second extractor."""
    found = [again(model, trial, judge, labels)]
    if second := judge.second:
        found.append(fid(seen_by(second, images, labels)))
    return found


def for_selection(model: GAN, trial: Trial, judge: Judge) -> list[Measured]:
    """The primary metric alone: a search of hundreds of trials rests on nothing else."""
    labels = balanced_labels(trial.samples, judge.dataset.spec.classes).to(trial.device)
    images = generate(model, labels, Streams(trial.seed, trial.device)["eval"])
    if judge.dataset.truth is not None:
        return [emd_of(images, judge.dataset)]
    return [] if judge.network is None else [fid(seen_by(judge, images, labels))]


def again(model: GAN, trial: Trial, judge: Judge, labels: Tensor) -> Measured:
    """The primary metric again, of samples from other latents: it tells the noise of sampling."""
    images = generate(model, labels, Streams(trial.seed, trial.device)["eval/again"])
    if judge.dataset.truth is not None:
        value = emd_of(images, judge.dataset)
    else:
        value = fid(seen_by(judge, images, labels))
    return replace(value, metric=f"{value.metric}_again")


@torch.no_grad()
def generate(model: GAN, labels: Tensor, rng: Stream) -> Tensor:
    """Samples for labels [n]: points, or images in [-1, 1], rounded to 8 bits as real ones are.

    Generated in `eval()` mode (running statistics), in fp32. Raises Diverged if one is not finite.
    """
    model.eval()
    parts, broken = [], 0
    for asked in labels.split(BATCH):
        with undisturbed(model.sampler):
            part = model.sample(asked, rng)
        broken += int((~part.flatten(1).isfinite().all(dim=1)).sum())
        # Part by part, to save memory: 4,000 colour images of 64 pixels are 200 MB a copy.
        parts.append(to_unit(to_uint8(part)) if part.ndim == 4 else part)
    model.train()
    if broken:
        raise Diverged(f"{broken} of {len(labels)} samples are not finite")
    return torch.cat(parts)


def balanced_labels(samples: int, classes: int) -> Tensor:
    """[samples] 0, 1, .., classes - 1, 0, 1, ..: each class as often as every other."""
    return torch.arange(samples) % classes


def judge_for(trial: Trial) -> Judge:
    """The judge of a trial: its data set, and the extractor that looks at it."""
    return judge_of(trial.source, trial.size, trial.features, trial.device)


def prepare(trials: Iterable[Trial], progress: Callable[[str], None]) -> None:
    """Load the extractors that are not shipped, so that the trials' processes find them.

    One may have to be trained or downloaded, or may not fit: that shows before hours of training.
    `progress` is also told of a classifier that is a weak judge.
    """
    shipped = {name for name, entry in EXTRACTORS.items() if entry.weights} | {NONE, OWN_FEATURES}
    wanted = {(t.features, t.source, t.size) for t in trials}
    for features, source, size in sorted(wanted, key=str):
        if extractor_name(features) not in shipped:
            dataset = load_dataset(source, size)
            accuracy = load_network(features, dataset, "cpu", progress).accuracy
            if accuracy is not None and (why := weakness(accuracy, len(dataset.holdout))):
                what = "a weak judge" if is_judge(accuracy, len(dataset.holdout)) else NO_JUDGE
                progress(f"{dataset.name}: its classifier is {what}, {why}: {STRONGER}")
