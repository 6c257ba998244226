"""Networks that are not the zoo's train as they are, or are refused in one line."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.checks.case import Case
from bench.checks.conformance import CHECKS
from bench.evaluation.evaluate import generate
from bench.training.probing import undisturbed as probed
from gan_zoo.adoption import undisturbed
from gan_zoo.base import GAN, DataSpec
from gan_zoo.catalog import MODELS, load
from gan_zoo.gan import VanillaGAN
from gan_zoo.networks import WithFeatures
from gan_zoo.streams import Streams
from gan_zoo.wgangp import WGANGP
from tests.gan_zoo.small import batches
from tests.gan_zoo.styles import STYLES, Spectral, Styled, Tutorial, TutorialDiscriminator, Z

COLOUR = DataSpec((3, 32, 32), 10)
RULES = (
    *("build", "step", "samples", "scores", "turns", "gradients", "streams", "resume", "meta"),
    *("sampling alone", "pure sampling"),
)


def case_of(kind: type[GAN], **values: Any) -> Case:
    usual = {"backbone": "conv", "width": 4, "latent_dim": Z}
    return Case(kind, dataclasses.replace(kind.defaults, **{**usual, **values}), COLOUR)


def built(kind: type[GAN], **values: Any) -> GAN:
    return case_of(kind, **values).build()[0]


@pytest.mark.parametrize("kind", STYLES, ids=lambda kind: kind.__name__)
def test_networks_of_every_style_keep_the_rules(kind: type[GAN]) -> None:
    found = {rule: CHECKS[rule].run(rule, case_of(kind)) for rule in RULES}
    assert {rule: one.note for rule, one in found.items() if one.wrong} == {}
    skipped = {rule for rule, one in found.items() if one.outcome == "skipped"}
    assert skipped == ({"sampling alone"} if kind is Styled else set())


def train_all() -> None:
    for kind in STYLES:
        model, streams = case_of(kind).build()
        step = model.train_step(batches(COLOUR, 8), streams)
        assert step.generator_loss.isfinite()
        assert step.played["discriminator"].loss.isfinite()


def test_they_train_on_a_processor_with_avx2_alone() -> None:
    root = Path(__file__).parents[2]
    code = "from tests.gan_zoo.test_own_networks import train_all; train_all()"
    env = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    env["PYTHONPATH"] = str(root)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODELS)
def test_only_the_zoos_networks_choose_another_order_of_memory(name: str) -> None:
    kind = load(name)
    model = built(kind)
    for network in (model.generator, model.discriminator):
        kernels = [p for p in network.parameters() if p.ndim == 4 and p[0].numel() > p.shape[1] > 1]
        assert kernels
        assert all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels)
    assert all(p.is_contiguous() for p in built(Tutorial).parameters())


def test_a_penalty_reaches_a_network_that_views_its_input() -> None:
    class Penalised(WGANGP):
        def build_discriminator(self) -> nn.Module:
            return STYLES[2].build_discriminator(self)

    model, streams = case_of(Penalised).build()
    step = model.train_step(batches(COLOUR), streams)
    assert step.observed["penalty"] > 0


class WrongGenerator(VanillaGAN):
    def build_generator(self) -> nn.Module:
        return nn.Sequential(nn.Linear(Z, 3 * 64 * 64), nn.Unflatten(1, (3, 64, 64)))


class Two(nn.Module):
    def forward(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return x.flatten(1).sum(1), labels


def refused(network: nn.Module) -> str:
    class Mine(VanillaGAN):
        def build_discriminator(self) -> nn.Module:
            return network

    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        built(Mine)
    return str(error.value)


def test_what_cannot_be_trained_is_refused_in_one_line() -> None:
    assert refused(Two()).startswith("the discriminator returns a tuple, and scores [n] are wanted")
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3072, 1), nn.Flatten(0))
    inplace = nn.Sequential(nn.LeakyReLU(0.2, inplace=True), *flat)
    assert "no inplace=True in its first layer" in refused(inplace)
    assert refused(nn.Flatten(0)) == "the discriminator has no parameters to train"
    with pytest.raises(ValueError, match="makes samples of 3x64x64, and the data are 3x32x32"):
        built(WrongGenerator)


def ended_by(network: nn.Module, end: nn.Module, logits: bool) -> GAN:
    class Mine(VanillaGAN):
        def build_discriminator(self) -> nn.Module:
            return nn.Sequential(nn.Flatten(), network, end)

    Mine.logits = logits
    return built(Mine)


def test_probabilities_are_not_taken_for_logits() -> None:
    layer = nn.Linear(3072, 1)
    with pytest.raises(ValueError, match=r"ends with a sigmoid.*nn.Identity\(\) in the sigmoid's"):
        ended_by(layer, nn.Sigmoid(), logits=True)
    ended_by(layer, nn.Sigmoid(), logits=False)  # its own loss may want them
    ended_by(layer, nn.Tanh(), logits=True)


def test_images_between_0_and_1_are_refused() -> None:
    class Mine(VanillaGAN):
        def build_generator(self) -> nn.Module:
            layers = nn.Linear(Z, 3072), nn.Sigmoid(), nn.Unflatten(1, COLOUR.shape)
            return nn.Sequential(*layers)

    with pytest.raises(ValueError, match=r"its images lie in \[0, 1\]"):
        built(Mine)


def test_scores_in_a_column_become_one_score_a_sample() -> None:
    model = built(Spectral)
    real, labels = next(batches(COLOUR))
    assert model.score(real, labels).shape == (len(real),)

    class Featured(VanillaGAN):
        gives_features = True

        def build_discriminator(self) -> nn.Module:
            return WithFeatures(Asking(nn.Sequential(nn.Flatten(), nn.Linear(3072, 1))))

    assert built(Featured).score(real, labels).shape == (len(real),)


class Asking(nn.Module):
    """Takes labels, and does without them."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        score: Tensor = self.layer(x)
        return score


def test_only_a_conditional_model_tells_the_labels() -> None:
    real, labels = next(batches(COLOUR))

    class Told(Spectral):
        conditional = True

    for kind, same in ((Spectral, True), (Told, False)):
        model = built(kind)
        with undisturbed(model), torch.no_grad():
            one = model.score(real, labels)
        with undisturbed(model), torch.no_grad():
            two = model.score(real, (labels + 1) % 10)
        assert torch.equal(one, two) is same

    class Must(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(10, 1)

        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            own: Tensor = self.embed(labels)
            return own.flatten() + x.flatten(1).sum(1)

    assert (
        refused(Must())
        == "the discriminator uses the labels: a model that does is conditional = True"
    )


def test_what_measures_leaves_no_trace_in_a_power_iteration() -> None:
    model = built(Spectral)
    real, labels = next(batches(COLOUR))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with probed(model, 0, "cpu"):
        model.score(real, labels)
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)
    model.score(real, labels)
    changed = {n for n in before if not torch.equal(model.state_dict()[n], before[n])}
    assert {name.rpartition("_")[2] for name in changed} == {"u"}


def test_noise_beside_the_latents_belongs_to_the_samples() -> None:
    model, labels = built(Styled), torch.zeros(600, dtype=torch.int64)
    drawn = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        drawn.append(generate(model, labels, Streams(0)["eval"]))
    assert torch.equal(*drawn)
    stream = Streams(0)["eval"]
    with stream.ambient():
        one = torch.randn(8)
    with stream.ambient():
        two = torch.randn(8)
    assert not torch.equal(one, two)
    assert not torch.equal(one, Streams(0)["eval"].normal(1, 8)[0])


def test_a_generator_that_takes_no_labels_is_not_conditional() -> None:
    class Conditional(WrongGenerator):
        conditional = True

    with pytest.raises(ValueError, match="a conditional generator takes labels too"):
        built(Conditional)


def test_features_that_are_promised_must_come() -> None:
    class Promised(VanillaGAN):
        gives_features = True

    with pytest.raises(ValueError, match=r"must return \(scores, features\)"):
        built(Promised)


@pytest.mark.parametrize("backbone", ["mlp", "conv", "unpadded", "conv5x5"])
def test_features_are_what_the_last_layer_takes(backbone: str) -> None:
    class Featured(VanillaGAN):
        gives_features = True

        def build_discriminator(self) -> nn.Module:
            return WithFeatures(super().build_discriminator())

    spec = DataSpec((1, 28, 28), 10)
    values: dict[str, Any] = {"backbone": backbone, "width": 4}
    config = dataclasses.replace(Featured.defaults, **values)
    model = Case(Featured, config, spec).build()[0].eval()
    x, labels = next(batches(spec))
    scores, features = model.discriminator(x, labels)
    assert torch.equal(scores, model.score(x, labels))
    last = list(model.discriminator.parameters())[-2:]
    if backbone in ("mlp", "conv5x5"):  # the others end in a convolution, or take planes last
        torch.testing.assert_close(scores, features @ last[0].flatten() + last[1])
    assert features.ndim == 2


def test_a_network_that_mixes_samples_scores_real_and_fake_apart() -> None:
    assert built(VanillaGAN).one_pass
    assert not built(STYLES[4]).one_pass
    assert not built(Tutorial).one_pass


def test_what_a_subclass_adds_is_on_the_models_device() -> None:
    class Buffered(VanillaGAN):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.register_buffer("kept", torch.zeros(3))
            self.extra = nn.Linear(2, 2)

    model = case_of(Buffered).build("meta")[0]
    assert {p.device.type for p in model.state_dict().values()} == {"meta"}


def test_a_public_network_is_built_the_same_at_one_seed() -> None:
    one, two = (Tutorial(COLOUR, case_of(Tutorial).config, Streams(3)) for _ in range(2))
    for mine, theirs in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert isinstance(next(one.discriminator.children()), TutorialDiscriminator)
