"""Does clipping leave the lower layers of a deep critic a gradient that can be learned from?

Figure 1b of WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028): generator and critic of twelve
ReLU layers without normalisation, on the Swiss roll. The norm of the gradient of the critic's
loss with respect to each layer's activations, and where the weights lie.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_zoo.base import GAN, Batch
from gan_zoo.descent import trainable
from gan_zoo.streams import Streams

from ..datasets.batches import Shuffled
from ..datasets.dataset import Dataset, load_dataset
from ..probes.weights import bars
from .critics import Rows, Tick, build, critic, fresh, looks
from .settings import Depth

POINTS = 13  # at which the gradient is measured
BINS = 60


def run(settings: Depth, seed: int, tick: Tick) -> dict[str, Rows]:
    """One seed: rows of constraint, seed, steps, layer, activation_grad_norm; and histograms.

    Layer 0 is the one at the input. The norm is over the whole batch of reals and fakes.
    Histograms of the critic's weight matrices: constraint, seed, steps, low, high, share.
    """
    data = load_dataset(settings.dataset)
    tables: dict[str, Rows] = {"rows": [], "histograms": []}
    chosen = constraints(settings)
    for done, constraint in enumerate(chosen):
        streams = Streams(seed, settings.device)
        model = model_of(settings, constraint, data, streams)
        key = {"constraint": constraint, "seed": seed}
        for steps in trained(model, settings, data, streams):
            measured = fresh(seed, "depth/measure", settings.device)
            norms = activation_norms(model, batch_of(model, settings, data, measured))
            tables["rows"] += [
                {**key, "steps": steps, "layer": layer, "activation_grad_norm": norm}
                for layer, norm in enumerate(norms)
            ]
            tick((done + steps / settings.steps) / len(chosen))
        tables["histograms"] += [{**key, "steps": steps, **bar} for bar in histogram(model)]
    return tables


def constraints(settings: Depth) -> list[str]:
    """ "clip=0.1", .., "penalty=10": what is compared, in order."""
    clips = [f"clip={clip:g}" for clip in settings.clips]
    return clips + [f"penalty={penalty:g}" for penalty in settings.penalties]


def model_of(settings: Depth, constraint: str, data: Dataset, streams: Streams) -> GAN:
    """A deep model: one seed's networks start equal, but for what clipping does to them."""
    name, kind, value = critic(constraint, settings.layers)
    rates = {"wgan": settings.clip_rate, "wgangp": settings.penalty_rate}
    values: dict[str, Any] = {
        "backbone": "mlp",
        "width": settings.width,
        "latent_dim": 2,
        "discriminator_steps": settings.critic_steps,
        "learning_rate": rates[name],
    }
    return build(name, data.spec, streams, kind, **value, **values)


def trained(model: GAN, settings: Depth, data: Dataset, streams: Streams) -> Iterator[int]:
    """Trains both networks; stops to be looked at, with the critic's steps that are done."""
    batches = Shuffled(data.train.to(settings.device), settings.batch_size, streams["data"])
    each = settings.critic_steps
    for steps in sorted({round(step / each) for step in looks(settings.steps, POINTS)}):
        while model.steps_done < steps:
            model.train_step(batches, streams)
        yield steps * each


def batch_of(model: GAN, settings: Depth, data: Dataset, streams: Streams) -> Batch:
    """Held-out points and fakes of fixed latents."""
    rows = streams["data"].permutation(len(data.holdout))[: settings.batch_size].cpu()
    real = data.holdout.samples[rows].to(settings.device)
    labels = data.holdout.labels[rows].to(settings.device)
    latent = streams["latent/discriminator"].normal(len(real), model.config.latent_dim)
    with torch.no_grad():
        fake = model.generator(latent, labels)
    return Batch(real, fake, latent, labels, streams, 0)


def activation_norms(model: GAN, batch: Batch) -> list[float]:
    """|d loss / d a_l| of each layer's activations a_l after the ReLU, from the input up.

    a_l [2n, width], of reals and fakes together; the penalty's own points are no part of it,
    since the loss reaches them through other activations.
    """
    seen: list[Tensor] = []
    layers = [module for module in model.discriminator.modules() if isinstance(module, nn.ReLU)]

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        if len(seen) < len(layers):  # the first pass: a penalty makes a second
            seen.append(output)

    hooks = [layer.register_forward_hook(keep) for layer in layers]
    loss = model.discriminator_loss(batch)
    for hook in hooks:
        hook.remove()
    # In float64, where the square of 1e-23 is still above 0.
    return [float(gradient.double().norm()) for gradient in torch.autograd.grad(loss, seen)]


def histogram(model: GAN) -> Rows:
    """The critic's weight matrices in equal bins over [-m, m]: low, high, share of all weights.

    m is what 99.9 % of them do not exceed: the bound itself where weights are clipped.
    """
    matrices = [w for w in trainable(model.discriminator).values() if w.ndim > 1]
    weights = torch.cat([w.detach().flatten() for w in matrices]).cpu().double().numpy()
    most = float(np.quantile(np.abs(weights), 0.999))
    return list(bars(weights, most, BINS))
