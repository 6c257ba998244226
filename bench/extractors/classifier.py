"""The extractor `classifier`: a small network trained once on a data set's own labels, then cached.

It is trained like `digits-lenet` (extractors/weights), but for a shorter time. As it was trained on
the training images that it later judges, its held-out accuracy is shown beside its numbers.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_zoo.base import DataSpec
from gan_zoo.precision import full_precision
from gan_zoo.streams import Stream, Streams

from ..datasets.dataset import Dataset, Split, to_unit
from ..errors import InputError
from ..files import write_bytes
from .network import Extractor, resized_to
from .weights.train_digits_lenet import BATCH, PEAK_RATE, TOTAL_VARIANCE, augment

VERSION = 1  # of the network and its training; part of the cache's key
SIZES = (28, 32, 64)  # sides of what the network looks at
Progress = Callable[[str], None]  # called with a line on the training, ten times or so


@dataclass(frozen=True)
class Recipe:
    """How the network is trained: Adam, one cycle of the learning rate, cross-entropy."""

    images: int = 300_000  # at most: five epochs of 60,000
    epochs: int = 30  # at most
    batch: int = BATCH
    peak_rate: float = PEAK_RATE
    seed: int = 0


DEFAULT = Recipe()


class SmallLeNet(nn.Module):
    """A classifier of square images, much like `DigitsLeNet`.

    `forward` takes images [n, *shape] in [-1, 1] and gives features [n, 64] (not negative,
    multiplied by the stored constant `scale`) and logits [n, classes]. It looks at 28, 32 or 64
    pixels: images of other sides are resized to the next larger of these, or to 64. Raises
    ValueError for images of another shape.
    """

    features: ClassVar[int] = 64
    scale: Tensor

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.shape, self.classes = shape, classes
        self.side = next((side for side in SIZES if shape[1] <= side), SIZES[-1])
        first = nn.Conv2d(shape[0], 24, 5, stride=2 if self.side > 32 else 1, bias=False)
        self.body = nn.Sequential(
            *(first, nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2)),  # 12 x 12, 14 or 15
            *(nn.Conv2d(24, 48, 3, padding=1, bias=False), nn.BatchNorm2d(48), nn.ReLU()),
            nn.MaxPool2d(2),  # 6 x 6 or 7 x 7
            *(nn.Conv2d(48, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
            *(nn.MaxPool2d(2), nn.Flatten()),  # 3 x 3
            # Batch norm before the last ReLU too: no unit dies, and all vary on one scale.
            *(nn.Linear(64 * 9, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU()),
        )
        self.head = nn.Linear(64, classes)
        # Brings the total variance on the training images to 64, as in `DigitsLeNet`.
        self.register_buffer("scale", torch.ones(()))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if tuple(images.shape[1:]) != self.shape:
            raise ValueError(f"images must be [n, *{self.shape}], not {list(images.shape)}")
        return self.of_resized(resized_to(self.side, images))

    def of_resized(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features and logits of images that have the network's side."""
        hidden = self.body(images)
        return hidden * self.scale, self.head(hidden)


def load_or_train(
    dataset: Dataset,
    cache: Path,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    recipe: Recipe = DEFAULT,
) -> Extractor:
    """The classifier of a data set, read from the folder `cache` or trained and written there.

    A file's name holds the hash of data and recipe and the hash of its own bytes. If a file is
    damaged or holds another network, the classifier is trained again. If several processes ask at
    the same time, one trains and the others wait. `accuracy` is the share of held-out images that
    it classifies correctly. Raises InputError for data with fewer than two classes, without
    held-out images, or that are not square images in grey or colour.
    """
    require_labels(dataset)
    report = progress or (lambda line: None)
    raw = _cached_or_trained(dataset, cache, torch.device(device), report, recipe)
    with torch.device("meta"):  # initial weights would be drawn from the global generator
        network = SmallLeNet(dataset.spec.shape, dataset.spec.classes)
    network.load_state_dict(safetensors.torch.load(raw), assign=True)
    network.to(torch.device(device)).to(memory_format=torch.channels_last)
    network.eval().requires_grad_(False)
    sha256, accuracy = hashlib.sha256(raw).hexdigest(), card_of(raw)["held_out_accuracy"]
    return Extractor("classifier", sha256, 64, dataset.spec.classes, network, accuracy)


def require_labels(dataset: Dataset) -> None:
    """Raises InputError for data that the classifier cannot be trained on."""
    shape, needs = dataset.spec.shape, "the extractor 'classifier' needs"
    if len(shape) != 3 or shape[0] not in (1, 3) or shape[1] != shape[2]:
        raise InputError(f"{needs} square images, grey or in colour; {dataset.name} has {shape}")
    if dataset.spec.classes < 2 or len(dataset.train.labels.unique()) < 2:
        raise InputError(
            f"{needs} labels of two classes, which {dataset.name} lacks: try --features inception"
        )
    if not len(dataset.holdout):
        raise InputError(f"{needs} held-out images, of which {dataset.name} has none")


def key_of(dataset: Dataset, recipe: Recipe = DEFAULT) -> str:
    """sha256 of everything that determines the weights: samples, labels, recipe and version."""
    known = asdict(recipe) | {"version": VERSION, "classes": dataset.spec.classes}
    digest = hashlib.sha256(json.dumps(known).encode())
    for split in (dataset.train, dataset.holdout):
        digest.update(f"{list(split.samples.shape)}".encode())
        for part in (*split.samples.split(4096), split.labels):  # in parts: they may be on disk
            digest.update(part.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def card_of(raw: bytes) -> dict[str, float]:
    """The card in a file of weights: its `held_out_accuracy` and how it was trained."""
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    card: dict[str, float] = json.loads(header["__metadata__"]["card"])
    return card


def _fits(raw: bytes, spec: DataSpec) -> bool:
    """Does `raw` hold a card, and the weights of the network for such data?"""
    try:
        accuracy, weights = card_of(raw)["held_out_accuracy"], safetensors.torch.load(raw)
    except Exception:  # the hash in the name may be forged, and the header hold anything
        return False
    with torch.device("meta"):
        wanted = SmallLeNet(spec.shape, spec.classes).state_dict()
    kinds = [{k: (v.shape, v.dtype) for k, v in found.items()} for found in (weights, wanted)]
    return isinstance(accuracy, float) and kinds[0] == kinds[1]


def _cached(cache: Path, key: str, spec: DataSpec, report: Progress) -> bytes | None:
    for file in sorted(cache.glob(f"classifier-{key}-*.safetensors")):
        raw = file.read_bytes()
        if hashlib.sha256(raw).hexdigest()[:12] == file.stem[-12:] and _fits(raw, spec):
            return raw
        report(f"{file.name} is damaged: the classifier is trained again")
        file.unlink(missing_ok=True)
    return None


def _cached_or_trained(
    dataset: Dataset, cache: Path, device: torch.device, report: Progress, recipe: Recipe
) -> bytes:
    key, spec = key_of(dataset, recipe)[:16], dataset.spec
    if raw := _cached(cache, key, spec, report):
        return raw
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".classifier-{key}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # released when the file is closed
        if raw := _cached(cache, key, spec, report):  # another process was first
            return raw
        raw = _trained(dataset, recipe, device, report)
        name = f"classifier-{key}-{hashlib.sha256(raw).hexdigest()[:12]}.safetensors"
        write_bytes(cache / name, raw)
    return raw


def _trained(dataset: Dataset, recipe: Recipe, device: torch.device, report: Progress) -> bytes:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several would add in another order: other bits, another hash
    try:
        with full_precision(device):
            network = _train(dataset, recipe, device, report)
            features, learnt = _features_and_accuracy(network, dataset.train, device)
            network.scale.fill_((TOTAL_VARIANCE / features.double().var(0).sum().item()) ** 0.5)
            _, accuracy = _features_and_accuracy(network, dataset.holdout, device)
    finally:
        torch.set_num_threads(threads)
    report(f"classifier of {dataset.name}: {accuracy:.1%} of the held-out images are right")
    card = {"held_out_accuracy": accuracy, "training_accuracy": learnt, "version": VERSION}
    card |= {"trained_on": len(dataset.train), "held_out": len(dataset.holdout), **asdict(recipe)}
    weights = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    # A single key: safetensors does not keep the order of several, so equal runs would not give
    # equal bytes.
    return safetensors.torch.save(weights, {"card": json.dumps(card)})


def _train(dataset: Dataset, recipe: Recipe, device: torch.device, report: Progress) -> SmallLeNet:
    split, streams = dataset.train, Streams(recipe.seed)
    with streams.ambient("init"):
        network = SmallLeNet(dataset.spec.shape, dataset.spec.classes)
    network.to(device).to(memory_format=torch.channels_last).train()
    batch = min(recipe.batch, len(split))
    steps = max(1, min(recipe.images, recipe.epochs * len(split)) // batch)
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.peak_rate)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.peak_rate, total_steps=steps)
    orders = islice(_orders(len(split), batch, streams["data"]), steps)
    for step, rows in enumerate(orders, 1):
        # Resized before they are turned: to turn 256 pixels would take most of the time.
        images = resized_to(network.side, to_unit(split.samples[rows].to(device)))
        images = augment(images, streams["augment"].uniform(batch, 6).to(device))
        _, logits = network.of_resized(images)
        loss = functional.cross_entropy(logits, split.labels[rows].to(device))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        cycle.step()
        if step % max(1, steps // 10) == 0:
            report(f"classifier of {dataset.name}: step {step} of {steps}, loss {loss.item():.3f}")
    return network.eval()


def _orders(n: int, batch: int, rng: Stream) -> Iterator[Tensor]:
    while True:
        yield from rng.permutation(n)[: n // batch * batch].split(batch)


@torch.inference_mode()
def _features_and_accuracy(
    network: SmallLeNet, split: Split, device: torch.device
) -> tuple[Tensor, float]:
    parts = [network(to_unit(part.to(device))) for part in split.samples.split(500)]
    predicted = torch.cat([logits for _, logits in parts]).argmax(1).cpu()
    accuracy = (predicted == split.labels.cpu()).double().mean().item()
    return torch.cat([features for features, _ in parts]), accuracy
