"""Networks of papers that the mlp and conv backbones do not cover, layer by layer.

w is the width; a number in brackets is the paper's own value.
"""

import math

import torch
from torch import Tensor, nn

from .networks import Norm, Shape, normalised, sample_layers


def conv5x5_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """WGAN-GP's released code: 4w planes at 4 x 4, whose side 5 x 5 kernels double three times.

    For MNIST (w = 64, no batch norm) the planes are cropped from 8 x 8 to 7 x 7; for CIFAR-10
    (w = 128, batch norm) they are not. The padding is TensorFlow's "same": side s becomes 2s. The
    last layer is a tanh for MNIST too, where the code has a sigmoid, as images lie in [-1, 1] here.
    """
    planes, cut = 4 * width, [Crop(7)] if shape[1] == 28 else []
    return nn.Sequential(
        nn.Linear(latent_dim + classes, planes * 16),
        *normalised(nn.BatchNorm1d(planes * 16), norm),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (planes, 4, 4)),
        doubling(planes, 2 * width),
        *normalised(nn.BatchNorm2d(2 * width), norm),
        nn.ReLU(inplace=True),
        *cut,
        doubling(2 * width, width),
        *normalised(nn.BatchNorm2d(width), norm),
        nn.ReLU(inplace=True),
        doubling(width, shape[0]),
        nn.Tanh(),
    )


def doubling(planes: int, planes_out: int) -> nn.Module:
    return nn.ConvTranspose2d(planes, planes_out, 5, 2, padding=2, output_padding=1)


def conv5x5_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """WGAN-GP's released code: strided 5 x 5 convolutions to w, 2w, 4w planes, then one score."""
    layers: list[nn.Module] = []
    planes = shape[0] + classes
    for factor in (1, 2, 4):
        layers += [nn.Conv2d(planes, factor * width, 5, 2, padding=2)]
        planes = factor * width
        layers += normalised(nn.BatchNorm2d(planes), norm) if factor > 1 else []
        layers += [nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(planes * 16, 1), nn.Flatten(0))


class Crop(nn.Module):
    """The first `side` rows and columns of an image."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : self.side, : self.side]


def relu_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """WGAN-GP on 2-D sets: three hidden layers of w ReLU units (512)."""
    layers = relu_layers(latent_dim + classes, width, 3, norm)
    return nn.Sequential(*layers, *sample_layers(width, shape))


def relu_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """WGAN-GP on 2-D sets: three hidden layers of w ReLU units (512), then one score."""
    layers = relu_layers(math.prod(shape) + classes, width, 3, norm)
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Flatten(0))


def pacgan_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """PacGAN on 2-D sets (Lin et al. 2018): four hidden layers of 2w ReLU units, batch norm."""
    layers = relu_layers(latent_dim + classes, 2 * width, 4, norm)
    return nn.Sequential(*layers, *sample_layers(2 * width, shape))


def pacgan_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """PacGAN on 2-D sets: three hidden layers of w maxout units (200), 5 pieces each, one score."""
    inputs, layers = math.prod(shape) + classes, list[nn.Module]()
    for _ in range(3):
        layers += [*maxout(inputs, width, 5), *normalised(nn.BatchNorm1d(width), norm)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Flatten(0))


def relu_layers(inputs: int, units: int, count: int, norm: Norm) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for _ in range(count):
        layers += [nn.Linear(inputs, units), *normalised(nn.BatchNorm1d(units), norm)]
        layers += [nn.ReLU(inplace=True)]
        inputs = units
    return layers


def two_path_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """The original CGAN (Mirza & Osindero 2014): z to w ReLU units (200), y to 5w, both to 6w.

    The noise is uniform on the unit hypercube; dropout is 0.5, as in the discriminator. The output
    is a tanh, where the paper has a sigmoid, as images lie in [-1, 1] here.
    """
    noise: list[nn.Module] = [Uniform(), nn.Linear(latent_dim, width), nn.ReLU(), nn.Dropout(0.5)]
    label: list[nn.Module] = [nn.Linear(classes, 5 * width), nn.ReLU(), nn.Dropout(0.5)]
    joined = width + 5 * width
    layers: list[nn.Module] = [Paths(latent_dim, noise, label), nn.Linear(joined, 6 * width)]
    layers += [*normalised(nn.BatchNorm1d(6 * width), norm), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, *sample_layers(6 * width, shape))


def two_path_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """The original CGAN: x to w maxout units (240) of 5 pieces, y to 50 of 5, both to w of 4.

    Then one score.
    """
    pixels = math.prod(shape)
    image = [*maxout(pixels, width, 5), nn.Dropout(0.5)]
    label = [*maxout(classes, 50, 5), nn.Dropout(0.5)]
    layers = [Paths(pixels, image, label), *maxout(width + 50, width, 4)]
    layers += [*normalised(nn.BatchNorm1d(width), norm), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(width, 1), nn.Flatten(0))


def maxout(inputs: int, units: int, pieces: int) -> list[nn.Module]:
    """Maxout units: each is the largest of `pieces` affine functions (Goodfellow et al. 2013)."""
    return [nn.Linear(inputs, units * pieces), Largest(pieces)]


class Largest(nn.Module):
    """[n, units * pieces] -> [n, units]: the largest of the pieces of each unit."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        largest: Tensor = x.unflatten(1, (-1, self.pieces)).amax(2)
        return largest


class Paths(nn.Module):
    """Two separate paths: one for the first `inputs` features, one for the rest (the label)."""

    def __init__(self, inputs: int, first: list[nn.Module], second: list[nn.Module]) -> None:
        super().__init__()
        self.inputs = inputs
        self.first, self.second = nn.Sequential(*first), nn.Sequential(*second)

    def forward(self, x: Tensor) -> Tensor:
        ends = self.first(x[:, : self.inputs]), self.second(x[:, self.inputs :])
        return torch.cat(ends, dim=1)


class Uniform(nn.Module):
    """Makes standard normal numbers uniform on [0, 1], by their distribution function."""

    def forward(self, x: Tensor) -> Tensor:
        uniform: Tensor = torch.special.ndtr(x)
        return uniform


def needs_28_or_32(shape: Shape) -> str | None:
    if shape[1:] in ((28, 28), (32, 32)):
        return None
    return f"the conv5x5 backbone is for images of side 28 or 32, not {shape[1]}: --size 32"
