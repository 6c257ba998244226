"""FAMILIES: the pairs of networks that a Config's `backbone` can name.

A generator takes latents [n, latent_dim] and labels [n], a discriminator samples [n, *shape] and
labels [n]. `networks.Labelled` joins the two, so a family's own networks take a single input.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from . import lecture_networks as lecture
from . import networks
from . import paper_networks as papers
from .networks import Backbone, Labelled, Norm, Shape


@dataclass(frozen=True)
class Family:
    """A generator and a discriminator that belong together, and the data that they suit."""

    generator: Callable[[int, int, Shape, int, Norm], nn.Module]  # latents, classes, shape, ...
    discriminator: Callable[[int, Shape, int, Norm], nn.Module]  # classes, shape, width, norm
    width: int  # used where a Config's width is None
    images: bool = False  # is it for images only?
    flat: bool = True  # does the discriminator take a vector?
    objection: Callable[[Shape], str | None] = lambda shape: None  # why a shape does not suit it


def mlp_generator(z: int, y: int, shape: Shape, width: int, norm: Norm) -> nn.Module:
    return networks.mlp_generator(z + y, shape, width, norm)


def mlp_discriminator(y: int, shape: Shape, width: int, norm: Norm) -> nn.Module:
    return networks.mlp_discriminator(math.prod(shape) + y, width, norm)


def conv_generator(z: int, y: int, shape: Shape, width: int, norm: Norm) -> nn.Module:
    return networks.conv_generator(z + y, shape, width, norm)


def conv_discriminator(y: int, shape: Shape, width: int, norm: Norm) -> nn.Module:
    return networks.conv_discriminator((shape[0] + y, *shape[1:]), width, norm)


FAMILIES: dict[Backbone, Family] = {
    "mlp": Family(mlp_generator, mlp_discriminator, 256),
    "conv": Family(
        *(conv_generator, conv_discriminator, 32),
        images=True,
        flat=False,
        objection=networks.needs_halvings,
    ),
    "lecture-mlp": Family(lecture.mlp_generator, lecture.mlp_discriminator, 128),
    "upsampling": Family(
        *(lecture.upsampling_generator, lecture.upsampling_discriminator, 64),
        images=True,
        flat=False,
        objection=lecture.needs_sixteenths,
    ),
    "unpadded": Family(
        *(lecture.unpadded_generator, lecture.unpadded_discriminator, 64),
        images=True,
        flat=False,
        objection=lecture.needs_28,
    ),
    "conv64": Family(
        *(conv_generator, conv_discriminator, 128),
        images=True,
        flat=False,
        objection=lecture.needs_64,
    ),
    "conv5x5": Family(
        *(papers.conv5x5_generator, papers.conv5x5_discriminator, 64),
        images=True,
        flat=False,
        objection=papers.needs_28_or_32,
    ),
    "relu-mlp": Family(papers.relu_generator, papers.relu_discriminator, 512),
    "maxout": Family(papers.pacgan_generator, papers.pacgan_discriminator, 200),
    "two-paths": Family(papers.two_path_generator, papers.two_path_discriminator, 200, images=True),
}


def unsuited(backbone: Backbone, shape: Shape) -> str | None:
    """Why a backbone cannot be built for samples of a shape, in a few words; None if it can."""
    family = FAMILIES[backbone]
    if family.images and len(shape) != 3:
        return f"the {backbone} backbone needs images, and these are points: use backbone=mlp"
    return family.objection(shape)


def build_generator(
    backbone: Backbone, latent_dim: int, shape: Shape, width: int | None, classes: int, norm: Norm
) -> nn.Module:
    """(latents [n, latent_dim], labels [n]) -> samples [n, *shape], images in [-1, 1]."""
    family = FAMILIES[backbone]
    layers = family.generator(latent_dim, classes, shape, width or family.width, norm)
    return Labelled(layers, classes)


def build_discriminator(
    backbone: Backbone, shape: Shape, width: int | None, classes: int, norm: Norm
) -> nn.Module:
    """(samples [n, *shape], labels [n]) -> scores [n], unbounded."""
    family = FAMILIES[backbone]
    layers = family.discriminator(classes, shape, width or family.width, norm)
    return Labelled(layers, classes, flat=family.flat)
