"""The facts of each method, against closed forms and planted defects."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gan_zoo.base import GAN, Batch, DataSpec
from gan_zoo.catalog import MODELS
from gan_zoo.descent import descend
from gan_zoo.gan import VanillaGAN
from gan_zoo.precision import precision_context
from gan_zoo.streams import Streams
from gan_zoo.wgangp import WGANGP
from tests.gan_zoo.small import GREY, batches, make


def batch_for(model: GAN, streams: Streams, n: int = 8) -> Batch:
    real, labels = next(batches(model.spec, n))
    latent = streams["latent/discriminator"].normal(n, model.config.latent_dim)
    return Batch(real, model.generator(latent, labels), latent, labels, streams, 0)


@pytest.mark.parametrize("name", ["gan", "cgan", "dcgan"])
def test_the_gan_game_is_binary_cross_entropy(name: str) -> None:
    model, streams = make(name)
    batch = batch_for(model, streams)
    real, fake = (model.discriminator(x, batch.labels) for x in (batch.real, batch.fake))
    one, zero = torch.ones(8), torch.zeros(8)
    bce = binary_cross_entropy_with_logits
    expected = (bce(real, one) + bce(fake, zero)) / 2
    torch.testing.assert_close(model.discriminator_loss(batch), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.generator_loss(batch), bce(fake, one))


def test_the_saturating_loss_is_the_other_side_of_the_game() -> None:
    model, streams = make("gan", saturating=True)
    batch = batch_for(model, streams)
    fake = model.discriminator(batch.fake, batch.labels)
    expected = -binary_cross_entropy_with_logits(fake, torch.zeros(8))
    torch.testing.assert_close(model.generator_loss(batch), expected)


@pytest.mark.parametrize("name", ["wgan", "wgangp"])
def test_wasserstein_objectives(name: str) -> None:
    model, streams = make(name, discriminator_norm="none")
    batch = batch_for(model, streams)
    real, fake = (model.discriminator(x, batch.labels) for x in (batch.real, batch.fake))
    difference = fake.mean() - real.mean()
    loss = model.discriminator_loss(batch)
    if name == "wgangp":
        loss = loss - model.config.penalty * batch.observed["penalty"]  # type: ignore[attr-defined]
    torch.testing.assert_close(loss, difference, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.generator_loss(batch), -fake.mean())


class Quadratic(nn.Module):
    """s(x) = a |x|^2 / 2, whose gradient is a x."""

    def __init__(self, a: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.a * x.flatten(1).square().sum(1) / 2


class Linear(nn.Module):
    """s(x) = w . x + 0.3 with |w| = norm."""

    def __init__(self, size: int, norm: float) -> None:
        super().__init__()
        w = torch.randn(size, generator=torch.Generator().manual_seed(0))
        self.w = nn.Parameter(norm * w / w.norm())

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return x.flatten(1) @ self.w + 0.3


@pytest.mark.parametrize(("norm", "penalty"), [(1.0, 0.0), (3.0, 4.0), (0.0, 1.0), (0.5, 0.25)])
def test_the_penalty_of_a_linear_critic_is_known(norm: float, penalty: float) -> None:
    model, streams = make("wgangp")
    assert isinstance(model, WGANGP)
    model.discriminator = Linear(784, norm)
    value = model.gradient_penalty(batch_for(model, streams))
    assert value.item() == pytest.approx(penalty, abs=1e-5)


def test_the_penalty_of_a_quadratic_critic_has_its_closed_form() -> None:
    model, streams = make("wgangp")
    assert isinstance(model, WGANGP)
    critic = Quadratic(0.2)
    model.discriminator = critic
    batch = batch_for(model, streams)
    penalty = model.gradient_penalty(batch)
    eps = Streams(0)["penalty"].uniform(8, 1, 1, 1)
    norms = (eps * batch.real + (1 - eps) * batch.fake).flatten(1).norm(dim=1)
    torch.testing.assert_close(penalty, (0.2 * norms - 1).square().mean())
    (slope,) = torch.autograd.grad(penalty, critic.a)  # the critic can learn from it
    torch.testing.assert_close(slope, (2 * (0.2 * norms - 1) * norms).mean())


class OneEps(WGANGP):
    """The planted defect: one mixing weight for the whole batch."""

    def gradient_penalty(self, batch: Batch) -> Tensor:
        class Narrow:
            def __getitem__(self, name: str) -> "Narrow":
                return self

            def uniform(self, n: int, *shape: int) -> Tensor:
                return batch.streams["penalty"].uniform(1, *shape).expand(n, *shape)

        return super().gradient_penalty(dataclasses.replace(batch, streams=Narrow()))  # type: ignore[arg-type]


def mixing_weights(kind: type[WGANGP]) -> Tensor:
    """eps of each sample, read off the points that the critic is shown."""
    shown: list[Tensor] = []

    class Watching(Linear):
        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            shown.append(x.detach())
            return super().forward(x, labels)

    streams = Streams(0)
    model = kind(GREY, dataclasses.replace(kind.defaults, width=4), streams)
    model.discriminator = Watching(784, 1.0)
    batch = batch_for(model, streams)
    model.gradient_penalty(batch)
    line = (batch.real - batch.fake).detach().flatten(1)
    return ((shown[0] - batch.fake.detach()).flatten(1) * line).sum(1) / line.square().sum(1)


def test_the_penalty_draws_one_weight_a_sample() -> None:
    eps = mixing_weights(WGANGP)
    assert len(eps.round(decimals=4).unique()) == 8
    assert 0 <= eps.min() < eps.max() < 1
    assert len(mixing_weights(OneEps).round(decimals=4).unique()) == 1


def test_the_penalty_is_fp32_under_bf16() -> None:
    model, streams = make("wgangp")
    assert isinstance(model, WGANGP)
    exact = model.gradient_penalty(batch_for(model, streams))
    again, streams = make("wgangp")
    assert isinstance(again, WGANGP)
    batch = batch_for(again, streams)
    with torch.autocast("cpu", torch.bfloat16):
        penalty = again.gradient_penalty(batch)
    assert penalty.dtype == torch.float32
    assert torch.equal(exact, penalty)


@pytest.mark.parametrize("name", MODELS)
def test_networks_under_bf16_are_those_of_now(name: str) -> None:
    """Autocast's own cache would keep the weights that the first pass in the context had cast."""
    model, streams = make(name, learning_rate=0.05)  # a step that bf16 can see
    feed = batches(model.spec, 8)
    real, labels = next(feed)
    latent = torch.randn(8, model.config.latent_dim, generator=torch.Generator().manual_seed(0))

    def seen() -> list[Tensor]:
        return [model.discriminator(real, labels), model.generator(latent, labels)]

    with precision_context(real.device, "bf16"):
        before = seen()
        model.train_step(feed, streams)
        within = seen()
    with precision_context(real.device, "bf16"):
        after = seen()
    for old, now, fresh in zip(before, within, after, strict=True):
        assert old.dtype == torch.bfloat16
        assert not torch.equal(old, now)
        assert torch.equal(now, fresh)


@pytest.mark.parametrize("backbone", ["mlp", "conv"])
def test_only_a_conditional_model_heeds_the_label(backbone: str) -> None:
    for name, heeds in (("cgan", True), ("gan", False)):
        model, _ = make(name, backbone=backbone)
        model.eval()
        latent = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
        three, five = torch.full((6,), 3), torch.full((6,), 5)
        same_image = torch.equal(model.generator(latent, three), model.generator(latent, five))
        images = model.generator(latent, three)
        same_score = torch.equal(
            model.discriminator(images, three), model.discriminator(images, five)
        )
        assert (same_image, same_score) == (not heeds, not heeds)


def test_equal_networks_start_equal_at_one_seed() -> None:
    dcgan, _ = make("dcgan", seed=4)
    wgan, _ = make("wgan", seed=4)
    other, _ = make("wgan", seed=5)
    for mine, theirs, foreign in zip(
        dcgan.parameters(), wgan.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(mine, theirs)
        assert mine.ndim < 2 or not torch.equal(mine, foreign)


def test_the_penalty_leaves_the_latents_of_the_others_alone() -> None:
    drawn = {}
    for name in ("wgan", "wgangp"):
        model, streams = make(name)
        model.train_step(batches(), streams)
        drawn[name] = streams["latent/discriminator"].normal(6, 8)
    assert torch.equal(drawn["wgan"], drawn["wgangp"])


def test_parameters_as_counted_by_hand() -> None:
    def count(network: nn.Module) -> int:
        return sum(p.numel() for p in network.parameters())

    gan, _ = make("gan", width=256, latent_dim=64)
    # 64-256-512-1024-784, each hidden layer with batch norm; 784-512-256-1.
    assert count(gan.generator) == 16_640 + 512 + 131_584 + 1_024 + 525_312 + 2_048 + 803_600
    assert count(gan.discriminator) == 785 * 512 + 513 * 256 + 257
    dcgan, _ = make("dcgan", width=32, latent_dim=64)
    # 64 -> 64x7x7 -> 32x14x14 -> 1x28x28, kernels of 4 x 4.
    assert count(dcgan.generator) == 64 * 64 * 49 + 128 + 64 * 32 * 16 + 64 + 32 * 16 + 1
    assert count(dcgan.discriminator) == 32 * 16 + 32 + 32 * 64 * 16 + 128 + 64 * 49 + 1
    paper, _ = make("dcgan", DataSpec((3, 64, 64)), width=128, latent_dim=100)
    widths = [m.out_channels for m in paper.generator.modules() if hasattr(m, "out_channels")]
    assert widths == [512, 256, 128, 3]  # from 1024 x 4 x 4, as in the paper's figure 1


def test_descend_reports_the_norm_of_each_layer_and_steps_one_network() -> None:
    model, streams = make("gan")
    assert isinstance(model, VanillaGAN)
    batch = batch_for(model, streams)
    gradients = torch.autograd.grad(
        model.discriminator_loss(batch), list(model.discriminator.parameters()), retain_graph=True
    )
    loss = model.discriminator_loss(batch)
    norms = descend(loss, model.discriminator, model.discriminator_optimizer)
    pairs = list(zip(gradients[::2], gradients[1::2], strict=True))  # weight and bias of a layer
    expected = [torch.cat([w.flatten(), b]).norm() for w, b in pairs]
    torch.testing.assert_close(norms, torch.stack(expected), rtol=1e-4, atol=1e-7)
    assert all(p.grad is None for p in model.generator.parameters())


def test_descend_takes_frozen_and_unused_parameters() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1))
    for parameter in network[0].parameters():
        parameter.requires_grad_(False)
    loss = network[2](torch.ones(3, 2)).sum()  # the second layer is not used
    norms = descend(loss, network, torch.optim.SGD(network.parameters(), lr=0.1))
    assert norms.tolist() == pytest.approx([0.0, (2 * 3**2 + 3**2) ** 0.5])


@pytest.mark.parametrize("backbone", ["mlp", "conv", "unpadded"])
@pytest.mark.parametrize("name", MODELS)
def test_a_fused_optimizer_steps_as_a_plain_one(name: str, backbone: str) -> None:
    """Fused ones pair weights with gradients by place in memory, whatever the strides say."""
    trained = []
    for fused in (True, False):
        # No batch norm: the bias before it has no gradient but of round-off.
        bare: dict[str, Any] = {"generator_norm": "none", "discriminator_norm": "none"}
        model, streams = make(name, backbone=backbone, learning_rate=0.01, **bare)
        for player in ("generator", "discriminator"):
            optimizer = getattr(model, f"{player}_optimizer")
            if isinstance(optimizer, torch.optim.Adam):
                assert optimizer.defaults["fused"]
                for group in optimizer.param_groups:
                    group.update(fused=fused, foreach=False)
        feed = batches(model.spec, 8)
        for _ in range(2):
            model.train_step(feed, streams)
        trained.append(dict(model.named_parameters()))
    for key, weight in trained[0].items():
        torch.testing.assert_close(weight, trained[1][key], rtol=0, atol=1e-4, msg=key)


@pytest.mark.parametrize("name", ["dcgan", "wgangp"])
def test_shared_fakes_are_those_that_the_discriminator_met_last(name: str) -> None:
    model, streams = make(name, shared_fakes=True)
    met: list[tuple[str, Tensor, Tensor]] = []
    for player in ("discriminator", "generator"):
        loss = getattr(model, f"{player}_loss")

        def noted(batch: Batch, loss: object = loss, player: str = player) -> Tensor:
            met.append((player, batch.fake, batch.latent))
            return loss(batch)  # type: ignore[operator, no-any-return]

        setattr(model, f"{player}_loss", noted)
    model.train_step(batches(), streams)

    (_, seen, latent), (last, own, of) = met[-2:]
    assert last == "generator"
    assert torch.equal(seen, own)
    assert torch.equal(latent, of)
    assert not seen.requires_grad
    assert own.requires_grad
    assert len(met) == model.config.discriminator_steps + 1
    assert not any("latent/generator" in key for key in streams.hashes())


def test_shared_fakes_give_the_generator_its_gradient() -> None:
    """One step by hand: torch's own Adam on the two losses, the same fakes in both."""
    # Without batch norm: before it a bias has no gradient but rounding, which Adam blows up.
    model, streams = make("gan", shared_fakes=True, generator_norm="none")
    twin, own = make("gan", shared_fakes=True, generator_norm="none")
    model.train_step(batches(), streams)

    real, labels = next(batches())
    generator, discriminator = twin.generator, twin.discriminator
    fake = generator(own["latent/discriminator"].normal(6, 8), labels)

    def of(fakes: Tensor) -> Batch:
        return Batch(real, fakes, torch.empty(0), labels, own, 0)

    for network in (discriminator, generator):
        parameters = list(network.parameters())
        optimizer = torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))
        if network is discriminator:
            loss = twin.discriminator_loss(of(fake.detach()))
        else:
            loss = twin.generator_loss(of(fake))
        for parameter, gradient in zip(
            parameters, torch.autograd.grad(loss, parameters), strict=True
        ):
            parameter.grad = gradient
        optimizer.step()
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-7)


def test_a_clip_of_infinity_clips_nothing() -> None:
    model, _ = make("wgan", clip=float("inf"))
    before = [weight.detach().clone() for weight in model.discriminator.parameters()]
    model.after_discriminator_step()
    assert all(map(torch.equal, before, model.discriminator.parameters()))
