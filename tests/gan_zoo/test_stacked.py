"""A stack of four models does what the four do alone, to rounding, on the very same draws."""

import copy
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.base import GAN, Batch, Config, DataSpec
from gan_zoo.catalog import MODELS, load
from gan_zoo.gan import VanillaGAN
from gan_zoo.stacked.objections import batches, objection, side_by_side
from gan_zoo.stacked.stack import Stack
from gan_zoo.stacked.streams import StackedStreams
from gan_zoo.streams import Streams

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SPECS = (DataSpec((1, 28, 28), 10), DataSpec((1, 32, 32), 10), DataSpec((1, 64, 64), 10))
NARROW: dict[str, Any] = {"width": 4, "latent_dim": 8}
SEEDS, STEPS, LONG = (3, 1, 4, 15), 50, 10
ROUNDING = 1e-10
EPS = 1e-5  # of the optimizers: the gradient of a bias before batch norm is rounding alone
# Presets and examples that are trained alone, and a part of the reason.
ALONE = {
    "cgan@paper": "Dropout in its discriminator",
    "dcgan@notes-a": "Dropout2d in its discriminator",
    "dcgan@notes-a-momentum": "Dropout2d in its discriminator",
    "wgangp@notes-bn": "in-place operation",  # batch norm's statistics, within the penalty
    "sngan": "aten::div.out",
    "vae": "a _train_step of its own",
}
Pairs = list[tuple[GAN, Streams]]


def named(name: str) -> tuple[type[GAN], Config, DataSpec]:
    """A model, a preset of one or an example: its class, a narrow config and data that suit it."""
    model, _, preset = name.partition("@")
    target = next((f"{path}:" for path in EXAMPLES.glob(f"{model}.py")), "")
    classes = {"acgan": "ACGAN", "began": "BEGAN", "infogan": "InfoGAN", "lsgan": "LSGAN"}
    classes |= {"ragan": "RaGAN", "sngan": "SNGAN"}
    kind = load(target + classes[model] if target else model)
    values = MODELS[model].presets[preset].values if preset else {}
    config = dataclasses.replace(kind.defaults, **{**values, **NARROW})  # type: ignore[attr-defined]
    spec = next(spec for spec in SPECS if kind.unsuited(spec, config) is None)  # type: ignore[attr-defined]
    return kind, config, spec


PRESETS = [f"{model}@{preset}" for model, entry in MODELS.items() for preset in entry.presets]
PLUGINS = sorted(path.stem for path in EXAMPLES.glob("*.py"))
STACKED = [name for name in (*PRESETS, *PLUGINS) if name not in ALONE]


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All numbers in float64, also those that a model asks to be float."""
    monkeypatch.setattr(Tensor, "float", lambda tensor: tensor)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def made(name: str) -> Pairs:
    kind, config, spec = named(name)
    found = []
    for seed in SEEDS:
        streams = Streams(seed)
        model = kind(spec, config, streams).train()
        for player in model.players:
            for group in model.optimizer_of(player).param_groups:
                if "eps" in group:
                    group["eps"] = EPS
        found.append((model, streams))
    return found


def positions(streams: Streams) -> dict[str, list[Any]]:
    state = streams.state_dict()["streams"]
    return {n: [s["generator"].tolist(), s["used"]] for n, s in state.items()}


def check(name: str, steps: int) -> None:
    alone, stacked = made(name), made(name)
    spec = alone[0][0].spec
    feeds = [batches(spec, seed) for seed in SEEDS]
    feed = side_by_side([batches(spec, seed) for seed in SEEDS])
    stack = Stack([model for model, _ in stacked])
    streams = StackedStreams([one for _, one in stacked])
    before = [[weight.detach().clone() for weight in model.parameters()] for model, _ in alone]
    for _ in range(steps):
        whole = stack.train_step(feed, streams, at_most=LONG)
        for lane, ((model, its), own) in enumerate(zip(alone, feeds, strict=True)):
            step = model.train_step(own, its, at_most=LONG)
            assert step.observed.keys() == whole.observed.keys()
            assert step.discriminator_steps == whole.discriminator_steps
            for value, parts in (
                *((v, whole.observed[k]) for k, v in step.observed.items()),
                *((v.loss, whole.played[k].loss) for k, v in step.played.items()),
                *((v.norms, whole.played[k].norms) for k, v in step.played.items()),
            ):
                torch.testing.assert_close(parts[lane], value, rtol=ROUNDING, atol=ROUNDING)
    stack.write_back()
    for (model, its), (beside, others), start in zip(alone, stacked, before, strict=True):
        assert positions(its) == positions(others)
        assert its.hashes() == others.hashes()
        assert model.steps_done == beside.steps_done == steps
        same(model.state_dict(), beside.state_dict())
        for player in model.players:
            states = (m.optimizer_of(player).state_dict() for m in (model, beside))
            one, other = states
            assert one["param_groups"] == other["param_groups"]
            for place, entries in one["state"].items():
                same(entries, other["state"][place])
        moved = [(w - old).abs().max() for w, old in zip(model.parameters(), start, strict=True)]
        assert max(moved) > 1e-4  # else there was nothing to compare


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for key, value in one.items():
        torch.testing.assert_close(other[key], value, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.slow] * name.startswith("wgan")
        )  # 5 steps of a critic
        for name in MODELS
        if name not in ALONE
    ],
)
def test_four_lanes_are_four_models(name: str) -> None:
    check(name, STEPS)


@pytest.mark.slow
@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("name", STACKED)
def test_four_lanes_are_four_models_of_every_preset_and_example(name: str) -> None:
    check(name, STEPS)


@pytest.mark.parametrize("name", [*ALONE, "wgangp@released", "began"])
def test_what_does_not_stack_has_a_reason(name: str) -> None:
    found = objection(*named(name))
    assert ALONE[name] in found if name in ALONE else found == ""


def stepped(models: Pairs, places: list[int], steps: int = 3) -> list[dict[str, Tensor]]:
    """The states of models after a few steps in a stack with these models in its lanes."""
    lanes = [models[place] for place in places]
    spec = models[0][0].spec
    stack = Stack([model for model, _ in lanes])
    feed = side_by_side([batches(spec, place) for place in places])
    streams = StackedStreams([one for _, one in lanes])
    for _ in range(steps):
        stack.train_step(feed, streams)
    stack.write_back()
    return [models[place][0].state_dict() for place in dict.fromkeys(places)]


@pytest.mark.parametrize("name", ["cgan", "wgangp"])
def test_a_lane_depends_on_no_other(name: str) -> None:
    models = made(name)
    ill = copy.deepcopy(models)
    for weight in ill[1][0].parameters():
        weight.data.fill_(torch.nan)
    alone = stepped(copy.deepcopy(models), [2, 2, 2, 2])[0]
    whole = stepped(models, [0, 1, 2, 3])
    beside = stepped(ill, [0, 1, 2, 3])
    for key, value in whole[2].items():
        assert torch.equal(value, alone[key]), key
        assert torch.equal(value, beside[2][key]), key
    assert not torch.equal(
        whole[0]["discriminator.layers.0.weight"], whole[2]["discriminator.layers.0.weight"]
    )
    assert any(value.isnan().any() for value in beside[1].values())


class Reading(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        return super().generator_loss(batch) * (1 if batch.fake.detach().sum().item() > 0 else 2)


class Whitened(VanillaGAN):
    def build_optimizer(self, player: str) -> torch.optim.Optimizer:
        return torch.optim.LBFGS(self.network_of(player).parameters())


class Clipped(VanillaGAN):
    """Clips the norm of all gradients, which in a stack is that of all lanes."""

    def build_optimizer(self, player: str) -> torch.optim.Optimizer:
        weights = list(self.network_of(player).parameters())
        optimizer = torch.optim.SGD(weights, lr=1.0)
        optimizer.register_step_pre_hook(lambda *_: clip(weights))
        return optimizer


def clip(weights: list[nn.Parameter]) -> None:
    nn.utils.clip_grad_norm_(weights, 1e-3)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Reading, "item"),
        (Whitened, "LBFGS is not known"),
        (Clipped, "its discriminator learns something else"),
    ],
)
def test_a_plugin_that_does_not_stack_is_trained_alone(kind: type[GAN], reason: str) -> None:
    assert reason in objection(kind, kind.defaults, SPECS[0])
