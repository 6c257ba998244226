"""Presets: layers and parameters against numbers counted by hand, and what they train like."""

import dataclasses
from itertools import islice
from typing import Any

import pytest
import torch
from torch import nn

from bench.checks.conformance import CHECKS, suited
from gan_zoo.base import GAN, Config, DataSpec
from gan_zoo.catalog import MODELS, load, preset_of
from gan_zoo.lecture_networks import unpadded_generator
from gan_zoo.paper_networks import Largest, Uniform
from gan_zoo.streams import Streams
from tests.gan_zoo.small import GREY, batches, make

ALL = [f"{model}@{preset}" for model, entry in MODELS.items() for preset in entry.presets]
GREY32, COLOUR32 = DataSpec((1, 32, 32), 10), DataSpec((3, 32, 32), 10)
COLOUR64, PLANE = DataSpec((3, 64, 64), 10), DataSpec((2,), 8)

# Each a sum over layers of inputs x outputs (x kernel x kernel) + biases, and 2 a plane for batch
# norm; a matrix or kernel before batch norm has no bias in the zoo's own conv networks.
COUNTED = [
    # 100-128-256-512-1024-784: 12,928 + 33,024 + 131,584 + 525,312 + 803,600, batch norm 3,584
    ("gan@notes", GREY, 1_510_032, 533_505),  # 784-512-256-1: 401,920 + 131,328 + 257
    ("gan@notes-momentum", GREY, 1_510_032, 533_505),
    # 2-400-400-400-400-2 and 4 x 800; maxout 2-(200 x 5) twice 200-(200 x 5), 201
    ("gan@pacgan", PLANE, 486_402, 405_201),
    # 20,200 + 11,000 + 1200 x 1200 + 1200 + 941,584; 942,000 + 2,750 + 279,360 + 241
    ("cgan@paper", GREY, 2_413_984, 1_224_351),
    # 827,392 + 256, 147,584 + 256, 73,792 + 128, 577; 160, 4,640 + 64, 18,496 + 128, 73,856 + 256,
    # 128 x 2 x 2 + 1
    ("dcgan@notes-a", GREY32, 1_049_985, 98_113),
    ("dcgan@notes-a-momentum", GREY32, 1_049_985, 98_113),
    # 23,296 + 512, 524,416 + 256, 73,792 + 128, 1,025; 272 + 32, 8,224 + 64, 513
    ("dcgan@notes-b", GREY, 623_425, 9_105),
    # 1,638,400 + 2,048, 8,388,608 + 1,024, 2,097,152 + 512, 524,288 + 256, 6,147; back: 6,272 ...
    ("dcgan@notes-c", COLOUR64, 12_658_435, 11_036_289),
    ("dcgan@paper", COLOUR64, 12_658_435, 11_036_289),
    # 819,200 + 1,024, 2,097,152 + 512, 524,288 + 256, 131,072 + 128, 3,075
    ("wgan@paper", COLOUR64, 3_576_707, 2_765_633),
    ("wgan@released", COLOUR64, 3_576_707, 2_765_633),
    # 1,536 + 262,656 + 262,656 + 1,026; the same and 513
    ("wgan@paper-2d", PLANE, 527_874, 527_361),
    ("wgangp@paper-2d", PLANE, 527_874, 527_361),
    # 528,384, 819,328, 204,864, 1,601; 1,664, 204,928, 819,456, 4,097
    ("wgangp@paper-mnist", GREY, 1_554_177, 1_030_145),
    # 1,056,768 + 16,384, 3,277,056 + 512, 819,328 + 256, 9,603; 9,728, 819,456, 3,277,312, 8,193
    ("wgangp@paper-cifar10", COLOUR32, 5_179_907, 4_114_689),
    # 1,088, 131,200, 2,049; batch norm 128 + 256
    ("wgangp@notes", GREY, 623_425, 134_337),
    ("wgangp@notes-bn", GREY, 623_425, 134_721),
]


def config_of(reference: str) -> tuple[type[GAN], Config]:
    model, _, name = reference.partition("@")
    preset, kind = preset_of(model, name), load(model)
    assert preset
    return kind, dataclasses.replace(kind.defaults, **preset.values)  # type: ignore[attr-defined]


def built(reference: str, spec: DataSpec) -> GAN:
    kind, config = config_of(reference)
    return kind(spec, config, Streams(0, "meta"), "meta")


def shapes(network: nn.Module, kinds: tuple[type, ...], *inputs: torch.Tensor) -> list[list[int]]:
    """The output of each layer of some kinds, for one sample."""
    found: list[list[int]] = []
    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda _, met, given: found.append(list(given.shape[1:])))
    network(*inputs)
    return found


@pytest.mark.parametrize(("reference", "spec", "generator", "discriminator"), COUNTED)
def test_parameters_are_those_counted_by_hand(
    reference: str, spec: DataSpec, generator: int, discriminator: int
) -> None:
    model = built(reference, spec)
    counted = [
        sum(p.numel() for p in n.parameters()) for n in (model.generator, model.discriminator)
    ]
    assert counted == [generator, discriminator]


def test_every_architecture_is_counted() -> None:
    on_zoo_networks = {"wgangp@paper", "wgangp@released"}
    assert {reference for reference, *_ in COUNTED} | on_zoo_networks == set(ALL)


@pytest.mark.parametrize(
    ("reference", "spec", "up", "down"),
    [
        # (s - 1) stride + kernel: 0 x 2 + 3, 2 + 4, 5 x 2 + 3, 12 x 2 + 4; back (s - 4) / 2 + 1
        ("wgangp@notes", GREY, [3, 6, 13, 28], [13, 5, 1]),
        ("dcgan@notes-a", GREY32, [16, 32, 32], [16, 8, 4, 2]),
        ("dcgan@notes-c", COLOUR64, [8, 16, 32, 64], [32, 16, 8, 4]),
        ("wgangp@paper-mnist", GREY, [8, 14, 28], [14, 7, 4]),
        ("wgangp@paper-cifar10", COLOUR32, [8, 16, 32], [16, 8, 4]),
    ],
)
def test_sides_are_those_of_the_source(
    reference: str, spec: DataSpec, up: list[int], down: list[int]
) -> None:
    model, labels = built(reference, spec), torch.zeros(2, dtype=torch.int64, device="meta")
    latents = torch.empty(2, model.config.latent_dim, device="meta")
    samples = torch.empty(2, *spec.shape, device="meta")
    convolutions = (nn.Conv2d, nn.ConvTranspose2d)
    risen = shapes(model.generator, convolutions, latents, labels)
    fallen = shapes(model.discriminator, convolutions, samples, labels)
    assert [shape[1] for shape in risen] == up
    assert risen[-1] == list(spec.shape)
    assert [shape[1] for shape in fallen] == down


def test_the_kernel_of_4_that_one_note_prints_does_not_fit_mnist() -> None:
    network = unpadded_generator(10, 0, (1, 28, 28), 64, "batch", kernel=4)
    assert sum(p.numel() for p in network.parameters()) == 698_689
    assert network(torch.zeros(2, 10)).shape == (2, 1, 34, 34)


@pytest.mark.parametrize("reference", ALL)
def test_a_narrow_one_trains_and_draws(reference: str) -> None:
    kind, config = config_of(reference)
    # Of a long turn three steps: that there are a hundred is held to the source below.
    shorter: dict[str, Any] = {"long_turn": 3} if getattr(config, "long_turn", 0) else {}
    cases, _ = suited(kind, dataclasses.replace(config, width=8, **shorter))
    assert cases
    for check in ("step", "samples", "scores", "steps", "no waiting"):
        assert CHECKS[check].look(cases[0])[0] == "ok", check
    alone = CHECKS["penalty"].look(cases[0])[0]
    assert alone == {"wgangp@notes-bn": "failed"}.get(
        reference, "ok" if reference.startswith("wgangp") else "skipped"
    )


@pytest.mark.parametrize(
    ("reference", "spec", "reason"),
    [
        ("wgangp@notes", COLOUR32, "side 28, not 32: --size 28"),
        ("dcgan@notes-a", GREY, "divisible by 16, not 28: --size 32"),
        ("dcgan@notes-c", GREY, "side 64, not 28: --size 64"),
        ("wgangp@paper-mnist", COLOUR64, "side 28 or 32, not 64: --size 32"),
        ("cgan@paper", PLANE, "needs images"),
        ("dcgan@notes-b", PLANE, "needs images"),
    ],
)
def test_what_does_not_suit_is_told(reference: str, spec: DataSpec, reason: str) -> None:
    kind, config = config_of(reference)
    told = kind.unsuited(spec, config)
    assert told is not None
    assert reason in told


def test_a_source_is_one_line() -> None:
    for entry in MODELS.values():
        for preset in entry.presets.values():
            assert 10 < len(preset.source) < 100
            assert "\n" not in preset.source + preset.assumed


def test_batch_norm_takes_eps_and_momentum_from_the_config() -> None:
    printed, meant = built("gan@notes", GREY), built("gan@notes-momentum", GREY)
    norms = [[m for m in x.modules() if isinstance(m, nn.BatchNorm1d)] for x in (printed, meant)]
    assert [(m.eps, m.momentum) for m in norms[0]] == [(0.8, 0.1)] * 3
    assert [(m.eps, m.momentum) for m in norms[1]] == [(1e-5, 0.2)] * 3


def test_the_released_wgan_trains_its_critic_longer_at_times() -> None:
    model = built("wgan@released", COLOUR64)
    turns = [model.discriminator_steps_at(step) for step in range(1001)]
    long = [step for step, steps in enumerate(turns) if steps == 100]
    assert long == [*range(25), 500, 1000]
    assert set(turns) == {5, 100}
    assert {built("wgan@paper", COLOUR64).discriminator_steps_at(step) for step in (0, 500)} == {5}


def test_a_step_says_how_many_steps_of_the_discriminator_it_took() -> None:
    model, streams = make("wgan", long_turn=7, discriminator_steps=2)
    feed = batches()
    taken = [model.train_step(feed, streams).discriminator_steps for _ in range(2)]
    assert taken == [7, 7]
    assert model.train_step(feed, streams, at_most=3).discriminator_steps == 3
    model.steps_done = 30
    assert model.train_step(feed, streams, at_most=3).discriminator_steps == 2


def test_a_cut_step_draws_as_many_batches_as_it_takes_steps() -> None:
    model, streams = make("wgan", long_turn=7)
    feed = iter(list(islice(batches(), 4)))
    assert model.train_step(feed, streams, at_most=4).discriminator_steps == 4
    assert next(feed, None) is None


def test_the_learning_rate_of_the_original_cgan_decays_with_each_update() -> None:
    model, streams = make("cgan", optimizer="sgd", learning_rate=0.1)
    for _ in range(3):
        model.train_step(batches(), streams)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 / 1.00004**3, rel=1e-12)
        assert optimizer.param_groups[0]["momentum"] == 0.5
    model.generator_optimizer.param_groups[0]["lr"] = 1e-6
    model.train_step(batches(), streams)
    assert model.generator_optimizer.param_groups[0]["lr"] == 1e-6


def test_maxout_is_the_largest_of_its_own_pieces() -> None:
    found = Largest(3)(torch.tensor([[1.0, 5.0, 2.0, -4.0, -1.0, -9.0]]))
    assert found.tolist() == [[5.0, -1.0]]


def test_the_noise_of_the_original_cgan_is_uniform() -> None:
    drawn = Uniform()(torch.tensor([-1.959964, 0.0, 1.644854]))
    assert drawn.tolist() == pytest.approx([0.025, 0.5, 0.95], abs=1e-6)


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (nn.Linear(300, 200), 300),
        (nn.Conv2d(32, 64, 5, 2), 32 * 25),
        (nn.ConvTranspose2d(64, 32, 4, 2), 64 * 4),  # 4 of the 16 taps meet a pixel
    ],
)
def test_he_keeps_the_variance(layer: nn.Module, inputs: int) -> None:
    from gan_zoo.networks import init_he

    torch.manual_seed(0)
    init_he(layer)
    weight = layer.weight
    assert isinstance(weight, torch.Tensor)
    assert weight.var().item() == pytest.approx(2 / inputs, rel=0.05)
    assert weight.abs().max().item() <= (6 / inputs) ** 0.5


@pytest.mark.parametrize(
    "values",
    [{"norm_eps": 0.0}, {"norm_momentum": 1.5}, {"discriminator_width": 0}, {"norm_momentum": 0}],
)
def test_what_no_network_can_have_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        dataclasses.replace(Config(), **values)
    with pytest.raises(ValueError, match="long_turn"):
        make("wgan", long_turn=-1)
