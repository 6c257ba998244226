"""An evaluation: samples from the same latents for every model, measured by its judge."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple, TypeVar

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

T = TypeVar("T")
BATCH = 500  # samples generated together
TOGETHER = 8  # models whose samples are held at a time
UNSEEN = (
    "no network to see images without labels: --features inception fetches its weights once, "
    "--features module:Class takes one of your own"
)
NO_JUDGE = "no judge, and the report draws no headline from it"
STRONGER = "for FID, take --features inception"


class Subject(NamedTuple):
    """A model to be measured, of a trial, by a judge."""

    model: GAN
    trial: Trial
    judge: Judge


Found = tuple[list[Measured], Absent]  # values, and why each metric that has none has none


def evaluate(subjects: Sequence[Subject], last: bool, threads: int = 1) -> list[Found | Diverged]:
    """Measure samples of each model; at the `last` point also what is measured only once.

    On a selection split it is the primary metric at the last point, and nothing else. Of a model
    with samples that are not finite, the divergence is returned. What is computed on features is
    computed by so many threads, for several models at a time; neither changes a bit.
    """
    found: list[Found | Diverged] = []
    for at in range(0, len(subjects), TOGETHER):
        found += _evaluate(subjects[at : at + TOGETHER], last, threads)
    return found


def _evaluate(subjects: Sequence[Subject], last: bool, threads: int) -> list[Found | Diverged]:
    looks = [_unless_diverged(partial(look, each, last, threads)) for each in subjects]
    seen = {at: each for at, each in enumerate(looks) if isinstance(each, Look)}
    if len(seen) > 1:
        for sight in filter(None, (each.sight for each in seen.values())):
            sight.real.prepare()
    owned = [(at, part) for at, each in seen.items() for part in each.parts]
    tasks = [partial(_in_turn, [one]) for one in owned]
    # One task, so that the activations of a second extractor are in memory once.
    again = [at for at, each in seen.items() if last and each.sight]
    tasks.append(
        partial(_in_turn, [(at, partial(seen_again, subjects[at], seen[at])) for at in again])
    )
    parts: list[list[Found | Diverged]] = [[] for _ in looks]
    for at, part in chain.from_iterable(in_threads(tasks, threads)):
        parts[at].append(part)
    every = zip(subjects, looks, parts, strict=True)
    return [_together(subject, each, own, last) for subject, each, own in every]


def _in_turn(
    parts: Sequence[tuple[int, Callable[[], Found]]],
) -> list[tuple[int, Found | Diverged]]:
    """What the parts give, one after the other, each with the place of its model."""
    return [(at, _unless_diverged(part)) for at, part in parts]


def _unless_diverged(compute: Callable[[], T]) -> T | Diverged:
    try:
        return compute()
    except Diverged as divergence:
        return divergence


def _together(
    subject: Subject, looked: "Look | Diverged", parts: list[Found | Diverged], last: bool
) -> Found | Diverged:
    """All values of a model: of the look at it, of the parts, and of the user's own metrics."""
    for each in (looked, *parts):
        if isinstance(each, Diverged):
            return each
    assert isinstance(looked, Look)
    measured, absent = list(looked.measured), dict(looked.absent)
    for rows, missing in (part for part in parts if not isinstance(part, Diverged)):
        measured += rows
        absent |= missing
    if subject.trial.metrics and looked.samples is not None:
        told = subject.model.conditional
        seen = (looked.samples, looked.labels, looked.sight, told, last)
        own, missing = measure_own(subject.trial, subject.judge, *seen)
        measured += own
        absent |= missing
    return measured, absent


@dataclass(frozen=True)
class Look:
    """Samples of a model and what is known of them; `parts` compute the rest from features."""

    measured: list[Measured]
    absent: Absent
    samples: Tensor | None  # None where the metrics of a user's own are not asked for
    labels: Tensor
    sight: Sight | None = None
    parts: Sequence[Callable[[], Found]] = ()


def look(subject: Subject, last: bool, threads: int) -> Look:
    """Generate samples and look at them, by so many threads. Raises Diverged."""
    model, trial, judge = subject
    dataset, device = judge.dataset, trial.device
    if dataset.measured_to == SELECTION:
        return Look(for_selection(subject) if last else [], {}, None, torch.empty(0))
    samples = max(trial.samples, dataset.mode_samples or 0)
    labels = balanced_labels(samples, dataset.spec.classes).to(device)
    images = generate(model, labels, Streams(trial.seed, device)["eval"])
    few = images[: trial.samples], labels[: trial.samples]
    if dataset.truth is not None:
        measured = measure_points(images, labels, dataset, model.conditional)
        return Look(measured + ([again(subject, labels)] if last else []), {}, *few)
    if judge.network is None:
        return Look([], {"fid": UNSEEN}, *few)
    sight = seen_by(judge, *few, images[trial.samples :], threads)
    _ = sight.real.gaussian  # made once, and not by two threads
    parts: list[Callable[[], Found]] = [
        lambda: (distances(sight), {}),
        lambda: (manifolds(sight), {}),
        lambda: modes(sight, model.conditional),
        lambda: (sharp(sight.judge, few[0]), {}),
    ]
    if last:
        parts.append(lambda: at_the_end(sight, model.conditional, trial.seed))
    return Look([], {}, *few, sight, parts)


def seen_again(subject: Subject, looked: Look) -> Found:
    """The FID of samples from other latents, and that of the same samples by a second extractor."""
    found = [again(subject, looked.labels)]
    if second := subject.judge.second:
        assert looked.samples is not None
        found.append(fid(seen_by(second, looked.samples, looked.labels)))
    return found, {}


def for_selection(subject: Subject) -> list[Measured]:
    """The primary metric alone: a search of hundreds of trials rests on nothing else."""
    model, trial, judge = subject
    labels = balanced_labels(trial.samples, judge.dataset.spec.classes).to(trial.device)
    images = generate(model, labels, Streams(trial.seed, trial.device)["eval"])
    if judge.dataset.truth is not None:
        return [emd_of(images, judge.dataset)]
    return [] if judge.network is None else [fid(seen_by(judge, images, labels))]


def again(subject: Subject, labels: Tensor) -> Measured:
    """The primary metric again, of samples from other latents: it tells the noise of sampling."""
    model, trial, judge = subject
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
