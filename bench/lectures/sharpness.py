"""A VAE beside a GAN: an explicit density beside none, and whether GAN samples are sharp.

    ELBO(x) = E_{z ~ q(z | x)} log p(x | z) - KL(q(z | x), N(0, 1)) <= log p(x)
    p(x | z) = N(decoder(z), sigma^2),  KL = sum (mu^2 + s^2 - 1 - log s^2) / 2

Kingma & Welling 2014 (arXiv:1312.6114), section 3. The decoder is the generator of the zoo's conv
backbone, as in the published DCGAN that it is compared with. Sharpness is the share of an image's
power, without its mean, at more than a quarter of a cycle a pixel (half of the most that a pixel
grid has). It is measured on the decoder's means, the pictures that a VAE is known by.
"""

import math
from functools import cache

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from gan_zoo.backbones import build_generator
from gan_zoo.streams import Streams

from ..datasets.dataset import load_dataset, to_unit
from ..evaluation.images import fid, seen_by
from ..extractors.judge import judge_of
from ..generators.load import load_generator
from ..generators.sampling import codes_of, images_of
from ..plots import theme
from .lesson import Lesson, Row, published, table

Floats = NDArray[np.float64]
STEPS, BATCH, LATENTS, WIDTH = 800, 64, 64, 32
SAMPLES = 1000
CUT = 0.25  # cycles a pixel


class VAE(nn.Module):
    """Encoder and decoder for images [n, 1, 28, 28] in [-1, 1]; sigma is trained too."""

    def __init__(self, width: int = WIDTH, latents: int = LATENTS) -> None:
        super().__init__()
        self.latents = latents
        self.encoder = nn.Sequential(
            *(nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2)),
            *(nn.Conv2d(width, 2 * width, 4, 2, 1), nn.LeakyReLU(0.2)),
            *(nn.Flatten(), nn.Linear(2 * width * 49, 2 * latents)),
        )
        self.decoder = build_generator("conv", latents, (1, 28, 28), width, 0, "batch")
        self.log_sigma = nn.Parameter(torch.zeros(()))

    def decoded(self, latents: Tensor) -> Tensor:
        """The means of p(x | z) for latents [n, latents]."""
        images: Tensor = self.decoder(latents, torch.zeros(len(latents), dtype=torch.int64))
        return images

    def parts(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """(log p(x | z), KL) in nats an image, [n] each, with z from the noise [n, latents]."""
        mean, log_spread = self.encoder(x).chunk(2, dim=1)
        away = (self.decoded(mean + log_spread.exp() * noise) - x).square().flatten(1).sum(1)
        pixels = x[0].numel()
        fit = -away / (2 * (2 * self.log_sigma).exp()) - pixels * (
            self.log_sigma + math.log(2 * math.pi) / 2
        )
        return fit, divergence(mean, log_spread)


def divergence(mean: Tensor, log_spread: Tensor) -> Tensor:
    """KL of N(mean, exp(log_spread)^2) and N(0, 1) in nats, [n], summed over the latents."""
    return (mean.square() + (2 * log_spread).exp() - 1 - 2 * log_spread).sum(1) / 2


@cache
def trained(steps: int = STEPS, width: int = WIDTH) -> VAE:
    """A VAE on mnist5k after so many steps of Adam, 1e-3, on batches of 64; seed 0."""
    streams, images = Streams(0), to_unit(load_dataset("mnist5k").train.samples)
    with streams.ambient("init/vae"):
        model = VAE(width)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    rows, noise = streams.generator("lectures/rows"), streams["lectures/noise"]
    for _ in range(steps):
        chosen = torch.randint(len(images), (BATCH,), generator=rows)
        fit, kl = model.parts(images[chosen], noise.normal(BATCH, model.latents))
        optimizer.zero_grad()
        (kl - fit).mean().backward()
        optimizer.step()
    return model.eval()


def power(images: Tensor) -> Floats:
    """[h, w] mean power of the frequencies of images [n, 1, h, w], each less its own mean."""
    grey = images.double().mean(1).numpy()
    grey = grey - grey.mean((1, 2), keepdims=True)
    return np.asarray((np.abs(np.fft.fft2(grey)) ** 2).mean(0))


def frequencies(side: int) -> Floats:
    """[side, side] cycles a pixel, the length of the vector of both directions."""
    each = np.fft.fftfreq(side)
    return np.asarray(np.hypot(each[:, None], each[None]))


def fine(images: Tensor) -> float:
    """The share of the power above CUT."""
    found = power(images)
    return float(found[frequencies(len(found)) > CUT].sum() / found.sum())


def blurred(images: Tensor) -> Tensor:
    """Each pixel the mean of itself and its eight neighbours."""
    return nn.functional.avg_pool2d(images, 3, 1, 1)


@torch.no_grad()
def pictures() -> dict[str, Tensor]:
    """SAMPLES images of each kind, [n, 1, 28, 28] in [-1, 1]."""
    gan = load_generator(published("reference-mnist5k").path, "dcgan", seed=0)
    model, real = trained(), to_unit(load_dataset("mnist5k").holdout.samples[:SAMPLES])
    latents = Streams(0)["latent/sample"].normal(SAMPLES, LATENTS)
    return {
        "held-out digits": real,
        "held-out digits, blurred 3 x 3": blurred(real),
        "DCGAN": images_of(gan, codes_of(gan, SAMPLES)),
        "VAE": model.decoded(latents),
        "VAE, held-out digits decoded": model.decoded(model.encoder(real).chunk(2, dim=1)[0]),
    }


@torch.no_grad()
def lesson() -> Lesson:
    shown, model = pictures(), trained()
    judge = judge_of("mnist5k", None, "digits-lenet", "cpu")
    real = shown["held-out digits"]
    fit, kl = model.parts(real, Streams(1)["lectures/noise"].normal(len(real), LATENTS))
    rows = [
        Row("VAE: log p(x) of a held-out digit, at least (ELBO)", float((fit - kl).mean()), "nats"),
        Row("VAE: of that log p(x | z)", float(fit.mean()), "nats"),
        Row("VAE: less KL(q(z | x), N(0, 1))", float(kl.mean()), "nats"),
        Row("VAE: sigma of a pixel", float(model.log_sigma.exp())),
    ]
    rows += [Row(f"power above {CUT:g}: {name}", fine(x), "share") for name, x in shown.items()]
    labels = torch.zeros(SAMPLES, dtype=torch.int64)
    for name in ("held-out digits", "held-out digits, blurred 3 x 3", "DCGAN", "VAE"):
        value = fid(seen_by(judge, shown[name], labels)).value
        rows.append(Row(f"FID: {name}", value))
    says = [
        "The VAE has an explicit density, so it says how likely a digit is; the GAN has none, and "
        "these rows stay empty for it. Pixels lie in [-1, 1] and are continuous here.",
        "Sharp means power at high frequencies. A VAE's images are means over what z leaves open, "
        "so fine detail averages out; nothing in a GAN's loss averages images.",
        f"The VAE trains for {STEPS} steps of {BATCH} images, here and now; its last digits depend "
        "on the machine.",
    ]
    return Lesson(table("A VAE beside a GAN", rows), says, lambda: figure(shown))


@theme.themed
def figure(shown: dict[str, Tensor]) -> Figure:
    drawn = Figure(figsize=(theme.WIDTH, 4.6), layout="constrained")
    left, right = drawn.subplots(1, 2, width_ratios=(1, 1.2))
    names = [name for name in shown if "decoded" not in name]
    _rows(left, shown, names)
    _spectra(right, shown, names)
    note = (
        f"Right: mean power of {SAMPLES:,} images by frequency, over that of held-out digits; "
        f"dashed: {CUT:g} cycles a pixel. DCGAN of reference-mnist5k after 256k images; the VAE, "
        f"with the same decoder, after {STEPS * BATCH / 1000:.0f}k."
    )
    theme.caption(drawn, "Which samples are sharp", note)
    return drawn


def _rows(axis: Axes, shown: dict[str, Tensor], names: list[str]) -> None:
    strips = [torch.cat(list(shown[name][:8, 0]), dim=1) for name in names]
    axis.imshow(torch.cat(strips), cmap="gray", vmin=-1, vmax=1)
    axis.set_yticks(
        [28 * k + 14 for k in range(len(names))], [n.replace(", ", ",\n") for n in names]
    )
    axis.set_xticks([])
    axis.grid(False)


def _spectra(axis: Axes, shown: dict[str, Tensor], names: list[str]) -> None:
    colours = dict(
        zip(names, (theme.INK, theme.SOFT, theme.OWN["dcgan"], theme.REST[0]), strict=True)
    )
    length = frequencies(28)
    bins = np.digitize(length, np.arange(0.5, 14) / 28)
    edges = np.arange(1, 15)
    base = power(shown[names[0]])
    for name in names[1:]:
        found = power(shown[name])
        ratio = [found[bins == k].mean() / base[bins == k].mean() for k in edges]
        axis.plot(edges / 28, ratio, color=colours[name], lw=2, label=name)
    axis.axhline(1, color=theme.INK, lw=1)
    axis.axvline(CUT, color=theme.SOFT, ls="--", lw=1)
    axis.set(xlabel="cycles a pixel", ylabel="power / that of held-out digits", ylim=(0, None))
    axis.legend(loc="upper left")
    axis.set_title("spectrum")
