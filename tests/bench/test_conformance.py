"""Each check fails a model with the defect that it is about, and no other check does."""

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.checks.case import Case, DeviceWatch, pinned
from bench.checks.conformance import CHECKS, conformance, suited
from gan_zoo.base import GAN, Batch, DataSpec, Step
from gan_zoo.gan import VanillaGAN
from gan_zoo.streams import Stream, Streams
from gan_zoo.wgan import WGAN
from gan_zoo.wgangp import WGANGP
from tests.gan_zoo.small import GREY


class CannotBeBuilt(VanillaGAN):
    def build_generator(self) -> nn.Module:
        raise ValueError("only 64 x 64")


class Overflows(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        return super().generator_loss(batch) / 0


class LosesItsGradient(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        return super().generator_loss(batch) * 0


class OverflowsLate(VanillaGAN):
    """In what comes at every 16th step alone."""

    def generator_loss(self, batch: Batch) -> Tensor:
        loss = super().generator_loss(batch)
        if batch.step % 16 == 15:
            batch.observe("path_length", loss / 0)
        return loss


class Unbounded(VanillaGAN):
    def sample(self, labels: Tensor, rng: Stream) -> Tensor:
        return super().sample(labels, rng) + 1


class ScoresInTwoColumns(VanillaGAN):
    def build_discriminator(self) -> nn.Module:
        return TwoColumns(super().build_discriminator())


class TwoColumns(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        scores: Tensor = self.network(x, labels)
        return torch.stack([scores, scores], dim=1)


class TouchesTheGenerator(VanillaGAN):
    @torch.no_grad()
    def after_discriminator_step(self) -> None:
        next(self.generator.parameters()).mul_(0.99)


class StepsBothInOneTurn(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        with torch.no_grad():
            next(self.discriminator.parameters()).mul_(0.99)
        return super().generator_loss(batch)


class CallsBackward(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        loss = super().generator_loss(batch)
        loss.backward(retain_graph=True)
        return loss


class TakesOneStep(VanillaGAN):
    def _train_step(
        self, batches: Iterator[tuple[Tensor, Tensor]], streams: Streams, steps: int
    ) -> Step:
        return super()._train_step(batches, streams, 1)


class KeepsItsBatch(VanillaGAN):
    """Three steps on one batch: the steps are right, the batches are not."""

    def _train_step(
        self, batches: Iterator[tuple[Tensor, Tensor]], streams: Streams, steps: int
    ) -> Step:
        return super()._train_step(iter([next(batches)] * steps), streams, steps)


class ClipsBefore(WGAN):
    def discriminator_loss(self, batch: Batch) -> Tensor:
        super().after_discriminator_step()
        return super().discriminator_loss(batch)

    def after_discriminator_step(self) -> None:
        pass


class PenaltyWithBatchNorm(WGANGP):
    defaults = dataclasses.replace(WGANGP.defaults, discriminator_norm="batch")


class DrawsGlobally(VanillaGAN):
    def discriminator_loss(self, batch: Batch) -> Tensor:
        noise = 0.1 * torch.randn(batch.real.shape, device=batch.real.device)
        return super().discriminator_loss(dataclasses.replace(batch, real=batch.real + noise))


class DrawsInPython(VanillaGAN):
    def discriminator_loss(self, batch: Batch) -> Tensor:
        return super().discriminator_loss(batch) * random.random()


class DrawsAndForgets(VanillaGAN):
    """No bit depends on it, but it shifts the draws of whoever comes next."""

    def discriminator_loss(self, batch: Batch) -> Tensor:
        torch.rand(1)
        return super().discriminator_loss(batch)


class CountsInPython(VanillaGAN):
    rounds = 0

    def generator_loss(self, batch: Batch) -> Tensor:
        self.rounds += 1
        return super().generator_loss(batch) * (1 + self.rounds)


class KeepsATensor(VanillaGAN):
    """A running mean that is no buffer."""

    def discriminator_loss(self, batch: Batch) -> Tensor:
        mean = 0.5 * getattr(self, "mean", 0) + 0.5 * batch.real.mean(0)
        self.mean = mean
        return super().discriminator_loss(dataclasses.replace(batch, real=batch.real - mean))


class CentresTheBatch(VanillaGAN):
    def sample(self, labels: Tensor, rng: Stream) -> Tensor:
        images = super().sample(labels, rng)
        return (images - images.mean(0)) / 2


class CountsItsSamples(VanillaGAN):
    drawn: Tensor

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.register_buffer("drawn", torch.zeros(()))

    def sample(self, labels: Tensor, rng: Stream) -> Tensor:
        self.drawn += len(labels)
        return super().sample(labels, rng)


class SamplesGlobally(VanillaGAN):
    def sample(self, labels: Tensor, rng: Stream) -> Tensor:
        images = super().sample(labels, rng)
        with torch.random.fork_rng():
            return (images + 1e-6 * torch.randn(images.shape)).clamp(-1, 1)


class ReadsAnItem(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        loss = super().generator_loss(batch)
        return loss * (1 + loss.item())


class CopiesToTheDevice(VanillaGAN):
    def discriminator_loss(self, batch: Batch) -> Tensor:
        # An index on the CPU and a copy: neither raises on `meta`.
        zero = torch.zeros(1).to(batch.real.device).sum()
        return super().discriminator_loss(batch) + batch.real[torch.tensor([0])].mean() * 0 + zero


class MixesTypes(VanillaGAN):
    def generator_loss(self, batch: Batch) -> Tensor:
        score = self.discriminator(batch.fake, batch.labels)
        return -torch.dot(score, torch.ones(len(score), device=score.device)) / len(score)


BROKEN: dict[type[GAN], str] = {
    CannotBeBuilt: "build",
    Overflows: "step",
    OverflowsLate: "step",
    LosesItsGradient: "step",
    Unbounded: "samples",
    ScoresInTwoColumns: "scores",
    TouchesTheGenerator: "turns",
    StepsBothInOneTurn: "turns",
    CallsBackward: "gradients",
    TakesOneStep: "steps",
    KeepsItsBatch: "steps",
    ClipsBefore: "clip",
    PenaltyWithBatchNorm: "penalty",
    DrawsGlobally: "streams",
    DrawsInPython: "streams",
    DrawsAndForgets: "streams",
    CountsInPython: "resume",
    KeepsATensor: "resume",
    CentresTheBatch: "sampling alone",
    CountsItsSamples: "pure sampling",
    SamplesGlobally: "pure sampling",
    ReadsAnItem: "meta",
    CopiesToTheDevice: "no waiting",
    MixesTypes: "bf16",
}


def outcomes(kind: type[GAN]) -> dict[str, str]:
    config = dataclasses.replace(kind.defaults, width=4, latent_dim=8, backbone="mlp")
    return {v.name: v.outcome for v in conformance([Case(kind, config, GREY)])}


@pytest.mark.parametrize(("kind", "check"), BROKEN.items(), ids=lambda x: getattr(x, "__name__", x))
def test_a_defect_fails_the_check_that_is_about_it_alone(kind: type[GAN], check: str) -> None:
    found = outcomes(kind)
    assert list(found) == list(CHECKS)
    assert {name for name, outcome in found.items() if outcome in ("failed", "warning")} == {check}


def test_every_check_is_seen_to_fail() -> None:
    assert set(BROKEN.values()) == set(CHECKS) - {"stacks"}  # which refuses nothing


class Silent(VanillaGAN):
    def scores(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return self.discriminator(batch.real, batch.labels), self.discriminator(
            batch.fake, batch.labels
        )


def test_what_only_leaves_a_gap_in_the_curves_is_a_warning() -> None:
    found = outcomes(Silent)
    assert found["step"] == "warning"
    assert "failed" not in found.values()


def test_without_a_step_nothing_else_is_tried() -> None:
    found = outcomes(Overflows)
    assert (found["build"], found["step"]) == ("ok", "failed")
    assert set(list(found.values())[2:]) == {"skipped"}


def test_a_result_names_the_data_and_the_remedy() -> None:
    config = dataclasses.replace(WGAN.defaults, width=4)
    cases, reasons = suited(ClipsBefore, config)
    assert [str(case) for case in cases] == ["1x28x28", "3x32x32"]
    assert "the conv backbone needs images" in reasons["points"]
    clip = next(v for v in conformance(cases[:1]) if v.name == "clip")
    assert "beyond 0.01 (1x28x28)" in clip.note
    told = list(clip.lines())
    assert "after_discriminator_step" in told[1]


def test_points_have_no_range() -> None:
    config = dataclasses.replace(VanillaGAN.defaults, width=4)
    look = CHECKS["samples"].look
    assert look(Case(Unbounded, config, DataSpec((2,), 8)))[0] == "ok"
    assert look(Case(Unbounded, config, GREY))[0] == "failed"


def test_the_watch_sees_a_copy_and_an_index_on_the_cpu() -> None:
    with DeviceWatch() as watch:
        torch.zeros(3, device="meta")[torch.tensor([0])]
        torch.zeros(3).to("meta")
    assert any("index" in fault for fault in watch.faults)
    assert any("copy" in fault for fault in watch.faults)


def test_pinned_generators_come_back() -> None:
    before = random.getstate(), torch.get_rng_state()
    with pinned(0):
        first = random.random(), float(torch.rand(()))
    with pinned(0):
        assert (random.random(), float(torch.rand(()))) == first
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
