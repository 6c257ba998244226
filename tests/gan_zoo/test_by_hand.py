"""Two steps of each model against the loop that everyone writes, on the same draws.

The other loop shares nothing with `train_step` but the initial weights: `backward` instead of
`autograd.grad`, one pass for real and one for fake, optimizers that are not fused, planes first in
memory, losses by their textbook names.
"""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.optim import Adam, Optimizer, RMSprop

from gan_zoo.base import GAN
from gan_zoo.catalog import MODELS
from gan_zoo.streams import Streams
from tests.gan_zoo.small import batches, make

STEPS, TURN, SIZE, RATE = 2, 2, 8, 1e-3
EPS = 1e-3  # of the optimizers: where a gradient is near zero, its round-off would decide


@pytest.mark.parametrize("backbone", ["mlp", "conv"])
@pytest.mark.parametrize("name", MODELS)
def test_two_steps_are_those_of_a_loop_by_hand(name: str, backbone: str) -> None:
    values: dict[str, Any] = {"backbone": backbone, "learning_rate": RATE, "width": 16}
    model, streams = make(name, discriminator_steps=TURN, **values)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        optimizer.param_groups[0]["eps"] = EPS
    plain = copy.deepcopy(model).to(memory_format=torch.contiguous_format)
    before = [weight.detach().clone() for weight in model.parameters()]
    by_hand(name, plain, Streams(0))
    feed = batches(model.spec, SIZE)
    for _ in range(STEPS):
        model.train_step(feed, streams)
    pairs = zip(model.named_parameters(), plain.named_parameters(), before, strict=True)
    weights, moved = sum(weight.numel() for weight in before), torch.zeros(())
    for (key, ours), (_, theirs), start in pairs:
        assert (ours - theirs).abs().max() < 0.02 * RATE, key
        moved += (theirs - start).abs().sum() / weights
    assert moved > 0.1 * RATE


def by_hand(name: str, model: GAN, streams: Streams) -> None:
    config: Any = model.config
    generator, discriminator = model.generator, model.discriminator
    steps: dict[nn.Module, Optimizer] = {
        network: RMSprop(network.parameters(), config.learning_rate, eps=EPS)
        if name == "wgan"
        else Adam(network.parameters(), config.learning_rate, config.betas, EPS)
        for network in (generator, discriminator)
    }

    def latents(player: str) -> Tensor:
        return streams[f"latent/{player}"].normal(SIZE, config.latent_dim)

    feed = batches(model.spec, SIZE)
    for _ in range(STEPS):
        for _ in range(TURN):
            real, labels = next(feed)
            fake = generator(latents("discriminator"), labels).detach()
            loss = discriminator_loss(name, discriminator, real, fake, labels, streams)
            steps[discriminator].zero_grad()
            loss.backward()
            steps[discriminator].step()
            if name == "wgan":
                for weight in discriminator.parameters():
                    weight.data.clamp_(-config.clip, config.clip)
        score = discriminator(generator(latents("generator"), labels), labels)
        loss = -score.mean() if name.startswith("wgan") else bce(score, torch.ones(SIZE))
        steps[generator].zero_grad()
        loss.backward()
        steps[generator].step()


def discriminator_loss(
    name: str,
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    labels: Tensor,
    streams: Streams,
) -> Tensor:
    on_real, on_fake = discriminator(real, labels), discriminator(fake, labels)
    if not name.startswith("wgan"):
        return (bce(on_real, torch.ones(SIZE)) + bce(on_fake, torch.zeros(SIZE))) / 2
    loss: Tensor = on_fake.mean() - on_real.mean()
    if name == "wgangp":
        eps = streams["penalty"].uniform(SIZE, 1, 1, 1)
        between = (eps * real + (1 - eps) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(
            discriminator(between, labels).sum(), between, create_graph=True
        )
        loss = loss + 10 * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    return loss
