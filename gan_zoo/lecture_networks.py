"""The networks of the lectures (five course notes, GAN to WGAN-GP), layer by layer.

Biases stand before batch norm too, where the notes' code leaves torch's default. In place of the
final sigmoid the discriminators give logits, to which the losses apply it (`gan_zoo.gan`).
"""

import math

from torch import nn

from .networks import Norm, Shape, normalised, sample_layers

UNPADDED_KERNEL = 3


def mlp_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """Linear layers of w, 2w, 4w and 8w units (128 to 1024); the first has no batch norm.

    The notes write BatchNorm(n, 0.8). torch takes the second argument as eps, and the code that
    the line comes from meant the momentum of Keras: `norm_eps` and `norm_momentum` of a Config
    choose, and the presets notes and notes-momentum of the model gan are the two readings.
    """
    layers: list[nn.Module] = [nn.Linear(latent_dim + classes, width), leaky()]
    for factor in (2, 4, 8):
        units = factor * width
        layers += [nn.Linear(units // 2, units), *normalised(nn.BatchNorm1d(units), norm), leaky()]
    return nn.Sequential(*layers, *sample_layers(8 * width, shape))


def mlp_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """Linear layers of 4w and 2w units (512 and 256), then one score, without batch norm."""
    inputs, layers = math.prod(shape) + classes, list[nn.Module]()
    for units in (4 * width, 2 * width):
        layers += [nn.Linear(inputs, units), *normalised(nn.BatchNorm1d(units), norm), leaky()]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, 1), nn.Flatten(0))


def upsampling_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """DCGAN (a): 2w planes at a quarter of the side, enlarged twice by repeating pixels, w = 64.

    A 3 x 3 convolution with padding 1 keeps the side: (32 + 2 - 3) / 1 + 1 = 32.
    """
    planes, side = 2 * width, shape[1] // 4
    return nn.Sequential(
        nn.Linear(latent_dim + classes, planes * side * side),
        nn.Unflatten(1, (planes, side, side)),
        *normalised(nn.BatchNorm2d(planes), norm),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(planes, planes, 3, padding=1),
        *normalised(nn.BatchNorm2d(planes), norm),
        leaky(),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(planes, width, 3, padding=1),
        *normalised(nn.BatchNorm2d(width), norm),
        leaky(),
        nn.Conv2d(width, shape[0], 3, padding=1),
        nn.Tanh(),
    )


def upsampling_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """DCGAN (a): strided 3 x 3 convolutions to w, 2w, 4w, 8w planes (16 to 128), then a score.

    Each is followed by LeakyReLU, dropout 0.25 and then batch norm, but for the first's.
    """
    layers, planes = list[nn.Module](), shape[0] + classes
    for factor in (1, 2, 4, 8):
        layers += [nn.Conv2d(planes, factor * width, 3, 2, padding=1), leaky(), nn.Dropout2d(0.25)]
        planes = factor * width
        layers += normalised(nn.BatchNorm2d(planes), norm) if factor > 1 else []
    side = shape[1] // 16
    head = nn.Linear(planes * side * side, 1)
    return nn.Sequential(*layers, nn.Flatten(), head, nn.Flatten(0))


def unpadded_generator(
    latent_dim: int,
    classes: int,
    shape: Shape,
    width: int,
    norm: Norm,
    kernel: int = UNPADDED_KERNEL,
) -> nn.Sequential:
    """DCGAN (b) and WGAN-GP: transposed convolutions without padding, 1 -> 3 -> 6 -> 13 -> 28.

    A side s becomes (s - 1) * stride + kernel. The notes differ on the kernel of the first and
    the third: one prints a default of 4 (1 -> 4 -> 7 -> 16 -> 34, 698,689 parameters), two
    print 3 (623,425), the one that fits MNIST and is taken here. Their worked output sizes
    (1 -> 2 -> 4 -> 8 -> 16) are those of k4 s2 with a padding of 1, which the code has not.
    """
    layers: list[nn.Module] = [nn.Unflatten(1, (latent_dim + classes, 1, 1))]
    planes = latent_dim + classes
    for factor, size, stride in ((4, kernel, 2), (2, 4, 1), (1, kernel, 2)):
        wide = factor * width
        layers += [nn.ConvTranspose2d(planes, wide, size, stride)]
        layers += [*normalised(nn.BatchNorm2d(wide), norm), nn.ReLU(inplace=True)]
        planes = wide
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, shape[0], 4, 2), nn.Tanh())


def unpadded_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """DCGAN (b) with w = 16, WGAN-GP with w = 64: convolutions k4 s2, 28 -> 13 -> 5 -> 1.

    The last one is the score. Two notes put batch norm into the critic of WGAN-GP and one forbids
    it; two give the critic the range (0, 1) and one none. No bound is right for a critic, and no
    batch norm for a penalty on the gradient of a single sample (Gulrajani et al. 2017, section 4).
    """
    return nn.Sequential(
        nn.Conv2d(shape[0] + classes, width, 4, 2),
        *normalised(nn.BatchNorm2d(width), norm),
        leaky(),
        nn.Conv2d(width, 2 * width, 4, 2),
        *normalised(nn.BatchNorm2d(2 * width), norm),
        leaky(),
        nn.Conv2d(2 * width, 1, 4, 2),
        nn.Flatten(0),
    )


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2, inplace=True)


def needs_sixteenths(shape: Shape) -> str | None:
    if shape[1] == shape[2] and shape[1] % 16 == 0:
        return None
    return f"the upsampling backbone needs a side divisible by 16, not {shape[1]}: --size 32"


def needs_28(shape: Shape) -> str | None:
    if shape[1:] == (28, 28):
        return None
    return f"the unpadded backbone gives images of side 28, not {shape[1]}: --size 28"


def needs_64(shape: Shape) -> str | None:
    """DCGAN (c), the paper's networks: 1024 planes at 4 x 4 is what 64 x 64 images begin with."""
    if shape[1:] == (64, 64):
        return None
    return f"the conv64 backbone is for images of side 64, not {shape[1]}: --size 64"
