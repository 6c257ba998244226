"""Five classic GANs and a VAE behind one interface; each needs torch alone.

    import torch
    from gan_zoo import WGANGP, DataSpec, Streams

    images = torch.rand(256, 1, 28, 28) * 2 - 1  # yours, in [-1, 1]
    labels = torch.zeros(256, dtype=torch.long)  # 0 without classes

    def batches():
        while True:
            chosen = torch.randint(256, (64,))
            yield images[chosen], labels[chosen]

    streams = Streams(seed=0)
    model = WGANGP(DataSpec(shape=(1, 28, 28)), WGANGP.defaults, streams)
    for step in range(2):
        losses = model.train_step(batches(), streams)
        print(step, float(losses.discriminator_loss), float(losses.generator_loss))
    with torch.no_grad():
        samples = model.eval().sample(labels[:16], streams["latent/sample"])  # [16, 1, 28, 28]

`dataclasses.replace(WGANGP.defaults, width=16)` has other hyperparameters. `gan_zoo.base` defines
the interface, `gan_zoo.catalog` lists the models by name.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import GAN
    from .cgan import ConditionalGAN
    from .config import Config, DataSpec
    from .dcgan import DCGAN
    from .gan import VanillaGAN
    from .streams import Streams
    from .vae import VAE
    from .wgan import WGAN
    from .wgangp import WGANGP

__all__ = [
    "DCGAN",
    "GAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "ConditionalGAN",
    "Config",
    "DataSpec",
    "Streams",
]
__all__ += ["VanillaGAN"]
# Imported when they are first used, so that the catalogue needs no torch.
_WHERE = {
    "GAN": ".base",
    "Config": ".config",
    "DataSpec": ".config",
    "Streams": ".streams",
    "VanillaGAN": ".gan",
    "ConditionalGAN": ".cgan",
    "DCGAN": ".dcgan",
    "VAE": ".vae",
    "WGAN": ".wgan",
    "WGANGP": ".wgangp",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "import_module"})
