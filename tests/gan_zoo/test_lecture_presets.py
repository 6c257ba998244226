"""The presets of lectures and papers against networks written out in plain torch, as printed.

Weights are copied over in order, so that a layer, an eps or a momentum that differs shows in the
outputs: while training, whose batch norm moves its averages, and after it.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.base import GAN, DataSpec
from gan_zoo.catalog import load, preset_of
from gan_zoo.speed.layouts import FromPlanes, ToPlanes
from gan_zoo.streams import Streams

GREY, GREY32, COLOUR64 = (1, 28, 28), (1, 32, 32), (3, 64, 64)
Networks = tuple[nn.Module, nn.Module]


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


def notes_gan(*norm: Any) -> Networks:
    """The first note's networks; `norm` is what stands after n in BatchNorm1d(n, ...)."""
    generator = nn.Sequential(
        *(nn.Linear(100, 128), leaky()),
        *(nn.Linear(128, 256), nn.BatchNorm1d(256, *norm), leaky()),
        *(nn.Linear(256, 512), nn.BatchNorm1d(512, *norm), leaky()),
        *(nn.Linear(512, 1024), nn.BatchNorm1d(1024, *norm), leaky()),
        *(nn.Linear(1024, 784), nn.Tanh(), nn.Unflatten(1, GREY)),
    )
    discriminator = nn.Sequential(
        *(nn.Flatten(), nn.Linear(784, 512), leaky(), nn.Linear(512, 256), leaky()),
        *(nn.Linear(256, 1), nn.Sigmoid()),
    )
    return generator, discriminator


def notes_dcgan_a(*norm: Any) -> Networks:
    """Five layers have BatchNorm2d(n, 0.8), the first of the generator BatchNorm2d(128)."""
    generator = nn.Sequential(
        *(nn.Linear(100, 128 * 8 * 8), nn.Unflatten(1, (128, 8, 8)), nn.BatchNorm2d(128)),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(128, 128, 3, 1, 1)),
        *(nn.BatchNorm2d(128, *norm), leaky()),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(128, 64, 3, 1, 1)),
        *(nn.BatchNorm2d(64, *norm), leaky(), nn.Conv2d(64, 1, 3, 1, 1), nn.Tanh()),
    )
    layers: list[nn.Module] = []
    for before, after in ((1, 16), (16, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), leaky(), nn.Dropout2d(0.25)]
        layers += [nn.BatchNorm2d(after, *norm)] if before > 1 else []
    head = (nn.Flatten(), nn.Linear(128 * 2 * 2, 1), nn.Sigmoid())
    return generator, nn.Sequential(*layers, *head)


def unpadded(width: int, critic_norm: bool, ending: nn.Module) -> Networks:
    """The second DCGAN and WGAN-GP; `width` is of the discriminator."""
    generator = nn.Sequential(
        nn.Unflatten(1, (10, 1, 1)),
        *(nn.ConvTranspose2d(10, 256, 3, 2), nn.BatchNorm2d(256), nn.ReLU()),
        *(nn.ConvTranspose2d(256, 128, 4, 1), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.Tanh()),
    )
    norms = [[nn.BatchNorm2d(n)] if critic_norm else [] for n in (width, 2 * width)]
    critic = nn.Sequential(
        *(nn.Conv2d(1, width, 4, 2), *norms[0], leaky()),
        *(nn.Conv2d(width, 2 * width, 4, 2), *norms[1], leaky()),
        *(nn.Conv2d(2 * width, 1, 4, 2), nn.Flatten(), ending),
    )
    return generator, critic


def conv64(width: int, ending: nn.Module) -> Networks:
    """DCGAN's own networks for 64 x 64 images: width 128 in its figure 1, 64 in WGAN's code."""
    planes, latents = 8 * width, 100
    generator = nn.Sequential(nn.Linear(latents, planes * 16, bias=False))
    generator += nn.Sequential(nn.Unflatten(1, (planes, 4, 4)), nn.BatchNorm2d(planes), nn.ReLU())
    discriminator = nn.Sequential(nn.Conv2d(3, width, 4, 2, 1), leaky())
    for k in (1, 2, 4):
        up = nn.ConvTranspose2d(planes // k, planes // k // 2, 4, 2, 1, bias=False)
        generator += nn.Sequential(up, nn.BatchNorm2d(planes // k // 2), nn.ReLU())
        down = nn.Conv2d(k * width, 2 * k * width, 4, 2, 1, bias=False)
        discriminator += nn.Sequential(down, nn.BatchNorm2d(2 * k * width), leaky())
    generator += nn.Sequential(nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh())
    discriminator += nn.Sequential(nn.Flatten(), nn.Linear(planes * 16, 1), ending)
    return generator, discriminator


def conv5x5(width: int, colours: int, norm: bool) -> Networks:
    """WGAN-GP's released code: for MNIST, cropped to 7 x 7 and without batch norm, or CIFAR-10."""

    def up(before: int, after: int, last: bool = False) -> list[nn.Module]:
        made: list[nn.Module] = [nn.ConvTranspose2d(before, after, 5, 2, 2, 1)]
        made += [nn.BatchNorm2d(after)] if norm and not last else []
        return [*made, nn.Tanh() if last else nn.ReLU()]

    planes, crop = 4 * width, [] if norm else [nn.ZeroPad2d((0, -1, 0, -1))]
    generator = nn.Sequential(
        nn.Linear(128, planes * 16),
        *([nn.BatchNorm1d(planes * 16)] if norm else []),
        *(nn.ReLU(), nn.Unflatten(1, (planes, 4, 4))),
        *(*up(planes, 2 * width), *crop, *up(2 * width, width), *up(width, colours, last=True)),
    )
    critic = nn.Sequential(nn.Conv2d(colours, width, 5, 2, 2), leaky())
    critic += nn.Sequential(nn.Conv2d(width, 2 * width, 5, 2, 2), leaky())
    critic += nn.Sequential(nn.Conv2d(2 * width, planes, 5, 2, 2), leaky())
    return generator, critic + nn.Sequential(nn.Flatten(), nn.Linear(planes * 16, 1))


def pacgan() -> Networks:
    generator, discriminator, inputs = nn.Sequential(), nn.Sequential(), 2
    for _ in range(4):
        generator += nn.Sequential(nn.Linear(inputs, 400), nn.BatchNorm1d(400), nn.ReLU())
        inputs = 400
    for inputs in (2, 200, 200):
        discriminator += nn.Sequential(nn.Linear(inputs, 1000), nn.MaxPool1d(5))
    last = (nn.Linear(400, 2), nn.Linear(200, 1))
    return generator.append(last[0]), discriminator.append(last[1])


def eight_gaussians() -> Networks:
    """WGAN-GP's released code for 2-D sets."""
    networks = [nn.Sequential(nn.Linear(2, 512), nn.ReLU()) for _ in range(2)]
    for network, outputs in zip(networks, (2, 1), strict=True):
        for _ in range(2):
            network += nn.Sequential(nn.Linear(512, 512), nn.ReLU())
        network += nn.Sequential(nn.Linear(512, outputs))
    return networks[0], networks[1]


PLAIN: dict[str, tuple[tuple[int, ...], Callable[[], Networks]]] = {
    "gan@notes": (GREY, lambda: notes_gan(0.8)),
    "gan@notes-momentum": (GREY, lambda: notes_gan(1e-5, 0.2)),
    "dcgan@notes-a": (GREY32, lambda: notes_dcgan_a(0.8)),
    "dcgan@notes-a-momentum": (GREY32, lambda: notes_dcgan_a(1e-5, 0.2)),
    "dcgan@notes-b": (GREY, lambda: unpadded(16, True, nn.Sigmoid())),
    "dcgan@notes-c": (COLOUR64, lambda: conv64(128, nn.Sigmoid())),
    "dcgan@paper": (COLOUR64, lambda: conv64(128, nn.Sigmoid())),
    "wgan@paper": (COLOUR64, lambda: conv64(64, nn.Identity())),
    "wgan@released": (COLOUR64, lambda: conv64(64, nn.Identity())),
    "wgan@paper-2d": ((2,), eight_gaussians),
    "wgangp@notes": (GREY, lambda: unpadded(64, False, nn.Identity())),
    "wgangp@notes-bn": (GREY, lambda: unpadded(64, True, nn.Identity())),
    "wgangp@paper-2d": ((2,), eight_gaussians),
    "wgangp@paper-mnist": (GREY, lambda: conv5x5(64, 1, norm=False)),
    "wgangp@paper-cifar10": ((3, 32, 32), lambda: conv5x5(128, 3, norm=True)),
    "gan@pacgan": ((2,), pacgan),
}


def built(reference: str, shape: tuple[int, ...]) -> GAN:
    model, _, name = reference.partition("@")
    preset, kind = preset_of(model, name), load(model)
    assert preset
    config = dataclasses.replace(kind.defaults, **preset.values)  # type: ignore[attr-defined]
    made: GAN = kind(DataSpec(shape, 10), config, Streams(0))
    return made


def copied(ours: nn.Module, plain: nn.Module) -> None:
    """Weights of our network into the plain one, in order.

    The zoo's own linear layers beside convolutions count planes last, torch's view counts them
    first.
    """
    turned = {
        module.weight: isinstance(module, ToPlanes)
        for module in ours.modules()
        if isinstance(module, ToPlanes | FromPlanes)
    }
    with torch.no_grad():
        for own, other in zip(ours.parameters(), plain.parameters(), strict=True):
            if own in turned:  # both are at 4 x 4
                rows = own if turned[own] else own.T
                last = rows.unflatten(0, (4, 4, -1)).permute(2, 0, 1, 3).flatten(0, 2)
                other.copy_(last if turned[own] else last.T)
            else:
                assert own.shape == other.shape
                other.copy_(own)


def outputs(network: nn.Module, *given: Tensor) -> Tensor:
    torch.manual_seed(1)  # of dropout
    with torch.no_grad():
        found: Tensor = network(*given)
    return found


@pytest.mark.parametrize("reference", PLAIN)
def test_a_preset_is_the_network_that_its_source_prints(reference: str) -> None:
    shape, write = PLAIN[reference]
    model, plain, labels = built(reference, shape), write(), torch.zeros(8, dtype=torch.int64)
    given = torch.randn(8, model.config.latent_dim), torch.randn(8, *shape)
    networks = (model.generator, model.discriminator)
    for ours, theirs, inputs in zip(networks, plain, given, strict=True):
        copied(ours, theirs)
        for training in (True, False):
            ours.train(training)
            theirs.train(training)
            found, wanted = outputs(ours, inputs, labels), outputs(theirs, inputs)
            if isinstance(theirs[-1], nn.Sigmoid):  # type: ignore[index]
                found = torch.sigmoid(found)
            assert found.std() > 0
            assert (found.flatten() - wanted.flatten()).abs().max() < 2e-5 * wanted.abs().max()


def test_an_eps_of_another_reading_shows() -> None:
    model, (plain, _) = built("dcgan@notes-a", GREY32), notes_dcgan_a(1e-5)
    copied(model.generator, plain)
    latents = torch.randn(8, 100)
    ours = outputs(model.generator, latents, torch.zeros(8, dtype=torch.int64))
    assert (ours - outputs(plain, latents)).abs().max() > 0.01
