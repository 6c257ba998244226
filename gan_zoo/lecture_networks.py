"""The networks of the lectures (five course notes, from GAN to WGAN-GP), layer by layer.

w is the width; a number in brackets is the notes' own value. Layers before batch norm have a
bias too, as in the notes' code, which keeps torch's default. The discriminators end in logits: the
losses apply the sigmoid that the notes have as a last layer (`gan_zoo.gan`).
"""

import math

from torch import nn

from .networks import DefaultBatchNorm, Norm, Shape, normalised, sample_layers

UNPADDED_KERNEL = 3


def mlp_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """Linear layers of w, 2w, 4w and 8w units (128 to 1024); the first has no batch norm.

    The notes write BatchNorm(n, 0.8). torch reads 0.8 as eps; the code that the line was taken
    from meant the momentum of Keras. The presets notes and notes-momentum of the model gan are the
    two readings, by a Config's `norm_eps` and `norm_momentum`.
    """
    layers: list[nn.Module] = [nn.Linear(latent_dim + classes, width), leaky()]
    for factor in (2, 4, 8):
        units = factor * width
        layers += [nn.Linear(units // 2, units), *normalised(nn.BatchNorm1d(units), norm), leaky()]
    return nn.Sequential(*layers, *sample_layers(8 * width, shape))


def mlp_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """Linear layers of 4w and 2w units (512 and 256), then one score; the notes: no batch norm."""
    inputs, layers = math.prod(shape) + classes, list[nn.Module]()
    for units in (4 * width, 2 * width):
        layers += [nn.Linear(inputs, units), *normalised(nn.BatchNorm1d(units), norm), leaky()]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, 1), nn.Flatten(0))


def upsampling_generator(
    latent_dim: int, classes: int, shape: Shape, width: int, norm: Norm
) -> nn.Sequential:
    """DCGAN (a), w = 64: 2w planes at a quarter of the side, doubled twice by repeating pixels.

    The 3 x 3 convolutions have a padding of 1 and keep the side: (32 + 2 - 3) / 1 + 1 = 32. The
    notes write BatchNorm2d(128) once, here, and BatchNorm2d(n, 0.8) in the other five layers of
    both networks: the first keeps torch's eps and momentum.
    """
    planes, side = 2 * width, shape[1] // 4
    return nn.Sequential(
        nn.Linear(latent_dim + classes, planes * side * side),
        nn.Unflatten(1, (planes, side, side)),
        *normalised(DefaultBatchNorm(planes), norm),
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
    """DCGAN (a): strided 3 x 3 convolutions to w, 2w, 4w, 8w planes (16 to 128), then one score.

    LeakyReLU, dropout 0.25 and batch norm follow each convolution, but no batch norm the first.
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

    Side s becomes (s - 1) * stride + kernel. The notes differ on the first and third kernel: one
    prints a default of 4 (1 -> 4 -> 7 -> 16 -> 34, 698,689 parameters), two print 3 (623,425),
    which fits MNIST and is used here. The output sizes that they work out (1 -> 2 -> 4 -> 8 -> 16)
    are those of kernel 4, stride 2 and a padding of 1, which their code does not have.
    """
    layers: list[nn.Module] = [nn.Unflatten(1, (latent_dim + classes, 1, 1))]
    planes = latent_dim + classes
    for factor, size, stride in ((4, kernel, 2), (2, 4, 1), (1, kernel, 2)):
        planes_out = factor * width
        layers += [nn.ConvTranspose2d(planes, planes_out, size, stride)]
        layers += [*normalised(nn.BatchNorm2d(planes_out), norm), nn.ReLU(inplace=True)]
        planes = planes_out
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, shape[0], 4, 2), nn.Tanh())


def unpadded_discriminator(classes: int, shape: Shape, width: int, norm: Norm) -> nn.Sequential:
    """DCGAN (b), w = 16, and WGAN-GP, w = 64: 4 x 4 kernels, stride 2, sides 28 -> 13 -> 5 -> 1.

    The last value is the score. Two notes give WGAN-GP's critic batch norm and one forbids it; two
    bound its scores to (0, 1) and one does not. A critic must not be bounded, and has no batch
    norm where single samples' gradients are penalised (Gulrajani et al. 2017, section 4).
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
    """DCGAN (c), the paper's own networks: 64 x 64 images start from 1024 planes at 4 x 4."""
    if shape[1:] == (64, 64):
        return None
    return f"the conv64 backbone is for images of side 64, not {shape[1]}: --size 64"
