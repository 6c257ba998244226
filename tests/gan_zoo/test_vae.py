"""The VAE: its bound against torch's distributions and a closed form, its step against a loop."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from bench.checks.case import Case
from bench.checks.conformance import CHECKS, QUICK
from gan_zoo import vae
from gan_zoo.backbones import FAMILIES
from gan_zoo.base import DataSpec
from gan_zoo.catalog import BASELINES, MODELS, load
from gan_zoo.streams import Streams
from tests.gan_zoo.small import GREY, batches, make

POINTS = DataSpec((2,), 8)
# What asks for a discriminator, and `stacks`: it has a step of its own.
NO_USE = {"scores", "steps", "clip", "penalty", "stacks"}
RATE, SIZE, EPS = 1e-3, 8, 1e-3


@pytest.mark.parametrize(
    ("backbone", "spec"), [("mlp", GREY), ("mlp", POINTS), ("conv", GREY)], ids=str
)
def test_it_keeps_the_contract(backbone: str, spec: DataSpec) -> None:
    model, _ = make("vae", spec, backbone=backbone)
    case = Case(type(model), model.config, spec)
    found = {name: check.look(case)[0] for name, check in CHECKS.items()}
    assert found == {name: "skipped" if name in NO_USE else "ok" for name in CHECKS}


@pytest.mark.parametrize("backbone", FAMILIES)
def test_every_backbone_has_an_encoder(backbone: str) -> None:
    side = {"upsampling": 32, "conv64": 64}.get(backbone, 28)
    model, _ = make("vae", DataSpec((1, side, side), 10), backbone=backbone, width=16)
    case = Case(type(model), model.config, model.spec)
    for name in set(QUICK) - NO_USE:
        assert CHECKS[name].look(case)[0] == "ok", name


@pytest.mark.parametrize(("backbone", "sigma"), [("mlp", None), ("conv", None), ("conv", 0.7)])
def test_two_steps_are_those_of_a_loop_by_hand(backbone: str, sigma: float | None) -> None:
    values: dict[str, Any] = {"learning_rate": RATE, "width": 16, "sigma": sigma}
    model, streams = make("vae", backbone=backbone, **values)
    for player in model.players:
        model.optimizer_of(player).param_groups[0]["eps"] = EPS
    plain = copy.deepcopy(model).to(memory_format=torch.contiguous_format)
    before = [weight.detach().clone() for weight in model.parameters()]
    bound = by_hand(plain, Streams(0))
    feed = batches(model.spec, SIZE)
    for step in range(2):
        reported = model.train_step(feed, streams)
        assert reported.played.keys() == {"generator", "encoder"}
        assert reported.observed["elbo"].item() == pytest.approx(bound[step], rel=1e-4)
    for (key, ours), theirs in zip(model.named_parameters(), plain.parameters(), strict=True):
        assert (ours - theirs).abs().max() < 0.02 * RATE, key
    moved = [(p - b).abs().mean() for p, b in zip(plain.parameters(), before, strict=True)]
    assert min(moved) > 0
    assert sum(moved) / len(moved) > 0.1 * RATE


def by_hand(model: Any, streams: Streams) -> list[float]:
    """Two steps with one optimizer over both networks; the bound at each."""
    config, found, feed = model.config, [], batches(model.spec, SIZE)
    optimizer = torch.optim.Adam(model.parameters(), config.learning_rate, config.betas, EPS)
    for _ in range(2):
        real, labels = next(feed)
        mean, log_spread = model.encoder(real, labels).split(config.latent_dim, dim=1)
        posterior = Normal(mean, log_spread.exp())
        noise = streams["latent/encoder"].normal(SIZE, config.latent_dim)
        decoded = model.generator(posterior.loc + posterior.scale * noise, labels)
        sigma = config.sigma or torch.nn.functional.mse_loss(decoded, real).sqrt()
        fit = Normal(decoded, sigma).log_prob(real).flatten(1).sum(1)
        elbo = (fit - kl_divergence(posterior, Normal(0, 1)).sum(1)).mean()
        optimizer.zero_grad()
        (-elbo).backward()
        optimizer.step()
        found.append(elbo.item())
    return found


def test_the_bound_of_a_linear_decoder_is_its_log_likelihood_where_q_is_exact() -> None:
    """x = w z + noise is Gaussian, and so is z given x: then the bound is an equality."""
    w, variance = torch.tensor([1.5, -0.5, 0.25]), torch.tensor(0.3)
    x = torch.tensor([0.7, -1.1, 0.4])
    precision = 1 + w @ w / variance
    mean, log_spread = (w @ x / variance / precision).view(1, 1), -precision.log().view(1, 1) / 2
    noise = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0))
    error = (mean + log_spread.exp() * noise) * w - x
    bound = vae.log_likelihood(error, variance).mean() - vae.divergence(mean, log_spread)[0]
    truth = MultivariateNormal(torch.zeros(3), torch.outer(w, w) + variance * torch.eye(3))
    exact = truth.log_prob(x).item()
    assert bound.item() == pytest.approx(exact, abs=0.01)
    away = vae.log_likelihood((mean + 0.5 + log_spread.exp() * noise) * w - x, variance).mean()
    lost = exact - (away - vae.divergence(mean + 0.5, log_spread)[0]).item()
    assert lost == pytest.approx((0.5 * math.sqrt(precision)) ** 2 / 2, abs=0.01)  # KL(q, p(z | x))


def test_it_starts_from_the_generator_of_the_gans_and_ignores_labels() -> None:
    models = [make(name, backbone="conv", init="normal")[0] for name in ("vae", "dcgan")]
    weights = [dict(model.generator.named_parameters()) for model in models]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[1])
    trained: list[Tensor] = []
    for shift in (0, 1):
        model, streams = make("vae")
        feed = ((real, (labels + shift) % 10) for real, labels in batches())
        for _ in range(2):
            model.train_step(feed, streams)
        trained.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*trained)


def test_what_it_cannot_do_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"^a VAE has no discriminator.*is 1, not 5$"):
        make("vae", discriminator_steps=5)
    with pytest.raises(ValueError, match=r"^a VAE has no fakes to share"):
        make("vae", shared_fakes=True)
    with pytest.raises(ValueError, match=r"^sigma must be above 0, not 0$"):
        make("vae", sigma=0)
    with pytest.raises(ValueError, match="these are points: use backbone=mlp"):
        make("vae", POINTS, backbone="conv")


def test_it_is_no_game_and_stands_apart_from_those_that_are() -> None:
    assert not BASELINES.keys() & MODELS.keys()
    assert not any(load(name).is_game for name in BASELINES)  # type: ignore[attr-defined]
    assert all(load(name).is_game for name in MODELS)  # type: ignore[attr-defined]
