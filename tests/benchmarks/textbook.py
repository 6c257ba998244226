"""The five training loops as they are usually written: the baseline that ours is timed against.

Written from the papers in the manner of the scripts that everybody copies: PIL images through a
DataLoader, one by one; zero_grad, backward, step; optimizers that are not fused; losses read and
printed at every batch; a sheet of samples every 400. Networks, data and batches are the zoo's, so
that a ratio is about the loop alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms
from torchvision.utils import save_image

from bench.datasets.dataset import Dataset, Split
from gan_zoo import backbones
from gan_zoo.base import GAN, Config
from gan_zoo.catalog import load

BATCH = 64
SHEET_EVERY = 400  # batches


class Digits(TorchDataset[tuple[Tensor, int]]):
    """Grey images as torchvision's MNIST gives them: transformed when they are asked for."""

    def __init__(self, split: Split) -> None:
        self.images, self.labels = split.samples[:, 0], split.labels
        self.transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images[index].numpy())
        return self.transform(image), int(self.labels[index])


def build(name: str, dataset: Dataset) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator of the zoo's model `name`, in torch's own memory layout."""
    kind, config, shape = cast(type[GAN], load(name)), config_of(name), dataset.spec.shape
    classes = dataset.spec.classes if kind.conditional else 0
    sizes = (config.latent_dim, shape, config.width, classes, config.generator_norm)
    generator = backbones.build_generator(config.backbone, *sizes)
    discriminator = backbones.build_discriminator(
        config.backbone, shape, config.width, classes, config.discriminator_norm
    )
    return generator, discriminator


def config_of(name: str) -> Config:
    return cast(type[GAN], load(name)).defaults


def train(name: str, dataset: Dataset, folder: Path) -> Iterator[tuple[float, float]]:
    """Train without end; after each batch both losses are yielded (a critic's turn: the last)."""
    generator, discriminator = build(name, dataset)
    loader = DataLoader(Digits(dataset.train), batch_size=BATCH, shuffle=True, drop_last=True)
    loop = critic if name.startswith("wgan") else classifier
    fakes = loop(name, generator, discriminator, loader)
    for batches, (loss_d, loss_g, fake) in enumerate(fakes):
        values = loss_d.item(), loss_g.item()
        print(f"[Batch {batches}] [D loss: {values[0]:f}] [G loss: {values[1]:f}]")
        if batches % SHEET_EVERY == 0:
            save_image(fake.data[:25], folder / f"{batches}.png", nrow=5, normalize=True)
        yield values


Losses = Iterator[tuple[Tensor, Tensor, Tensor]]  # discriminator's, generator's, and the fakes
Loader = DataLoader[tuple[Tensor, int]]


def classifier(name: str, generator: nn.Module, discriminator: nn.Module, loader: Loader) -> Losses:
    """GAN, CGAN, DCGAN: cross-entropy, both players on the same fakes (cheaper than fresh ones)."""
    config = config_of(name)
    optimizer_g, optimizer_d = (
        torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=config.betas)
        for network in (generator, discriminator)
    )
    loss = nn.BCEWithLogitsLoss()
    while True:
        for real, labels in loader:
            valid, invalid = torch.ones(len(real)), torch.zeros(len(real))

            optimizer_g.zero_grad()
            fake = generator(torch.randn(len(real), config.latent_dim), labels)
            loss_g = loss(discriminator(fake, labels), valid)
            loss_g.backward()
            optimizer_g.step()

            optimizer_d.zero_grad()
            real_loss = loss(discriminator(real, labels), valid)
            fake_loss = loss(discriminator(fake.detach(), labels), invalid)
            loss_d = (real_loss + fake_loss) / 2
            loss_d.backward()
            optimizer_d.step()
            yield loss_d, loss_g, fake


def critic(name: str, generator: nn.Module, discriminator: nn.Module, loader: Loader) -> Losses:
    """WGAN (RMSprop, clipping) and WGAN-GP (Adam, penalty): a generator step every few batches."""
    config = config_of(name)
    clip, penalty = getattr(config, "clip", None), getattr(config, "penalty", None)
    optimizer_g, optimizer_d = (
        torch.optim.RMSprop(network.parameters(), lr=config.learning_rate)
        if clip
        else torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=config.betas)
        for network in (generator, discriminator)
    )
    batches, loss_g = 0, torch.zeros(())
    while True:
        for real, labels in loader:
            optimizer_d.zero_grad()
            z = torch.randn(len(real), config.latent_dim)
            fake = generator(z, labels).detach()
            loss_d = -discriminator(real, labels).mean() + discriminator(fake, labels).mean()
            if penalty:
                loss_d = loss_d + penalty * gradient_penalty(discriminator, real, fake, labels)
            loss_d.backward()
            optimizer_d.step()
            if clip:
                for parameter in discriminator.parameters():
                    parameter.data.clamp_(-clip, clip)

            batches += 1
            if batches % config.discriminator_steps == 0:
                optimizer_g.zero_grad()
                fake = generator(z, labels)
                loss_g = -discriminator(fake, labels).mean()
                loss_g.backward()
                optimizer_g.step()
            yield loss_d, loss_g, fake


def gradient_penalty(
    discriminator: nn.Module, real: Tensor, fake: Tensor, labels: Tensor
) -> Tensor:
    """E (|grad s(x^)| - 1)^2 on the lines between real samples and fakes."""
    alpha = torch.rand(len(real), 1, 1, 1)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = discriminator(between, labels)
    (gradients,) = torch.autograd.grad(
        scores, between, torch.ones(len(real)), create_graph=True, retain_graph=True
    )
    penalty: Tensor = ((gradients.view(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()
    return penalty
