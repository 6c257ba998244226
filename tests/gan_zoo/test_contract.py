"""What every model on every backbone must do."""

import dataclasses

import pytest
import torch
from torch import Tensor

from bench.checks import step_rules
from bench.checks.case import Case
from bench.checks.conformance import CHECKS
from gan_zoo.base import DataSpec
from gan_zoo.catalog import MODELS, load
from gan_zoo.streams import Streams
from tests.gan_zoo.small import GREY, batches, make

SPECS = [
    DataSpec((3, 32, 32), 10),
    DataSpec((1, 64, 64), 3),
    DataSpec((3, 64, 64), 10),
    DataSpec((1, 32, 32), 10),
    DataSpec((3, 28, 28), 10),
]
every_model = pytest.mark.parametrize("name", MODELS)
every_backbone = pytest.mark.parametrize("backbone", ["mlp", "conv"])


def outcome(check: str, name: str, backbone: str, spec: DataSpec, **values: int) -> str:
    kind = load(name)
    defaults = kind.defaults  # type: ignore[attr-defined]
    config = dataclasses.replace(defaults, width=4, latent_dim=8, backbone=backbone, **values)
    return CHECKS[check].look(Case(kind, config, spec))[0]


@every_model
@every_backbone
@pytest.mark.parametrize("check", CHECKS)
def test_it_keeps_the_contract(name: str, backbone: str, check: str) -> None:
    assert outcome(check, name, backbone, GREY) in ("ok", "skipped")


@every_model
@every_backbone
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "x".join(map(str, spec.shape)))
def test_it_fits_images_of_every_shape(
    name: str, backbone: str, spec: DataSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_rules, "STEPS", 3)  # networks have a shape, schedules have none
    for check in ("step", "samples"):
        assert outcome(check, name, backbone, spec, discriminator_steps=2) == "ok"


@every_model
@every_backbone
@pytest.mark.parametrize("spec", SPECS[:2], ids=lambda spec: "x".join(map(str, spec.shape)))
def test_no_step_waits_for_the_device(name: str, backbone: str, spec: DataSpec) -> None:
    assert outcome("no waiting", name, backbone, spec, discriminator_steps=2) == "ok"


@every_backbone
def test_only_what_a_model_has_no_use_for_is_skipped(backbone: str) -> None:
    for check, users in {"clip": {"wgan"}, "penalty": {"wgangp"}}.items():
        found = {name: outcome(check, name, backbone, GREY) for name in MODELS}
        assert {name for name in found if found[name] == "ok"} == users
    for check in set(CHECKS) - {"clip", "penalty"}:
        assert outcome(check, "gan", backbone, GREY) == "ok"


def test_every_entry_and_preset_of_the_catalogue_builds() -> None:
    for name, entry in MODELS.items():
        kind = load(name)
        for values in ({}, *(preset.values for preset in entry.presets.values())):
            config = dataclasses.replace(kind.defaults, **values)  # type: ignore[attr-defined]
            sizes = [DataSpec((1, side, side), 10) for side in (28, 32, 64)]
            suited = [spec for spec in sizes if not kind.unsuited(spec, config)]  # type: ignore[attr-defined]
            assert suited, (name, values)
            kind(suited[0], config, Streams(0, "meta"), "meta")


def test_unsuited_data_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="needs images"):
        make("dcgan", DataSpec((2,), 8))
    with pytest.raises(ValueError, match="needs labels"):
        make("cgan", DataSpec((1, 28, 28), 1))


def test_points_train_on_the_mlp() -> None:
    model, streams = make("wgangp", DataSpec((2,), 8), backbone="mlp")
    step = model.train_step(batches(DataSpec((2,), 8)), streams)
    assert step.generator_loss.isfinite()


def test_dropout_draws_from_its_own_stream() -> None:
    class Dropping(load("gan")):  # type: ignore[misc]
        def build_discriminator(self) -> torch.nn.Module:
            network: torch.nn.Module = super().build_discriminator()
            network.layers.insert(1, torch.nn.Dropout(0.5))  # type: ignore[operator, union-attr]
            return network

    def run(disturbance: int) -> Tensor:
        streams = Streams(0)
        model = Dropping(GREY, dataclasses.replace(Dropping.defaults, width=4), streams).train()
        stream = batches()
        for _ in range(2):
            torch.manual_seed(disturbance)
            model.train_step(stream, streams)
        weights = torch.nn.utils.parameters_to_vector(model.parameters())
        assert isinstance(weights, Tensor)
        return weights.detach()

    assert torch.equal(run(1), run(2))
