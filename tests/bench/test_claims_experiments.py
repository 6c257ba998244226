"""The published experiments hold what the claims look for."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

import bench
from bench.claims import Contestant, Run, tuning
from bench.files import read_toml
from bench.planning.from_toml import from_dict
from bench.planning.plan import Plan
from bench.stats import seeds_to_attain

EXPERIMENTS = Path(bench.__file__).parent.parent / "experiments"
NONE = pd.DataFrame({name: [] for name in ("model", "metric", "seed", "images", "value", "status")})
RATES = [0.25, 0.5, 1, 2, 4]


def plan_of(name: str) -> Plan:
    path = EXPERIMENTS / f"claims-{name}.toml"
    return from_dict(read_toml(path), str(path))


def run_of(plan: Plan) -> Run:
    """What `claims` would make of its folder, before a trial has begun."""
    configs = {label: dataclasses.asdict(config) for label, (_, config) in plan.resolved.items()}
    found = tuple(
        Contestant(c.label, c.model, json.loads(json.dumps(configs[c.label])))
        for c in plan.contestants
    )
    return Run("", plan.datasets[0], plan.budget, found, NONE, NONE, NONE)


@pytest.mark.parametrize("name", ["digits", "points", "tuning-digits", "tuning-points"])
def test_there_are_seeds_enough_for_a_verdict(name: str) -> None:
    assert len(plan_of(name).seeds) >= seeds_to_attain(1)


@pytest.mark.parametrize(
    ("name", "models", "batch_norm"),
    [
        ("digits", ["gan", "cgan", "dcgan", "wgan", "wgangp"], True),
        ("points", ["gan", "wgan", "wgangp"], False),
    ],
)
def test_every_model_and_variant_is_found(name: str, models: list[str], batch_norm: bool) -> None:
    run = run_of(plan_of(name))
    found = {model: run.usual(model) for model in models}
    assert {model: one.label for model, one in found.items() if one} == {m: m for m in models}
    for steps in (1, 2):
        assert run.variant(found["wgangp"], discriminator_steps=steps)
    assert run.variant(found["wgan"], clip=float("inf"))
    assert run.variant(found["wgangp"], penalty=0)
    assert bool(run.variant(found["wgangp"], discriminator_norm="batch")) == batch_norm


@pytest.mark.parametrize(("name", "models"), [("tuning-digits", 5), ("tuning-points", 4)])
def test_each_model_has_five_rates_around_its_usual_one(name: str, models: int) -> None:
    run = run_of(plan_of(name))
    ladders = tuning.ladders(run)
    assert [sorted(ladder) for ladder in ladders] == [RATES] * models
    assert {ladder[1].label for ladder in ladders} == {c.model for c in run.contestants}
    usual = plan_of("digits" if models == 5 else "points")
    rates = {c.model: c.config["learning_rate"] for c in run_of(usual).contestants}
    for model, rate in rates.items():
        (ladder,) = (found for found in ladders if found[1].model == model)
        assert ladder[1].config["learning_rate"] == rate
