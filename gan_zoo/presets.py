"""Presets of the models: config values that a paper, its code or a lecture names, with the source.

No torch here, so that help is instant. "The notes" are the five course notes that this project
grew from; where they leave a value open, `assumed` says what stands in for it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reported:
    """Losses that a source prints, at a generator step counted from 1."""

    step: int
    generator: float
    discriminator: float
    source: str
    datasets: tuple[str, ...]  # of this suite, that are what the source trained on


@dataclass(frozen=True)
class Preset:
    """A named set of config values, and where they come from."""

    values: dict[str, Any]
    source: str  # one line
    assumed: str = ""  # what the source does not say
    batch_size: int | None = None  # the source's; a plan has one for all its contestants
    reported: Reported | None = None


NOTES_LOSSES = Reported(
    3000, 2.82485, -14.99197, "the notes on WGAN-GP, on MNIST", ("mnist", "mnist5k")
)
NOTES_MLP = {"backbone": "lecture-mlp", "width": 128, "latent_dim": 100, "saturating": True}
NOTES_WGANGP = {
    "backbone": "unpadded",
    "width": 64,
    "latent_dim": 10,
    "learning_rate": 2e-4,
    "betas": (0.5, 0.999),
}
NOTES_OPEN = "Adam 2e-4 (0.5, 0.999), five critic steps, penalty 10, N(0, 0.02), batches of 128"
OF_CODE = {"learning_rate": 1e-4, "betas": (0.5, 0.9)}  # WGAN-GP's released code, everywhere
PLANE = {
    "backbone": "relu-mlp",
    "width": 512,
    "latent_dim": 2,
    "generator_norm": "none",
    "discriminator_norm": "none",
    "init": "he",
}

PRESETS: dict[str, dict[str, Preset]] = {
    "gan": {
        "notes": Preset(
            {**NOTES_MLP, "norm_eps": 0.8},
            "the notes' networks as printed: BatchNorm(n, 0.8) is eps = 0.8; the min-max game",
            "Adam 2e-4; 100 latents, as in the public code they are from",
        ),
        "notes-momentum": Preset(
            {**NOTES_MLP, "norm_momentum": 0.2},
            "the notes' networks as meant: 0.8 is Keras' momentum, 0.2 in torch; the min-max game",
            "Adam 2e-4; 100 latents, as in the public code they are from",
        ),
        "pacgan": Preset(
            {
                "backbone": "maxout",
                "width": 200,
                "latent_dim": 2,
                "learning_rate": 1e-4,
                "betas": (0.8, 0.999),
            },
            "the GAN that PacGAN is compared with on 2-D sets, Lin et al. 2018, arXiv:1712.04086",
            "no batch norm in the discriminator; torch's initial weights",
            batch_size=100,
        ),
    },
    "cgan": {
        "paper": Preset(
            {
                "backbone": "two-paths",
                "width": 200,
                "discriminator_width": 240,
                "latent_dim": 100,
                "generator_norm": "none",
                "optimizer": "sgd",
                "learning_rate": 0.1,
            },
            "the paper's MNIST networks, a path for noise or image and one for the label; SGD",
            "momentum stays at 0.5, since no schedule to its 0.7 is given; torch's initial weights",
            batch_size=100,
        ),
    },
    "dcgan": {
        "paper": Preset(
            {"width": 128, "latent_dim": 100},
            "the paper's 1024 planes at 4 x 4 (64 x 64 images) and 100 latents",
            batch_size=128,
        ),
        "notes-a": Preset(
            {
                "backbone": "upsampling",
                "width": 64,
                "discriminator_width": 16,
                "latent_dim": 100,
            },
            "the notes' first DCGAN: enlarges twice, then 3 x 3 convolutions; 32 x 32 images",
            "Adam 2e-4 with beta1 0.5, N(0, 0.02), 100 latents",
        ),
        "notes-b": Preset(
            {
                "backbone": "unpadded",
                "width": 64,
                "discriminator_width": 16,
                "latent_dim": 10,
            },
            "the notes' second: unpadded transposed convolutions, 10 latents; 28 x 28 images",
            "Adam 2e-4 with beta1 0.5, N(0, 0.02)",
        ),
        "notes-c": Preset(
            {"backbone": "conv64", "width": 128, "latent_dim": 100},
            "the notes' third, the paper's own: 64 x 64 images from 1024 planes at 4 x 4",
            "Adam 2e-4 with beta1 0.5; kernels of 4",
        ),
    },
    "wgan": {
        "paper": Preset(
            {"width": 64, "latent_dim": 100},
            "the widths and latents of the paper's released code",
            batch_size=64,
        ),
        "released": Preset(
            {"width": 64, "latent_dim": 100, "long_turn": 100},
            "the released code: 100 critic steps to the first 25 generator steps and every 500th",
            batch_size=64,
        ),
        "paper-2d": Preset(
            {**PLANE, "learning_rate": 5e-5},
            "the clipped WGAN of WGAN-GP's code for 2-D sets: 3 x 512 ReLU",
            batch_size=256,
        ),
    },
    "wgangp": {
        "paper": Preset(
            {"learning_rate": 1e-4, "betas": (0.0, 0.9)}, "algorithm 1 of the paper", batch_size=64
        ),
        "released": Preset(
            {**OF_CODE, "width": 64, "latent_dim": 128},
            "the values of the paper's released code for MNIST, on the zoo's own networks",
            batch_size=50,
        ),
        "paper-mnist": Preset(
            {
                **OF_CODE,
                "backbone": "conv5x5",
                "width": 64,
                "latent_dim": 128,
                "generator_norm": "none",
                "init": "he",
            },
            "the paper's released code for MNIST, its 5 x 5 networks too (with tanh at the end)",
            batch_size=50,
        ),
        "paper-cifar10": Preset(
            {
                **OF_CODE,
                "backbone": "conv5x5",
                "width": 128,
                "latent_dim": 128,
                "init": "he",
            },
            "the paper's released code for CIFAR-10, its 5 x 5 networks too",
            batch_size=64,
        ),
        "paper-2d": Preset(
            {**OF_CODE, **PLANE, "penalty": 0.1},
            "the paper's released code for 2-D sets: 3 x 512 ReLU, penalty 0.1",
            batch_size=256,
        ),
        "notes": Preset(
            NOTES_WGANGP,
            "the notes' WGAN-GP: unpadded networks, a critic without batch norm; 28 x 28 images",
            NOTES_OPEN,
            reported=NOTES_LOSSES,
        ),
        "notes-bn": Preset(
            {**NOTES_WGANGP, "discriminator_norm": "batch"},
            "the notes' WGAN-GP with batch norm in the critic, as two have it and one forbids",
            NOTES_OPEN,
            reported=NOTES_LOSSES,
        ),
    },
}
