"""A row of the curves is the mean over the steps that gave a value, by name and by turn."""

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from bench.errors import Diverged
from bench.probes.averages import Averages
from gan_zoo.base import GAN, Batch, Config, DataSpec
from gan_zoo.descent import means
from gan_zoo.streams import Streams

POINTS = DataSpec((2,), 8)


class Told(GAN):
    """Observes numbers that are known beforehand."""

    turn = 0

    def discriminator_loss(self, batch: Batch) -> Tensor:
        self.note(batch, self.turn)
        self.turn += 1
        return self.score(batch.real, batch.labels).mean()

    def generator_loss(self, batch: Batch) -> Tensor:
        self.note_generator(batch)
        return self.score(batch.fake, batch.labels).mean()

    def note(self, batch: Batch, turn: int) -> None:
        pass

    def note_generator(self, batch: Batch) -> None:
        pass


def averaged(kind: type[Told], steps: int, turns: int = 1) -> dict[str, float]:
    config = dataclasses.replace(Config(), width=4, latent_dim=3, discriminator_steps=turns)
    streams = Streams(0)
    model = kind(POINTS, config, streams).train()
    averages = Averages(model)
    batch = torch.randn(4, 2), torch.zeros(4, dtype=torch.int64)
    for _ in range(steps):
        averages.add(model.train_step(iter([batch] * turns), streams))
    found = averages.flush()
    assert averages.flush() == {}
    return found


def test_a_name_of_every_sixteenth_step() -> None:
    class LazyPenalty(Told):
        def note(self, batch: Batch, turn: int) -> None:
            batch.observe("always", torch.tensor(float(turn)))
            if turn % 16 == 0:
                batch.observe("penalty", torch.tensor(100.0 + turn))

    found = averaged(LazyPenalty, steps=40)
    assert found["penalty"] == (100 + 116 + 132) / 3
    assert found["always"] == 19.5  # the mean of 0 to 39
    assert {"loss/generator", "grad_norm/discriminator"} <= found.keys()


def test_names_that_alternate_are_not_mixed() -> None:
    class Alternating(Told):
        def note(self, batch: Batch, turn: int) -> None:
            name, value = (("even", 0.0), ("odd", 100.0))[turn % 2]
            batch.observe(name, torch.tensor(value))

    found = averaged(Alternating, steps=6)
    assert (found["even"], found["odd"]) == (0.0, 100.0)


def test_a_name_that_the_first_of_five_turns_lacks() -> None:
    class Lacking(Told):
        def note(self, batch: Batch, turn: int) -> None:
            if turn % 5:
                batch.observe("late", torch.tensor(float(turn % 5)))
            if turn % 5 == 2:
                batch.observe("once", torch.tensor(7.0))

    found = averaged(Lacking, steps=2, turns=5)
    assert (found["late"], found["once"]) == ((1 + 2 + 3 + 4) / 4, 7.0)


def test_both_turns_are_recorded_apart() -> None:
    class Both(Told):
        def note(self, batch: Batch, turn: int) -> None:
            batch.observe("shared", torch.tensor(float(turn)))

        def note_generator(self, batch: Batch) -> None:
            batch.observe("shared", torch.tensor(-4.0))
            batch.observe("warmth", 0.1 * batch.step)  # a plain number

    found = averaged(Both, steps=3)
    assert (found["shared"], found["generator/shared"]) == (1.0, -4.0)
    assert found["generator/warmth"] == pytest.approx(0.1)


def test_steps_that_all_give_the_same_have_the_bits_of_one_sum() -> None:
    values = torch.rand(7, generator=torch.Generator().manual_seed(0))

    class Steady(Told):
        def note(self, batch: Batch, turn: int) -> None:
            batch.observe("value", values[turn])

    total = values[0]
    for value in values[1:]:
        total = total + value
    assert averaged(Steady, steps=7)["value"] == float(total / 7)


class Encoding(Told):
    """A third player that takes two steps after every second step of the generator."""

    further_players = ("encoder",)

    def build_encoder(self) -> nn.Module:
        return nn.Linear(2, 3)

    def encoder_loss(self, batch: Batch) -> Tensor:
        batch.observe("steps", torch.tensor(float(batch.step)))
        loss: Tensor = (self.encoder(batch.fake) - batch.latent).square().mean()  # type: ignore[operator]
        return loss

    def steps_of(self, player: str, step: int) -> int:
        return 2 * (step % 2)


def test_a_player_that_rests_is_averaged_over_its_own_turns() -> None:
    found = averaged(Encoding, steps=4)
    assert found["encoder/steps"] == 2.0  # of steps 1 and 3
    assert {"loss/encoder", "grad_norm/encoder"} <= found.keys()


def test_what_cannot_be_averaged_is_refused_in_one_line() -> None:
    class Several(Told):
        def note(self, batch: Batch, turn: int) -> None:
            batch.observe("many", torch.zeros(3))

    class Taken(Told):
        def note(self, batch: Batch, turn: int) -> None:
            batch.observe("loss/generator", torch.zeros(()))

    class Rare(Told):
        def note(self, batch: Batch, turn: int) -> None:
            if turn == 1:
                batch.observe("rare", torch.tensor(float("nan")))

    with pytest.raises(ValueError, match=r"observe takes one number; 'many' has the shape \[3\]"):
        averaged(Several, steps=1)
    with pytest.raises(ValueError, match="names in loss/ and grad_norm/ are taken"):
        averaged(Taken, steps=1)
    with pytest.raises(Diverged, match="rare became nan"):
        averaged(Rare, steps=3)


def test_means_are_over_the_turns_that_gave_a_name() -> None:
    one, two, four = (torch.tensor(value) for value in (1.0, 2.0, 4.0))
    assert means([{"a": one}, {"a": two, "b": four}, {}]) == {"a": 1.5, "b": 4.0}
