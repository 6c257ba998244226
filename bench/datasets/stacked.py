"""Stacked MNIST: three random digits as three channels, 1000 modes that a classifier can count.

The published numbers are for 26,000 samples and depend on that: even true samples have a KL
divergence from uniform of about 999 / 2n = .019, or .023 with MNIST's uneven shares of digits.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from gan_zoo.base import DataSpec
from gan_zoo.streams import Streams

from ..errors import require
from .dataset import Dataset, Split
from .digits import mnist5k
from .vision import vision_set

MODES = 1000
TRAIN = 25_600  # about 26 a mode, and whole batches of any usual size
HOLDOUT = 6_400
PROTOCOL = 26_000  # samples in which the published modes are counted
DIGITS: dict[str, Callable[[int | None, Path | None], Dataset]] = {
    "stacked-mnist": lambda size, _: mnist5k(size=size),
    "stacked-mnist@mnist": lambda size, data_dir: vision_set("mnist", size, data_dir),
}


def stacked_mnist(
    name: str = "stacked-mnist",
    size: int | None = None,
    data_dir: Path | None = None,
    train: int = TRAIN,
    holdout: int = HOLDOUT,
) -> Dataset:
    """Images of three digits each, drawn independently and with replacement.

    "stacked-mnist" draws from `mnist5k`, "stacked-mnist@mnist" from all of MNIST. train [train, 3,
    size, size] is drawn from the training digits, holdout [holdout, 3, size, size] from the
    held-out ones; the label of digits a, b, c in channels 0, 1, 2 is 100 a + 10 b + c. The images
    are always the same for one name and number. Raises InputError for an unknown name and if MNIST
    can neither be found nor downloaded, ValueError for a size outside SIDES.
    Source: Metz et al. 2017 (Unrolled GAN); Srivastava et al. 2017 (VEEGAN), section 4.2.
    """
    digits = require(name, DIGITS, "stacked data set")(size, data_dir)
    parts = [
        _stacked(digits.train, train, f"{name}/train"),
        _stacked(digits.holdout, holdout, f"{name}/holdout"),
    ]
    spec = DataSpec(shape=(3, *digits.spec.shape[1:]), classes=MODES)
    names = tuple(f"{k:03}" for k in range(MODES))
    return Dataset(name, spec, parts[0], parts[1], names, mode_samples=PROTOCOL)


def _stacked(digits: Split, n: int, stream: str) -> Split:
    # One seed for all trials: the images belong to the data set, not to the trial.
    rows = torch.randint(len(digits), (n, 3), generator=Streams(0).generator(stream))
    return Split(digits.samples[rows][:, :, 0], combined(digits.labels[rows]))


def combined(digits: Tensor) -> Tensor:
    """The modes 100 a + 10 b + c, [n], of digits a, b, c in channels 0, 1, 2, [n, 3]; all int64.

    Raises ValueError for another shape or type, and for numbers outside 0 .. 9.
    """
    if digits.ndim != 2 or digits.shape[1] != 3 or digits.dtype != torch.int64:
        raise ValueError(f"digits are [n, 3] int64, not {list(digits.shape)} {digits.dtype}")
    if len(digits) and not 0 <= int(digits.min()) <= int(digits.max()) <= 9:
        raise ValueError(f"digits lie in 0 .. 9, got {int(digits.min())} .. {int(digits.max())}")
    return 100 * digits[:, 0] + 10 * digits[:, 1] + digits[:, 2]
