"""Does the generator's gradient vanish as the discriminator nears its optimum?

Figure 2 of Arjovsky & Bottou (2017, arXiv:1701.04862): the generator of a DCGAN is frozen at each
of three stages of training, and a fresh discriminator is trained towards its optimum against it.
They show the saturating loss; here the non-saturating loss and both Wasserstein critics meet the
same frozen generators.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_zoo.base import GAN, Batch
from gan_zoo.descent import trainable
from gan_zoo.streams import Streams

from ..datasets.batches import Shuffled
from ..datasets.dataset import Dataset, load_dataset, to_unit
from ..words import short
from .critics import Rows, Tick, build, critic_step, fakes, log_steps, streams_of
from .settings import Vanishing

Weights = dict[str, Tensor]
# Name of a group -> its model and its games. The games of a group share one discriminator: the
# first trains it, the others measure their generator's gradient through it.
GAMES: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "logistic": ("dcgan", {"saturating": {"saturating": True}, "non-saturating": {}}),
    "clipping": ("wgan", {"clipping": {}}),
    "penalty": ("wgangp", {"penalty": {}}),
}
POINTS = 25  # steps at which the gradient is measured
SAMPLES = 256  # latents, and held-out images, that it is measured on


@dataclass(frozen=True)
class Measure:
    """What the gradient of one seed is measured on, the same at every step."""

    real: Tensor
    labels: Tensor
    latent: Tensor
    seed: int
    device: str

    def streams(self) -> Streams:
        """The streams that a penalty draws from, from their start."""
        return streams_of(self.seed, "vanishing/measure", self.device)


def run(settings: Vanishing, seed: int, tick: Tick) -> dict[str, Rows]:
    """The rows of one seed: stage, game, seed, steps, generator_grad_norm, accuracy, loss.

    `loss` is the discriminator's on held-out images; `accuracy` is its share of right answers on
    them and on fakes, NaN for critics.
    """
    data, measure = load_dataset(settings.dataset), None
    rows: Rows = []
    stages = len(settings.stages)
    for done, (stage, frozen) in enumerate(generators(settings, seed, data)):
        measure = measure or measured_on(settings, seed, data)
        for part, group in enumerate(GAMES):
            models = players(settings, seed, data, frozen, group)
            found = watched(models, settings, seed, data, measure)
            rows += [{"stage": stage, "seed": seed, **row} for row in found]
            tick((done + (part + 1) / len(GAMES)) / stages)
    return {"rows": rows}


def generators(settings: Vanishing, seed: int, data: Dataset) -> Iterator[tuple[str, Weights]]:
    """(images seen, weights) of a dcgan's generator at each stage of its training."""
    streams = Streams(seed, settings.device)
    model = build("dcgan", data.spec, streams, **common(settings))
    batches = batches_of(settings, data, streams)
    for images in settings.stages:
        while model.steps_done * settings.batch_size < images:
            model.train_step(batches, streams)
        weights = {name: w.clone() for name, w in model.generator.state_dict().items()}
        yield short(images), weights


def players(
    settings: Vanishing, seed: int, data: Dataset, frozen: Weights, group: str
) -> dict[str, GAN]:
    """Game -> a model with the frozen generator; the models share one fresh discriminator."""
    model, games = GAMES[group]
    extra: dict[str, dict[str, Any]] = {
        "logistic": {"discriminator_norm": "batch" if settings.batch_norm else "none"},
        "clipping": {
            "discriminator_norm": "batch" if settings.batch_norm else "none",
            "clip": settings.clip,
        },
        "penalty": {"penalty": settings.penalty},
    }
    made: dict[str, GAN] = {}
    for game, values in games.items():
        streams = streams_of(seed, "vanishing/fresh", settings.device)
        made[game] = build(model, data.spec, streams, **common(settings), **extra[group], **values)
        made[game].generator.load_state_dict(frozen)
        made[game].discriminator = next(iter(made.values())).discriminator
    return made


def watched(
    models: dict[str, GAN], settings: Vanishing, seed: int, data: Dataset, measure: Measure
) -> Iterator[dict[str, Any]]:
    """Train the shared discriminator, and measure each game's gradient through it on the way."""
    trained = next(iter(models.values()))
    streams = streams_of(seed, "vanishing/fresh", settings.device)
    batches = batches_of(settings, data, streams)
    measured = set(log_steps(settings.steps, POINTS))
    for step in range(settings.steps + 1):
        if step in measured:
            for game, model in models.items():
                yield {"game": game, "steps": step, **seen(model, measure)}
        if step < settings.steps:
            real, labels = next(batches)
            critic_step(trained, real, labels, *fakes(trained, labels, streams), streams)


def seen(model: GAN, measure: Measure) -> dict[str, float]:
    """The norm of the generator's gradient, and the discriminator's accuracy and loss."""
    fake = model.generator(measure.latent, measure.labels)
    parts = measure.real, fake, measure.latent, measure.labels, measure.streams(), 0
    loss = model.generator_loss(Batch(*parts))
    gradients = torch.autograd.grad(loss, list(trainable(model.generator).values()))
    norm = torch.stack(torch._foreach_norm(gradients)).norm()
    batch = Batch(measure.real, fake.detach(), *parts[2:])
    own = model.discriminator_loss(batch)
    with torch.no_grad():
        real, fake = model.scores(batch)
    right = ((real > 0).float().mean() + (fake < 0).float().mean()) / 2
    return {
        "generator_grad_norm": float(norm),
        "accuracy": float(right) if model.logits else float("nan"),
        "loss": float(own.detach()),
    }


def measured_on(settings: Vanishing, seed: int, data: Dataset) -> Measure:
    streams = streams_of(seed, "vanishing/measure", settings.device)
    rows = streams["data"].permutation(len(data.holdout))[:SAMPLES].cpu()
    real, labels = to_unit(data.holdout.samples[rows]), data.holdout.labels[rows]
    latent = streams["latent/generator"].normal(len(rows), settings.latent_dim)
    device = settings.device
    return Measure(real.to(device), labels.to(device), latent, seed, device)


def batches_of(settings: Vanishing, data: Dataset, streams: Streams) -> Shuffled:
    return Shuffled(data.train.to(settings.device), settings.batch_size, streams["data"])


def common(settings: Vanishing) -> dict[str, Any]:
    return {"width": settings.width, "latent_dim": settings.latent_dim}
