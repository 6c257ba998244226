"""An extractor: a frozen network that gives images features; and the networks of `digits-lenet`."""

import hashlib
import importlib
import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from gan_zoo.precision import full_precision

from ..errors import InputError, require
from ..parallel import in_threads
from . import EXTRACTORS

WEIGHTS = Path(__file__).parent / "weights"


class DigitsLeNet(nn.Module):
    """A classifier of 28 x 28 digits, after LeNet-5 (LeCun et al. 1998), with batch norm.

    `forward` takes images [n, 1 or 3, h, w] in [-1, 1] and gives features [n, 64] (not negative,
    multiplied by the stored constant `scale`) and logits [n, 10]. Images of other sizes are resized
    to 28 x 28, and three channels are averaged to grey. Raises ValueError for any other number of
    channels.
    """

    features: ClassVar[int] = 64
    classes: ClassVar[int] = 10
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(nn.Conv2d(1, 24, 5, bias=False), nn.BatchNorm2d(24)),  # 24 x 24
            nn.MaxPool2d(2),
            *_block(nn.Conv2d(24, 48, 3, bias=False), nn.BatchNorm2d(48)),  # 10 x 10
            nn.MaxPool2d(2),
            *_block(nn.Conv2d(48, 64, 3, bias=False), nn.BatchNorm2d(64)),  # 3 x 3
            nn.Flatten(),
            # Batch norm before the last ReLU too: no unit dies, and all vary on one scale.
            *_block(
                nn.Linear(64 * 9, DigitsLeNet.features, bias=False),
                nn.BatchNorm1d(DigitsLeNet.features),
            ),
        )
        self.head = nn.Linear(DigitsLeNet.features, DigitsLeNet.classes)
        # Makes the total variance on real digits 64, so that the FIDs of different extractors have
        # one order of magnitude. A constant cannot change a ranking.
        self.register_buffer("scale", torch.ones(()))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(_as_grey_28(images))
        return hidden * self.scale, self.head(hidden)


class StackedLeNet(DigitsLeNet):
    """`DigitsLeNet` on each channel of images of three digits, with the same weights.

    `forward` takes images [n, 3, h, w] in [-1, 1] and gives features [n, 192], those of the three
    channels side by side, and logits [n, 1000]. Class 100 a + 10 b + c means the digits a, b, c in
    the channels; its probability is the product of theirs.
    """

    features: ClassVar[int] = 192
    classes: ClassVar[int] = 1000

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"images must be [n, 3, h, w], not {list(images.shape)}")
        hidden, logits = super().forward(images.flatten(0, 1)[:, None])
        a, b, c = logits.log_softmax(1).view(-1, 3, DigitsLeNet.classes).unbind(1)
        joint = a[:, :, None, None] + b[:, None, :, None] + c[:, None, None, :]
        return hidden.view(len(images), self.features), joint.flatten(1)


def _block(linear: nn.Module, norm: nn.Module) -> tuple[nn.Module, nn.Module, nn.Module]:
    return linear, norm, nn.ReLU()


def _as_grey_28(images: Tensor) -> Tensor:
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(f"images must be [n, 1 or 3, h, w], not {list(images.shape)}")
    if images.shape[1] == 3:
        images = images.mean(1, keepdim=True)
    return resized_to(28, images)


def resized_to(side: int, images: Tensor) -> Tensor:
    """Images [n, c, h, w] as [n, c, side, side], bilinear with antialiasing."""
    if images.shape[2:] == (side, side):
        return images
    return functional.interpolate(images, (side, side), mode="bilinear", antialias=True)


@dataclass(frozen=True)
class Seen:
    """The features that an extractor gives n images, and the classes that it puts them in."""

    features: Tensor  # [n, d] float32
    probabilities: Tensor  # [n, classes]; a confident classifier does not mean a good image

    @property
    def predicted(self) -> Tensor:
        """[n] int64, the most probable class."""
        return self.probabilities.argmax(1)


@dataclass(frozen=True)
class Extractor:
    """A frozen network with the hash of its weights. Call it on images to get `Seen`."""

    name: str
    sha256: str  # of the file of weights; `custom` adds the network's source
    features: int
    classes: int
    network: nn.Module = field(repr=False, compare=False)
    accuracy: float | None = None  # share of held-out images classified correctly, where known

    @property
    def protocol(self) -> str:
        """The name and the first 12 digits of the hash, as in the column `features` of results."""
        return f"{self.name}:{self.sha256[:12]}"

    def __call__(self, images: Tensor, batch: int = 250, threads: int = 1) -> Seen:
        """Features and class probabilities of images [n, c, h, w] in [-1, 1], on their device.

        They are computed in fp32 (even within autocast, and without TF32), `batch` images at a
        time, by so many threads with the same bits. Raises ValueError for images that are not
        floats, and for NaN or infinity in images or features.
        """
        if not images.is_floating_point():
            raise ValueError(f"images must be floats in [-1, 1], not {images.dtype}: see to_unit")
        _refuse_nonfinite(images, "images")
        network = self.network.to(images.device).eval()

        def see(part: Tensor) -> tuple[Tensor, Tensor]:
            with torch.inference_mode(), full_precision(part.device):
                seen: tuple[Tensor, Tensor] = network(part.float())
                return seen

        with _without_tf32:
            parts = in_threads([partial(see, part) for part in torch.split(images, batch)], threads)
        # Outside inference mode, so that the results are ordinary tensors.
        features = torch.cat([part for part, _ in parts])
        _refuse_nonfinite(features, "features")
        return Seen(features, torch.cat([logits for _, logits in parts]).softmax(1))


class _WithoutTF32:
    """Switches TF32 off in the whole process, from the first thread that enters to the last out.

    By default torch uses TF32 for convolutions on CUDA, with 10 of float32's 23 fraction bits.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, ("", "")

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = self._set(("ieee", "ieee"))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._set(self._before)

    def _set(self, precisions: tuple[str, str]) -> tuple[str, str]:
        """Set those of convolutions and matrix products; returns what they were."""
        conv, products = torch.backends.cudnn.conv, torch.backends.cuda.matmul  # type: ignore[attr-defined]
        before = (conv.fp32_precision, products.fp32_precision)
        conv.fp32_precision, products.fp32_precision = precisions
        return before


_without_tf32 = _WithoutTF32()


def _refuse_nonfinite(rows: Tensor, what: str) -> None:
    bad = int((~rows.isfinite()).flatten(1).any(1).sum())
    if bad:
        raise ValueError(f"NaN or infinity in {bad} of {len(rows)} rows of {what}")


def load_extractor(name: str, device: torch.device | str = "cpu") -> Extractor:
    """An extractor whose weights come with the package, after a check of their sha256.

    Raises InputError for an unknown name (with the nearest known one) and for weights whose sha256
    is not the one in EXTRACTORS, FileNotFoundError if the weights are missing.
    """
    entry = require(name, EXTRACTORS, "feature extractor")
    raw = (WEIGHTS / entry.weights).read_bytes()
    sha256 = hashlib.sha256(raw).hexdigest()
    if sha256 != entry.sha256:
        raise InputError(
            f"{entry.weights} has sha256 {sha256[:12]}..., not {entry.sha256[:12]}...: "
            "put back the file that came with this version"
        )
    module, cls = entry.target.split(":")
    network = getattr(importlib.import_module(module), cls)()
    network.load_state_dict(safetensors.torch.load(raw))
    network.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    return Extractor(name, sha256, network.features, network.classes, network)
