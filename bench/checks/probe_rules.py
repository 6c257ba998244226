"""Rules for probes of a user's own: they give numbers, and change none of a model's."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_zoo.base import GAN
from gan_zoo.streams import Streams

from ..datasets.dataset import Dataset, load_dataset
from ..probes.batch import draw
from ..probes.measures import Look
from ..probes.own import OwnProbe, values_of
from ..training.probing import kept_apart, undisturbed
from .case import Case, copied, differing
from .check import OK, Check, Found
from .dataset_rules import shared_state

STEPS = 4


@dataclass(frozen=True)
class ProbeCase:
    """A probe, and a small model on data that it reads."""

    probe: OwnProbe
    case: Case
    data: str

    def model(self) -> tuple[GAN, Streams]:
        """The model after a step, and its streams."""
        model, streams = self.case.build()
        model.train_step(self.case.batches(), streams)
        return model, streams

    def look(self, model: GAN) -> Look:
        data: Dataset = load_dataset(self.data)
        return Look(model, draw(data, model.config.latent_dim, model.conditional, 0, "cpu"))

    def read(self, model: GAN) -> dict[str, float]:
        with undisturbed(model, 0, "cpu"):
            found = values_of("probe", self.probe, self.look(model))
        return {name: float(value) for name, value in found.items()}

    def __str__(self) -> str:
        return f"{self.case.kind.__name__} on {self.data}"


def numbers(case: ProbeCase) -> Found:
    """It gives names and one finite number each."""
    found = case.read(case.model()[0])
    if not found:
        return "failed", "it gives nothing"
    wrong = [name for name, value in found.items() if not torch.tensor(value).isfinite()]
    return ("failed", f"{wrong[0]} is not finite") if wrong else ("ok", ", ".join(found)[:60])


def repeatable(case: ProbeCase) -> Found:
    """The same networks give the same numbers."""
    model, _ = case.model()
    first, second = case.read(model), case.read(model)
    other = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    return ("failed", f"{other[0]} is another number each time") if other else OK


def changes_nothing(case: ProbeCase) -> Found:
    """Weights, buffers, gradients, modes, the batch and all generators are as they were."""
    model, _ = case.model()
    with undisturbed(model, 0, "cpu"):
        look = case.look(model)
        before, generators = dict(_state(look)), shared_state()
        modes = [module.training for module in model.modules()]
        case.probe.read(look)
        after, drawn = dict(_state(look)), shared_state()
        if modes != [module.training for module in model.modules()]:
            return "failed", "it changes the mode of a network"
    if changed := differing(after, before) or sorted(before.keys() - after.keys()):
        return "failed", f"it changes {changed[0]}"
    moved = [name for name in drawn if drawn[name] != generators[name]]
    return ("failed", f"it draws from {moved[0]}") if moved else OK


def _state(look: Look) -> Iterator[tuple[str, Tensor]]:
    yield from copied(dict(look.model.state_dict())).items()
    for name, parameter in look.model.named_parameters():
        if parameter.grad is not None:
            yield f"the gradient of {name}", parameter.grad.clone()
    batch = {k: v for k, v in vars(look.batch).items() if isinstance(v, Tensor)}
    for name, tensor in copied(batch).items():
        yield f"batch.{name}", tensor


def training(case: ProbeCase) -> Found:
    """Training goes on to the same bits, read or not."""
    ends = [_trained(case, reads) for reads in (False, True)]
    weights = differing(*(end["weights"] for end in ends))
    if weights:
        return "failed", f"{weights[0]} has other bits"
    return OK if ends[0]["streams"] == ends[1]["streams"] else ("failed", "streams draw otherwise")


def _trained(case: ProbeCase, reads: bool) -> dict[str, Any]:
    model, streams = case.case.build()
    feed = case.case.batches()
    for _ in range(STEPS):
        model.train_step(feed, streams)
        if reads:
            with undisturbed(model, 0, "cpu"):
                kept_apart("probe", case.probe, case.look(model))
    return {"weights": copied(dict(model.state_dict())), "streams": streams.hashes()}


CHECKS: dict[str, Check] = {
    "values": Check(numbers, "return a dict of names and 0-dim tensors"),
    "repeatable": Check(repeatable, "keep no state in the probe, and draw no number"),
    "changes nothing": Check(changes_nothing, "work on copies: tensor.clone(), autograd.grad"),
    "training": Check(training, "read the networks, and nothing of the trial"),
}
