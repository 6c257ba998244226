"""Each probe's number against one computed in another way."""

import dataclasses
from typing import cast

import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist
from torch import Tensor, nn

from bench.datasets.dataset import load_dataset
from bench.probes.batch import ProbeBatch, draw, partners
from bench.probes.measures import (
    Look,
    diversity,
    edge,
    guesses,
    lipschitz,
    mean_distance,
    overfitting,
    quantiles,
    slopes,
)
from bench.probes.weights import ratios
from gan_zoo.base import GAN, Config, DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

SLOPE = torch.tensor([3.0, -4.0])  # of norm 5


class Plane(nn.Module):
    """s(x) = SLOPE x + 1: its slope is 5 everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(SLOPE.clone()), nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return x @ self.weight + self.bias


class Bowl(nn.Module):
    """s(x) = |x|^2: its slope at x is 2 |x|."""

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return x.square().flatten(1).sum(1)


class Fixed(nn.Module):
    """A generator that gives the same samples whatever it is asked."""

    def __init__(self, samples: Tensor) -> None:
        super().__init__()
        self.samples = samples

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        return self.samples


@pytest.fixture
def batch() -> ProbeBatch:
    return draw(load_dataset("ring8"), 3, False, 0, "cpu")


def look(discriminator: nn.Module, batch: ProbeBatch, fake: Tensor, name: str = "gan") -> Look:
    kind = cast(type[GAN], load(name))
    model = kind(DataSpec((2,), 8), Config(width=4, latent_dim=3), Streams(0))
    model.discriminator, model.generator = discriminator, Fixed(fake)
    return Look(model.eval(), batch)


def numbers(found: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(value) for name, value in found.items()}


def some(batch: ProbeBatch, seed: int = 1) -> Tensor:
    return torch.randn(batch.real.shape, generator=torch.Generator().manual_seed(seed))


def test_the_slope_of_a_plane_is_its_normal(batch: ProbeBatch) -> None:
    found = numbers(slopes(look(Plane(), batch, some(batch))))
    assert set(found) == {f"slope/{w}/{s}" for w in ("real", "fake", "between")
                          for s in ("mean", "max")}  # fmt: skip
    assert found == pytest.approx(dict.fromkeys(found, 5.0), rel=1e-6)


def test_the_slope_of_a_bowl_is_twice_the_distance_from_its_centre(batch: ProbeBatch) -> None:
    fake = some(batch)
    found = numbers(slopes(look(Bowl(), batch, fake)))
    between = batch.eps * batch.real + (1 - batch.eps) * fake
    for name, x in (("real", batch.real), ("fake", fake), ("between", between)):
        far = 2 * np.linalg.norm(x.numpy(), axis=1)
        assert found[f"slope/{name}/mean"] == pytest.approx(far.mean(), rel=1e-5)
        assert found[f"slope/{name}/max"] == pytest.approx(far.max(), rel=1e-5)
    assert 0 < batch.eps.min() < 0.1 < 0.9 < batch.eps.max() < 1
    assert batch.eps.shape == (len(fake), 1)  # one for each sample


@pytest.mark.parametrize("name", ["gan", "dcgan", "wgan", "wgangp"])
def test_slopes_are_finite_differences(name: str) -> None:
    kind = cast(type[GAN], load(name))
    data = load_dataset("mnist5k")
    config = dataclasses.replace(kind.defaults, width=4, latent_dim=3, init="torch")
    model = kind(data.spec, config, Streams(0)).eval()
    batch = draw(data, 3, False, 0, "cpu")
    seen = Look(model, batch)
    _, norms = seen.on_real
    model.double()
    x = batch.real[:1].double().flatten()
    steps = 1e-6 * torch.eye(len(x), dtype=torch.float64)
    with torch.no_grad():
        many = batch.labels[:1].expand(len(x))
        ends = [model.discriminator((x + s).reshape(-1, 1, 28, 28), many) for s in (steps, -steps)]
    gradient = (ends[0] - ends[1]) / 2e-6
    assert float(norms[0]) == pytest.approx(float(gradient.norm()), rel=1e-3)


def test_lipschitz_quotients_are_those_of_the_pairs(batch: ProbeBatch) -> None:
    fake = some(batch)
    found = numbers(lipschitz(look(Plane(), batch, fake)))
    x, y, weight = batch.real.numpy(), fake.numpy(), SLOPE.numpy()
    pairs = [(x[i], y[i]) for i in range(len(x))]
    for z in (x, y):
        pairs += [(z[i], z[(i + 1) % len(z)]) for i in range(len(z))]
    quotients = [abs((a - b) @ weight) / np.linalg.norm(a - b) for a, b in pairs]
    assert found["lipschitz/mean"] == pytest.approx(np.mean(quotients), rel=1e-4)
    assert found["lipschitz/max"] == pytest.approx(np.max(quotients), rel=1e-4)
    assert found["lipschitz/max"] <= 5 * (1 + 1e-4)  # no quotient of a plane is above its slope


def test_where_no_pair_is_apart_there_is_no_quotient(batch: ProbeBatch) -> None:
    alike = dataclasses.replace(batch, real=torch.zeros_like(batch.real))
    found = numbers(lipschitz(look(Plane(), alike, torch.zeros_like(batch.real))))
    assert np.isnan([found["lipschitz/mean"], found["lipschitz/max"]]).all()


def test_quantiles_and_ratios_of_layers_wait_for_no_device(batch: ProbeBatch) -> None:
    layers = {f"layers.{i}.{name}": nn.Parameter(torch.ones(3, device="meta"))
              for i in (0, 2) for name in ("weight", "bias")}  # fmt: skip
    old = [torch.ones(3, device="meta") for _ in layers]
    found = ratios("generator", layers, old, layers=True)
    assert found.keys() == {f"update_ratio/generator{of}" for of in ("", "/layers.0", "/layers.2")}


def test_pairs_of_a_collapsed_generator_are_left_out(batch: ProbeBatch) -> None:
    one = torch.full_like(batch.real, 3.0)
    found = numbers(lipschitz(look(Plane(), batch, one)))
    x, weight = batch.real.numpy(), SLOPE.numpy()
    pairs = [(a, np.full(2, 3.0)) for a in x] + list(zip(x, np.roll(x, -1, 0), strict=True))
    quotients = [abs((a - b) @ weight) / np.linalg.norm(a - b) for a, b in pairs]
    assert found["lipschitz/mean"] == pytest.approx(np.mean(quotients), rel=1e-4)


def test_a_conditional_model_is_paired_within_classes() -> None:
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    assert partners(labels, within=True).tolist() == [2, 4, 5, 3, 1, 0]
    assert partners(labels, within=False).tolist() == [1, 2, 3, 4, 5, 0]


def test_quantiles_are_those_of_numpy(batch: ProbeBatch) -> None:
    fake = some(batch)
    found = numbers(quantiles(look(Bowl(), batch, fake)))
    for name, x in (("real", batch.real), ("fake", fake)):
        scores = (x.numpy() ** 2).sum(1)
        for q in (5, 25, 50, 75, 95):
            expected = np.quantile(scores, q / 100)
            assert found[f"score/{name}/q{q:02}"] == pytest.approx(expected, rel=1e-5)
    assert len(found) == 10


def test_guesses_of_a_logistic_discriminator(batch: ProbeBatch) -> None:
    fake = some(batch)
    found = numbers(guesses(look(Plane(), batch, fake)))
    weight = SLOPE.numpy().astype(float)
    for name, x, sign in (("real", batch.real, 1), ("fake", fake, -1)):
        scores = x.numpy() @ weight + 1
        assert found[f"accuracy/{name}"] == pytest.approx(np.mean(sign * scores > 0))
        assert found[f"output/{name}"] == pytest.approx(np.mean(1 / (1 + np.exp(-scores))))


def test_a_critic_guesses_nothing_and_a_users_model_may(batch: ProbeBatch) -> None:
    assert guesses(look(Plane(), batch, some(batch), "wgan")) == {}
    kinds = {name: load(name).logits for name in ("gan", "cgan", "dcgan", "wgan", "wgangp")}  # type: ignore[attr-defined]
    assert kinds == {"gan": True, "cgan": True, "dcgan": True, "wgan": False, "wgangp": False}


def test_held_out_samples_stand_beside_as_many_of_the_same_classes() -> None:
    data = load_dataset("mnist5k")
    batch = draw(data, 3, False, 0, "cpu")
    assert len(batch.real) == len(batch.holdout) == batch.scored == 128
    assert torch.equal(batch.labels, batch.holdout_labels)
    counts = batch.labels.bincount(minlength=10)
    assert counts.min() == 12
    assert counts.max() == 13
    train, holdout = (s.samples.float().div(127.5).sub(1) for s in (data.train, data.holdout))
    assert torch.cdist(batch.real.flatten(1), train.flatten(1)).min(1).values.max() < 0.1
    assert torch.cdist(batch.holdout.flatten(1), holdout.flatten(1)).min(1).values.max() < 0.1
    assert len(batch.real.flatten(1).unique(dim=0)) == 128


def test_overfitting_is_two_means_of_scores(batch: ProbeBatch) -> None:
    found = numbers(overfitting(look(Bowl(), batch, some(batch))))
    assert found == pytest.approx(
        {
            "score/train": (batch.real.numpy() ** 2).sum(1).mean(),
            "score/holdout": (batch.holdout.numpy() ** 2).sum(1).mean(),
        }
    )
    # True points are alike whether they were trained on or not.
    assert found["score/train"] == pytest.approx(found["score/holdout"], rel=0.05)


def test_few_held_out_samples_have_as_few_beside_them() -> None:
    data = load_dataset("ring8")
    split = data.holdout
    few = dataclasses.replace(split, samples=split.samples[:30], labels=split.labels[:30])
    batch = draw(dataclasses.replace(data, holdout=few), 3, False, 0, "cpu")
    assert len(batch.real) == len(batch.holdout) == 30
    none = dataclasses.replace(split, samples=split.samples[:0], labels=split.labels[:0])
    batch = draw(dataclasses.replace(data, holdout=none), 3, False, 0, "cpu")
    assert (len(batch.real), len(batch.holdout)) == (128, 0)
    assert overfitting(look(Plane(), batch, some(batch))) == {}


def test_the_batch_depends_on_the_seed_alone() -> None:
    one, same, other = (draw(load_dataset("ring8"), 3, False, s, "cpu") for s in (0, 0, 1))
    for field in ("real", "labels", "holdout", "normal", "eps"):
        assert torch.equal(getattr(one, field), getattr(same, field))
    assert not torch.equal(one.real, other.real)
    assert not torch.equal(one.normal, other.normal)


def test_diversity_is_the_mean_of_scipys_distances(batch: ProbeBatch) -> None:
    found = numbers(diversity(look(Plane(), batch, some(batch))))
    assert found["diversity/fake"] == pytest.approx(pdist(some(batch)[:64].numpy()).mean())
    assert found["diversity/real"] == pytest.approx(pdist(batch.real[:64].numpy()).mean())
    assert float(mean_distance(torch.ones(9, 1, 4, 4))) == 0  # one and the same image


def test_edge_counts_what_lies_at_each_layers_own_bound() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 2), nn.Linear(2, 1)
            with torch.no_grad():
                self.a.weight.copy_(
                    torch.tensor([[0.01, -0.01, 0.00995, 0.005], [0, 0, 0, 0.0098]])
                )
                self.a.bias.copy_(torch.tensor([0.01, 0.0]))
                self.b.weight.copy_(torch.tensor([[7.0, -6.9]]))
                self.b.bias.fill_(1.0)

    kind = cast(type[GAN], load("gan"))
    model = kind(DataSpec((2,), 8), Config(width=4, latent_dim=3), Streams(0))
    model.discriminator = Two()
    found = edge(Look(model, cast(ProbeBatch, None)))
    assert float(found["weights/edge"]) == pytest.approx((4 + 1) / 13)
