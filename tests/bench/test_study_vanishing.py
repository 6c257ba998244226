"""The generator's gradient through fresh discriminators, on trainings of a blink."""

import math

import pytest
import torch

from bench.datasets.dataset import load_dataset
from bench.studies import vanishing
from bench.studies.critics import log_steps
from bench.studies.settings import Vanishing
from gan_zoo.base import Batch

TINY = Vanishing(seeds=(0,), stages=(64, 192), steps=3, batch_size=32, width=2, latent_dim=4)


@pytest.fixture(scope="module")
def data():
    return load_dataset("mnist5k")


@pytest.fixture(scope="module")
def frozen(data):
    return dict(vanishing.generators(TINY, 0, data))


@pytest.fixture(scope="module")
def rows():
    shares: list[float] = []
    found = vanishing.run(TINY, 0, shares.append)["rows"]
    assert shares == pytest.approx([i / 6 for i in range(1, 7)])
    return found


def test_rows_are_every_stage_game_and_look(rows):
    columns = ["stage", "seed", "game", "steps", "generator_grad_norm", "accuracy", "loss"]
    assert {tuple(row) for row in rows} == {tuple(columns)}
    keys = [(row["stage"], row["game"], row["steps"]) for row in rows]
    games = ("saturating", "non-saturating", "clipping", "penalty")
    assert len(keys) == len(set(keys))
    assert set(keys) == {(s, g, n) for s in ("64", "192") for g in games for n in range(4)}
    for row in rows:
        assert row["generator_grad_norm"] > 0
        critic = row["game"] in ("clipping", "penalty")
        assert math.isnan(row["accuracy"]) if critic else 0 <= row["accuracy"] <= 1


def test_the_same_seed_gives_the_same_rows(rows):
    again = vanishing.run(TINY, 0, lambda share: None)["rows"]
    assert [{**row, "accuracy": str(row["accuracy"])} for row in again] == [
        {**row, "accuracy": str(row["accuracy"])} for row in rows
    ]


def test_all_games_meet_one_frozen_generator_and_fresh_discriminators(data, frozen):
    models = {
        game: model
        for group in vanishing.GAMES
        for game, model in vanishing.players(TINY, 0, data, frozen["64"], group).items()
    }
    for model in models.values():
        for name, weight in model.generator.state_dict().items():
            assert torch.equal(weight, frozen["64"][name])
    assert models["saturating"].discriminator is models["non-saturating"].discriminator
    other = vanishing.players(TINY, 1, data, frozen["64"], "logistic")["saturating"]
    weight = other.discriminator.state_dict()["layers.0.weight"]
    own = models["saturating"].discriminator.state_dict()["layers.0.weight"]
    assert not torch.equal(weight, own)
    # Equal networks begin equal; the penalised critic, which has no batch norm, is another one.
    assert torch.equal(own, models["clipping"].discriminator.state_dict()["layers.0.weight"])


def test_the_generator_learned_between_the_stages_and_stays_frozen_after(data, frozen):
    assert not torch.equal(frozen["64"]["layers.0.weight"], frozen["192"]["layers.0.weight"])
    models = vanishing.players(TINY, 0, data, frozen["64"], "clipping")
    before = models["clipping"].discriminator.state_dict()["layers.0.weight"].clone()
    list(vanishing.watched(models, TINY, 0, data, vanishing.measured_on(TINY, 0, data)))
    after = models["clipping"]
    for name, weight in after.generator.named_parameters():
        assert torch.equal(weight, frozen["64"][name])
    assert not torch.equal(before, after.discriminator.state_dict()["layers.0.weight"])
    assert all(w.abs().max() <= TINY.clip for w in after.discriminator.parameters())


def test_of_one_sample_the_two_losses_differ_by_a_factor_of_its_odds(data, frozen):
    """Their gradients are D(G(z)) and 1 - D(G(z)) times that of the score s: exp(s) apart."""
    whole = vanishing.measured_on(TINY, 0, data)
    one = vanishing.Measure(whole.real[:1], whole.labels[:1], whole.latent[:1], 0, "cpu")
    models = vanishing.players(TINY, 0, data, frozen["64"], "logistic")
    with torch.no_grad():  # far from an even guess
        list(models["saturating"].discriminator.parameters())[-1].fill_(-3.0)
        fake = models["saturating"].generator(one.latent, one.labels)
        score = float(models["saturating"].discriminator(fake, one.labels))
    norms = {g: vanishing.seen(m, one)["generator_grad_norm"] for g, m in models.items()}
    assert score < -2
    assert norms["saturating"] / norms["non-saturating"] == pytest.approx(math.exp(score), rel=1e-4)


def test_the_norm_is_that_of_a_plain_backward_pass(data, frozen):
    measure = vanishing.measured_on(TINY, 0, data)
    (model,) = vanishing.players(TINY, 0, data, frozen["64"], "penalty").values()
    found = vanishing.seen(model, measure)
    fake = model.generator(measure.latent, measure.labels)
    batch = Batch(measure.real, fake, measure.latent, measure.labels, measure.streams(), 0)
    model.generator_loss(batch).backward()
    gradients = [w.grad.flatten() for w in model.generator.parameters() if w.grad is not None]
    assert len(gradients) == len(list(model.generator.parameters()))
    total = float(torch.cat(gradients).double().norm())
    assert found["generator_grad_norm"] == pytest.approx(total, rel=1e-5)
    assert vanishing.seen(model, measure) == pytest.approx(found, nan_ok=True)


def test_looks_are_even_on_a_log_scale():
    assert log_steps(1000, 4) == [0, 1, 10, 100, 1000]
    assert log_steps(3, 25) == [0, 1, 2, 3]
