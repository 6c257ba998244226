"""PRESETS: hyperparameters of a paper, its released code or a lecture, each with its source.

No torch at import, so that help is instant. "The notes" are the five course notes that this project
grew from. Where a source leaves a value open, `assumed` says which one is used.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reported:
    """The losses that a source reports at one step."""

    step: int  # of the generator, counted from 1
    generator: float
    discriminator: float
    source: str
    datasets: tuple[str, ...]  # those of this suite that the source may have trained on


@dataclass(frozen=True)
class Preset:
    """Values of a Config's fields, and where they come from."""

    values: dict[str, Any]
    source: str  # one line
    assumed: str = ""  # the values that the source does not state
    batch_size: int | None = None  # the source's; to be set for a whole plan, by --batch-size
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
NOTES_WGANGP_ASSUMED = (
    "Adam 2e-4 (0.5, 0.999), five critic steps, penalty 10, N(0, 0.02), batches of 128"
)
NOTES_DCGAN_A = {
    "backbone": "upsampling",
    "width": 64,
    "discriminator_width": 16,
    "latent_dim": 100,
}
NOTES_DCGAN_A_ASSUMED = "Adam 2e-4 with beta1 0.5, N(0, 0.02), 100 latents"
NOTES_GAN_ASSUMED = "Adam 2e-4; 100 latents, as in the public code that the notes follow"
WGANGP_CODE_ADAM = {"learning_rate": 1e-4, "betas": (0.5, 0.9)}  # the same for all data sets
WGANGP_CODE_2D = {
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
            "the notes' networks as printed, BatchNorm(n, 0.8) read as eps = 0.8; min-max loss",
            NOTES_GAN_ASSUMED,
        ),
        "notes-momentum": Preset(
            {**NOTES_MLP, "norm_momentum": 0.2},
            "the notes' networks as meant, 0.8 read as Keras' momentum, 0.2 in torch; min-max loss",
            NOTES_GAN_ASSUMED,
        ),
        "pacgan": Preset(
            {
                "backbone": "maxout",
                "width": 200,
                "latent_dim": 2,
                "learning_rate": 1e-4,
                "betas": (0.8, 0.999),
            },
            "the plain GAN of PacGAN's 2-D experiments, Lin et al. 2018, arXiv:1712.04086",
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
            "the paper's MNIST networks, which have separate layers for the label; SGD",
            "momentum stays at 0.5, as its schedule to 0.7 is not given; torch's initial weights",
            batch_size=100,
        ),
    },
    "dcgan": {
        "paper": Preset(
            {"width": 128, "latent_dim": 100},
            "the paper's width, 1024 planes at 4 x 4 for 64 x 64 images, and 100 latents",
            batch_size=128,
        ),
        "notes-a": Preset(
            {**NOTES_DCGAN_A, "norm_eps": 0.8},
            "the notes' first DCGAN as printed: upsampling, BatchNorm2d(n, 0.8); 32 x 32 images",
            NOTES_DCGAN_A_ASSUMED,
        ),
        "notes-a-momentum": Preset(
            {**NOTES_DCGAN_A, "norm_momentum": 0.2},
            "the notes' first DCGAN as meant, 0.8 read as Keras' momentum, 0.2 in torch",
            NOTES_DCGAN_A_ASSUMED,
        ),
        "notes-b": Preset(
            {
                "backbone": "unpadded",
                "width": 64,
                "discriminator_width": 16,
                "latent_dim": 10,
            },
            "the notes' second DCGAN: unpadded transposed convolutions, 10 latents; 28 x 28 images",
            "Adam 2e-4 with beta1 0.5, N(0, 0.02)",
        ),
        "notes-c": Preset(
            {"backbone": "conv64", "width": 128, "latent_dim": 100},
            "the notes' third DCGAN, the paper's networks: 1024 planes at 4 x 4; 64 x 64 images",
            "Adam 2e-4 with beta1 0.5; 4 x 4 kernels",
        ),
    },
    "wgan": {
        "paper": Preset(
            {"width": 64, "latent_dim": 100},
            "the paper's released code: width 64, 100 latents",
            batch_size=64,
        ),
        "released": Preset(
            {"width": 64, "latent_dim": 100, "long_turn": 100},
            "the paper's released code: 100 critic steps before steps 0 to 24 and every 500th",
            batch_size=64,
        ),
        "paper-2d": Preset(
            {**WGANGP_CODE_2D, "learning_rate": 5e-5},
            "the clipped WGAN of WGAN-GP's released code for 2-D sets: 3 layers of 512 ReLU units",
            batch_size=256,
        ),
    },
    "wgangp": {
        "paper": Preset(
            {"learning_rate": 1e-4, "betas": (0.0, 0.9)},
            "the paper's algorithm 1: Adam 1e-4 (0, 0.9)",
            batch_size=64,
        ),
        "released": Preset(
            {**WGANGP_CODE_ADAM, "width": 64, "latent_dim": 128},
            "the values of the paper's released code for MNIST, on the zoo's own networks",
            batch_size=50,
        ),
        "paper-mnist": Preset(
            {
                **WGANGP_CODE_ADAM,
                "backbone": "conv5x5",
                "width": 64,
                "latent_dim": 128,
                "generator_norm": "none",
                "init": "he",
            },
            "the paper's released code for MNIST with its 5 x 5 networks, but a tanh at the end",
            batch_size=50,
        ),
        "paper-cifar10": Preset(
            {
                **WGANGP_CODE_ADAM,
                "backbone": "conv5x5",
                "width": 128,
                "latent_dim": 128,
                "init": "he",
            },
            "the paper's released code for CIFAR-10 with its 5 x 5 networks",
            batch_size=64,
        ),
        "paper-2d": Preset(
            {**WGANGP_CODE_ADAM, **WGANGP_CODE_2D, "penalty": 0.1},
            "the paper's released code for 2-D sets: 3 layers of 512 ReLU units, penalty 0.1",
            batch_size=256,
        ),
        "notes": Preset(
            NOTES_WGANGP,
            "the notes' WGAN-GP: unpadded networks, no batch norm in the critic; 28 x 28 images",
            NOTES_WGANGP_ASSUMED,
            reported=NOTES_LOSSES,
        ),
        "notes-bn": Preset(
            {**NOTES_WGANGP, "discriminator_norm": "batch"},
            "the notes' WGAN-GP with batch norm in the critic, which two have and one forbids",
            NOTES_WGANGP_ASSUMED,
            reported=NOTES_LOSSES,
        ),
    },
}
