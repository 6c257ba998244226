"""What every model on every backbone must do."""

import dataclasses
import itertools
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gan_zoo.base import GAN, Batch, DataSpec, layer_names
from gan_zoo.catalog import MODELS, load
from gan_zoo.streams import Streams
from tests.gan_zoo.small import GREY, batches, make

SPECS = [
    GREY,
    DataSpec((3, 32, 32), 10),
    DataSpec((1, 64, 64), 3),
    DataSpec((3, 64, 64), 10),
    DataSpec((1, 32, 32), 10),
    DataSpec((3, 28, 28), 10),
]
every_model = pytest.mark.parametrize("name", MODELS)
every_backbone = pytest.mark.parametrize("backbone", ["mlp", "conv"])


@every_model
@every_backbone
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "x".join(map(str, spec.shape)))
def test_a_step_reports_and_samples_fit(name: str, backbone: str, spec: DataSpec) -> None:
    model, streams = make(name, spec, backbone=backbone)
    step = model.train_step(batches(spec), streams)
    assert step.discriminator_norms.shape == (len(layer_names(model.discriminator)),)
    assert step.generator_norms.shape == (len(layer_names(model.generator)),)
    assert {"score/real", "score/fake"} <= set(step.observed)
    numbers = [step.discriminator_loss, step.generator_loss, *step.observed.values()]
    assert all(number.ndim == 0 and number.isfinite() for number in numbers)
    assert (step.generator_norms > 0).any()
    assert (step.discriminator_norms > 0).any()
    with torch.no_grad():
        images = model.eval().sample(torch.arange(5) % spec.classes, Streams(0)["eval"])
    assert images.shape == (5, *spec.shape)
    assert -1 <= images.min() < images.max() <= 1


@every_model
@every_backbone
def test_discriminator_steps_are_exact(name: str, backbone: str) -> None:
    model, streams = make(name, backbone=backbone, discriminator_steps=3)
    counted = itertools.count()
    stream = ((next(counted), batch)[1] for batch in batches())
    calls: list[str] = []
    for player in ("discriminator", "generator"):
        optimizer = getattr(model, f"{player}_optimizer")
        optimizer.register_step_post_hook(lambda *_, player=player: calls.append(player))
    model.train_step(stream, streams)
    model.train_step(stream, streams)
    assert calls == ["discriminator"] * 3 + ["generator"] + ["discriminator"] * 3 + ["generator"]
    assert next(counted) == 6  # a fresh batch for each discriminator step, none for the generator


@every_model
@every_backbone
def test_a_turn_changes_one_network_only(name: str, backbone: str) -> None:
    model, streams = make(name, backbone=backbone)
    seen: list[tuple[bool, bool]] = []
    before = snapshot(model)

    def look(player: str) -> None:
        nonlocal before
        now = snapshot(model)

        def changed(network: str) -> bool:
            return any(not torch.equal(before[k], now[k]) for k in now if k.startswith(network))

        seen.append((changed("discriminator"), changed("generator")))
        before = now

    model.discriminator_optimizer.register_step_post_hook(lambda *_: look("discriminator"))
    model.generator_optimizer.register_step_post_hook(lambda *_: look("generator"))
    model.train_step(batches(), streams)
    steps = model.config.discriminator_steps
    assert seen[0] == (True, False)
    # A constraint may move the discriminator once more, right after its own step.
    assert all(not generator for _, generator in seen[:steps])
    assert seen[-1][1]


def snapshot(model: GAN) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@every_model
@every_backbone
def test_a_repeated_run_is_bit_identical(name: str, backbone: str) -> None:
    def run() -> dict[str, Tensor]:
        model, streams = make(name, backbone=backbone, seed=3)
        stream = batches()
        for _ in range(3):
            model.train_step(stream, streams)
        return model.state_dict()

    torch.manual_seed(1)
    first = run()
    torch.manual_seed(2)  # the global generator must not matter
    second = run()
    assert all(torch.equal(first[key], second[key]) for key in first)


@every_model
@every_backbone
def test_a_bf16_step_stays_finite_and_keeps_fp32_weights(name: str, backbone: str) -> None:
    model, streams = make(name, backbone=backbone)
    with torch.autocast("cpu", torch.bfloat16):
        step = model.train_step(batches(), streams)
    assert step.discriminator_loss.isfinite()
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in model.parameters())


class DeviceWatch(TorchDispatchMode):
    """Notes reads of a value on the host, copies between devices and mixed devices."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.faults: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        flat = torch.utils._pytree.tree_leaves((args, kwargs))
        devices = {t.device.type for t in flat if isinstance(t, Tensor)}
        out = func(*args, **kwargs)
        results = torch.utils._pytree.tree_leaves(out)
        devices |= {t.device.type for t in results if isinstance(t, Tensor)}
        # A plain optimizer counts its steps in CPU tensors: reading those waits for nothing.
        reads = "_local_scalar_dense" in str(func) and devices != {"cpu"}
        if reads or len(devices) > 1:
            self.faults.append(f"{func} on {sorted(devices)}")
        return out


def faults_of_steps(model: GAN, streams: Streams) -> list[str]:
    """On `meta`, after a first step that may draw its blocks of noise."""
    stream = batches(model.spec, device="meta")
    ready = [next(stream) for _ in range(4 * model.config.discriminator_steps)]
    feed = iter(ready)
    model.train_step(feed, streams)
    watch = DeviceWatch()
    with watch:
        for _ in range(3):
            model.train_step(feed, streams)
    return watch.faults


@every_model
@every_backbone
@pytest.mark.parametrize("spec", SPECS[:3], ids=lambda spec: "x".join(map(str, spec.shape)))
def test_no_step_waits_for_the_device(name: str, backbone: str, spec: DataSpec) -> None:
    assert faults_of_steps(*make(name, spec, device="meta", backbone=backbone)) == []


class Reads(load("gan")):  # type: ignore[misc]
    def discriminator_loss(self, batch: Batch) -> Tensor:
        loss: Tensor = super().discriminator_loss(batch)
        # An index on the CPU and a copy: neither raises on `meta`.
        return loss + batch.real[torch.tensor([0])].mean() * 0 + torch.zeros(1).to("meta").sum()


def test_the_watch_sees_a_copy_and_a_cpu_index() -> None:
    kind, config = Reads, dataclasses.replace(Reads.defaults, width=4)
    streams = Streams(0, "meta")
    faults = faults_of_steps(kind(GREY, config, streams, "meta"), streams)
    assert any("index" in fault for fault in faults)
    assert any("copy" in fault for fault in faults)


class ReadsItem(load("gan")):  # type: ignore[misc]
    def generator_loss(self, batch: Batch) -> Tensor:
        loss: Tensor = super().generator_loss(batch)
        return loss * loss.item()


def test_meta_refuses_a_hidden_item() -> None:
    streams = Streams(0, "meta")
    model = ReadsItem(GREY, dataclasses.replace(ReadsItem.defaults, width=4), streams, "meta")
    with pytest.raises(RuntimeError, match=r"item\(\)|meta"):
        faults_of_steps(model, streams)


def test_every_entry_and_preset_of_the_catalogue_builds() -> None:
    for name, entry in MODELS.items():
        kind = load(name)
        for values in ({}, *(preset.values for preset in entry.presets.values())):
            config = dataclasses.replace(kind.defaults, **values)  # type: ignore[attr-defined]
            kind(DataSpec((1, 64, 64), 10), config, Streams(0, "meta"), "meta")


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
