"""Which function does a critic learn near its optimum, under clipping and under the penalty?

Figure 1a of WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028): the fakes are real points plus
N(0, 1) noise, whatever a generator would do, and a critic is trained towards its optimum.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from gan_zoo.base import GAN
from gan_zoo.streams import Streams

from ..datasets.batches import Shuffled
from ..datasets.dataset import Dataset, load_dataset
from .critics import Rows, Tick, build, critic, critic_step, log_steps, streams_of
from .settings import Landscape

POINTS = 60  # rows of the loss, at steps evenly spaced on a log scale
SHOWN = 400  # real points in a picture
PAIRS = 2500  # held-out points that are scored, against as many fakes
FRAME = 1.4  # half the side of the grid, as a multiple of the data's largest coordinate


def run(settings: Landscape, seed: int, tick: Tick) -> dict[str, Rows]:
    """The tables of one seed, each with dataset, constraint and seed.

    rows: x, y, value, the critic's score at (x, y) less its mean over the grid, since a critic is
    free up to a constant.
    losses: steps, loss, the mean over the steps since the row before.
    critics: real_above_fake, the share of pairs of a held-out point and a fake in which the point
    scores higher.
    points: x, y, real points to draw over the grid.
    """
    tables: dict[str, Rows] = {"rows": [], "losses": [], "critics": [], "points": []}
    chosen = [f"clip={settings.clip:g}", f"penalty={settings.penalty:g}"]
    parts = [(dataset, constraint) for dataset in settings.datasets for constraint in chosen]
    for done, (dataset, constraint) in enumerate(parts):
        data = load_dataset(dataset)
        key = {"dataset": dataset, "constraint": constraint, "seed": seed}
        streams = streams_of(seed, "landscape", settings.device)
        model = model_of(settings, constraint, data, streams)
        for steps, loss in trained(model, settings, data, streams):
            tables["losses"].append({**key, "steps": steps, "loss": loss})
            tick((done + steps / settings.steps) / len(parts))
        tables["rows"] += [{**key, **place} for place in surface(model, data, settings.side)]
        above = real_above_fake(model, data, streams_of(seed, "landscape/measure", settings.device))
        tables["critics"].append({**key, "real_above_fake": above})
        if constraint == chosen[0]:
            shown = data.holdout.samples[:SHOWN].tolist()
            tables["points"] += [{**key, "x": x, "y": y} for x, y in shown]
    return tables


def model_of(settings: Landscape, constraint: str, data: Dataset, streams: Streams) -> GAN:
    """A GAN whose critic has `layers` hidden layers; its generator is not used."""
    name, kind, value = critic(constraint, settings.layers)
    rates = {"wgan": settings.clip_rate, "wgangp": settings.penalty_rate}
    rate, width = rates[name], settings.width
    fixed = {"backbone": "mlp", "latent_dim": 2}
    return build(name, data.spec, streams, kind, **value, **fixed, width=width, learning_rate=rate)


def trained(
    model: GAN, settings: Landscape, data: Dataset, streams: Streams
) -> Iterator[tuple[int, float]]:
    """Train the critic against real points plus noise; yields (steps, mean loss since the last)."""
    batches = Shuffled(data.train.to(settings.device), settings.batch_size, streams["data"])
    done = 0
    for steps in log_steps(settings.steps, POINTS)[1:]:
        losses: list[Tensor] = []
        for _ in range(steps - done):
            real, labels = next(batches)
            noise = streams["latent/discriminator"].normal(len(real), 2)
            losses.append(critic_step(model, real, labels, real + noise, noise, streams))
        done = steps
        yield steps, float(torch.stack(losses).mean())


@torch.no_grad()
def surface(model: GAN, data: Dataset, side: int) -> Iterator[dict[str, float]]:
    """The critic's scores on a square grid around the origin, less their mean: x, y, value."""
    half = FRAME * float(data.holdout.samples.abs().max())
    axis = torch.linspace(-half, half, side)
    places = torch.cartesian_prod(axis, axis)
    device = next(model.parameters()).device
    labels = torch.zeros(len(places), dtype=torch.int64, device=device)
    values = model.discriminator(places.to(device), labels).cpu()
    for (x, y), value in zip(places.tolist(), (values - values.mean()).tolist(), strict=True):
        yield {"x": x, "y": y, "value": value}


@torch.no_grad()
def real_above_fake(model: GAN, data: Dataset, streams: Streams) -> float:
    """The share of all pairs in which a held-out point scores above a fake; 0.5 is chance."""
    real = data.holdout.samples[:PAIRS].to(streams.device)
    fake = real + streams["latent/discriminator"].normal(len(real), 2)
    labels = torch.zeros(len(real), dtype=torch.int64, device=streams.device)
    above = model.discriminator(real, labels)[:, None] > model.discriminator(fake, labels)
    return float(above.float().mean())
