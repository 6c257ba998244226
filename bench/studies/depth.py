"""Does the gradient vanish or explode on its way through a deep critic, clipped or penalised?

Figure 1b of WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028): generator and critic have twelve
ReLU layers without normalisation and train on the Swiss roll. Measured are the norm of the
gradient of the critic's loss with respect to each layer's activations, and the critic's weights.
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
from .critics import Rows, Tick, build, critic, log_steps, streams_of
from .settings import Depth

POINTS = 13  # steps at which the gradient is measured
BINS = 60  # of a histogram of the weights


def run(settings: Depth, seed: int, tick: Tick) -> dict[str, Rows]:
    """The tables of one seed, `rows` and `histograms`.

    rows: constraint, seed, steps, layer (0 is at the input), activation_grad_norm (over the whole
    batch of real samples and fakes).
    histograms, of the critic's weight matrices after the last step: constraint, seed, steps, low,
    high, share.
    """
    data = load_dataset(settings.dataset)
    tables: dict[str, Rows] = {"rows": [], "histograms": []}
    chosen = constraints(settings)
    for done, constraint in enumerate(chosen):
        streams = Streams(seed, settings.device)
        model = model_of(settings, constraint, data, streams)
        key = {"constraint": constraint, "seed": seed}
        for steps in trained(model, settings, data, streams):
            measured = streams_of(seed, "depth/measure", settings.device)
            norms = activation_norms(model, batch_of(model, settings, data, measured))
            tables["rows"] += [
                {**key, "steps": steps, "layer": layer, "activation_grad_norm": norm}
                for layer, norm in enumerate(norms)
            ]
            tick((done + steps / settings.steps) / len(chosen))
        tables["histograms"] += [{**key, "steps": steps, **bar} for bar in histogram(model)]
    return tables


def constraints(settings: Depth) -> list[str]:
    """The constraints that are compared, in order: "clip=0.1", .., "penalty=10"."""
    clips = [f"clip={clip:g}" for clip in settings.clips]
    return clips + [f"penalty={penalty:g}" for penalty in settings.penalties]


def model_of(settings: Depth, constraint: str, data: Dataset, streams: Streams) -> GAN:
    """A deep GAN. The networks of a seed start equal, except for what clipping does to them."""
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
    """Train both networks, and yield the critic's steps so far wherever they are to be measured."""
    batches = Shuffled(data.train.to(settings.device), settings.batch_size, streams["data"])
    each = settings.critic_steps
    for steps in sorted({round(step / each) for step in log_steps(settings.steps, POINTS)}):
        while model.steps_done < steps:
            model.train_step(batches, streams)
        yield steps * each


def batch_of(model: GAN, settings: Depth, data: Dataset, streams: Streams) -> Batch:
    """Held-out points, and fakes from fixed latents."""
    rows = streams["data"].permutation(len(data.holdout))[: settings.batch_size].cpu()
    real = data.holdout.samples[rows].to(settings.device)
    labels = data.holdout.labels[rows].to(settings.device)
    latent = streams["latent/discriminator"].normal(len(real), model.config.latent_dim)
    with torch.no_grad():
        fake = model.generator(latent, labels)
    return Batch(real, fake, latent, labels, streams, 0)


def activation_norms(model: GAN, batch: Batch) -> list[float]:
    """|d loss / d a_l| of each layer's activations a_l after the ReLU, from the input upwards.

    a_l [2n, width] holds real samples and fakes together. The points at which the penalty takes
    its slopes are left out: their activations come from a pass of their own.
    """
    seen: list[Tensor] = []
    layers = [module for module in model.discriminator.modules() if isinstance(module, nn.ReLU)]

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        if len(seen) < len(layers):  # only the first pass: a penalty makes a second one
            seen.append(output)

    hooks = [layer.register_forward_hook(keep) for layer in layers]
    loss = model.discriminator_loss(batch)
    for hook in hooks:
        hook.remove()
    # In float64: in float32 the square of 1e-23 is 0.
    return [float(gradient.double().norm()) for gradient in torch.autograd.grad(loss, seen)]


def histogram(model: GAN) -> Rows:
    """The critic's weight matrices in equal bins over [-m, m]: low, high, share of all weights.

    m is the 99.9 % quantile of their absolute values: the clipping bound where weights are clipped.
    """
    matrices = [w for w in trainable(model.discriminator).values() if w.ndim > 1]
    weights = torch.cat([w.detach().flatten() for w in matrices]).cpu().double().numpy()
    most = float(np.quantile(np.abs(weights), 0.999))
    return list(bars(weights, most, BINS))
