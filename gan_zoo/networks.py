"""The zoo's own two backbones, mlp and conv, and what all networks share: labels, initial weights.

Every network takes (x, labels). With classes=0 it ignores the labels; with more it appends them
to its input, one-hot: as features, or as constant channels of an image. The networks of papers
and lectures are in `paper_networks` and `lecture_networks`; `backbones` lists all by name.
"""

import math
from types import UnionType
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from .speed.layouts import FromPlanes, ToPlanes
from .speed.single_channel import FromImage, ToImage

Backbone = Literal[
    "mlp",  # any data
    "conv",  # images of side 28, 32 or 64
    "conv64",  # the same, at side 64 only
    "lecture-mlp",  # this and the next two: lecture_networks
    "upsampling",
    "unpadded",
    "conv5x5",  # this and the rest: paper_networks
    "relu-mlp",
    "maxout",
    "two-paths",
]
Norm = Literal["batch", "none"]
Init = Literal["torch", "normal", "he"]  # "normal": DCGAN's N(0, 0.02); "he": He et al. 2015
Shape = tuple[int, ...]
BatchNorm = nn.modules.batchnorm._BatchNorm  # of any number of dimensions


class Labelled(nn.Module):
    """`layers` with the label appended to their input, as features or as constant channels."""

    def __init__(self, layers: nn.Module, classes: int, flat: bool = False) -> None:
        super().__init__()
        self.layers, self.classes, self.flat = layers, classes, flat

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        if self.flat:
            x = x.flatten(1)
        if self.classes:
            # Labels are classes [n] int64, or mixtures of classes [n, classes] float.
            mixed = labels.is_floating_point()
            label = (labels if mixed else one_hot(labels, self.classes)).to(x)
            label = label.reshape(*label.shape, *[1] * (x.ndim - 2))
            x = torch.cat([x, label.expand(-1, -1, *x.shape[2:])], dim=1)
        output: Tensor = self.layers(x)
        return output


class WithFeatures(nn.Module):
    """A discriminator that returns (scores, features): what its last layer takes, flattened.

    `head` makes something else of the features [n, inputs], such as the logits of classes; a
    `nn.LazyLinear` finds out how many there are. It is trained with the discriminator.
    """

    def __init__(self, network: nn.Module, head: nn.Module | None = None) -> None:
        super().__init__()
        self.network, self.head = network, head or nn.Identity()

    def forward(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        *_, last = (m for m in self.network.modules() if list(m.parameters(recurse=False)))
        met: list[Tensor] = []
        hook = last.register_forward_pre_hook(lambda _, inputs: met.append(inputs[0]))
        try:
            scores: Tensor = self.network(x, labels)
        finally:
            hook.remove()
        return scores, self.head(met[-1].flatten(1))


def mlp_generator(inputs: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """Three hidden layers of w, 2w and 4w units (w is the width)."""
    layers: list[nn.Module] = []
    for units in (width, 2 * width, 4 * width):
        layers += [
            nn.Linear(inputs, units),
            *normalised(nn.BatchNorm1d(units), norm),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        inputs = units
    return nn.Sequential(*layers, *sample_layers(inputs, shape))


def sample_layers(inputs: int, shape: Shape) -> list[nn.Module]:
    """The last layers of a fully connected generator: [n, inputs] -> samples [n, *shape]."""
    bounded = nn.Tanh() if len(shape) == 3 else nn.Identity()  # points may lie anywhere
    return [nn.Linear(inputs, math.prod(shape)), bounded, nn.Unflatten(1, shape)]


def mlp_discriminator(inputs: int, width: int, norm: Norm) -> nn.Sequential:
    """Two hidden layers of 2w and w units, then one score."""
    layers: list[nn.Module] = []
    for units in (2 * width, width):
        layers += [
            nn.Linear(inputs, units),
            *normalised(nn.BatchNorm1d(units), norm),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, 1), nn.Flatten(0))


def conv_generator(inputs: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """From the latent to a small square, whose side then doubles up to the image's.

    There are w planes at half the image's side, and twice as many at each smaller one.
    """
    channels, (side, doublings) = shape[0], smallest_square(shape)
    planes = width * 2 ** (doublings - 1)
    layers: list[nn.Module] = [
        ToPlanes(inputs, planes, side, bias=norm == "none"),  # a linear layer
        *normalised(nn.BatchNorm2d(planes), norm),
        nn.ReLU(inplace=True),
    ]
    while planes > width:
        layers += [
            nn.ConvTranspose2d(planes, planes // 2, 4, 2, padding=1, bias=norm == "none"),
            *normalised(nn.BatchNorm2d(planes // 2), norm),
            nn.ReLU(inplace=True),
        ]
        planes //= 2
    # ToImage is a transposed convolution like the others, made faster for grey images.
    return nn.Sequential(*layers, ToImage(width, channels), nn.Tanh())


def conv_discriminator(shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """From the image to a small square by halving its side, then one score.

    There are w planes at half the image's side, and twice as many at each smaller one. The first
    layer has no batch norm, as in DCGAN.
    """
    channels, (side, halvings) = shape[0], smallest_square(shape)
    layers: list[nn.Module] = [
        FromImage(channels, width),  # a convolution like the others, made faster for grey images
        nn.LeakyReLU(0.2, inplace=True),
    ]
    planes = width
    for _ in range(halvings - 1):
        layers += [
            nn.Conv2d(planes, 2 * planes, 4, 2, padding=1, bias=norm == "none"),
            *normalised(nn.BatchNorm2d(2 * planes), norm),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        planes *= 2
    return nn.Sequential(*layers, FromPlanes(planes, side))  # a linear layer


def smallest_square(shape: Shape) -> tuple[int, int]:
    """(its side, how often it doubles): 28 = 7 x 2^2, 32 = 4 x 2^3, 64 = 4 x 2^4.

    Raises ValueError for images that are not square, or whose side cannot be halved twice.
    """
    side, doublings = shape[-1], 0
    while side % 2 == 0 and side > 4:
        side, doublings = side // 2, doublings + 1
    if doublings < 2 or shape[-1] != shape[-2]:
        raise ValueError(f"conv networks need square images of side 28, 32 or 64, not {shape}")
    return side, doublings


def needs_halvings(shape: Shape) -> str | None:
    """Why conv networks cannot be built for images of this shape; None if they can."""
    try:
        smallest_square(shape)
    except ValueError:
        near = max(12, 4 * round(shape[-1] / 4))
        return (
            "the conv backbone needs a side that is a multiple of 4, from 12 up, "
            f"not {shape[-1]}: --size {near}"
        )
    return None


class DefaultBatchNorm(nn.BatchNorm2d):
    """Batch norm that keeps torch's eps and momentum, whatever a Config asks of the others."""


def normalised(layer: nn.Module, norm: Norm) -> list[nn.Module]:
    return [layer] if norm == "batch" else []


def init_normal(module: nn.Module, std: float = 0.02) -> None:
    """DCGAN's initial weights: N(0, 0.02), batch norm's scale N(1, 0.02), biases 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, std)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, std)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def init_he(module: nn.Module) -> None:
    """He's initial weights: uniform, with a variance of 2 / (inputs of a unit); biases 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        inputs = module.in_channels * math.prod(module.kernel_size)
        if isinstance(module, nn.ConvTranspose2d):  # only every stride-th weight reaches a pixel
            inputs //= math.prod(module.stride)
    elif isinstance(module, nn.Linear):
        inputs = module.in_features
    else:
        return
    bound = math.sqrt(6 / inputs)
    nn.init.uniform_(module.weight, -bound, bound)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def prepared(network: nn.Module, init: Init, eps: float, momentum: float) -> nn.Module:
    """The network with these initial weights, and with this eps and momentum in batch norm.

    Its weights lie in the order of memory in which convolutions are 1.2 to 1.6 times as fast.
    """
    if init != "torch":
        network.apply(init_normal if init == "normal" else init_he)
    for module in network.modules():
        if isinstance(module, BatchNorm) and not isinstance(module, DefaultBatchNorm):
            module.eps, module.momentum = eps, momentum
    return network.to(memory_format=torch.channels_last)


def has_layer(network: nn.Module, kind: type | UnionType) -> bool:
    """Does the network have a layer of this kind?"""
    return any(isinstance(module, kind) for module in network.modules())
