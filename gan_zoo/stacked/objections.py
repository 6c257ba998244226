"""Why a contestant's trials cannot be trained as a stack, found out by a few small steps."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NoReturn

import torch
from torch import Tensor
from torch.optim import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, RAdam, RMSprop

from ..adoption import DRAWS
from ..alternation import Batches, alternate
from ..base import GAN, Config, DataSpec
from ..streams import Streams
from .stack import Stack
from .streams import StackedStreams

LANES, STEPS, SIZE, WIDTH = 2, 4, 6, 16  # of the trial: lanes, steps, samples a batch, w
APART = 0.1  # of the way that weights moved: rounding alone moves them by less than a hundredth
BY_NUMBER = {Adam, AdamW, Adamax, RAdam, RMSprop, SGD, Adagrad, Adadelta}
OURS = ("train_step", "_train_step", "draw_latents", "next_turn")  # not to be replaced


@cache
def objection(kind: type[GAN], config: Config, spec: DataSpec) -> str:
    """Why models of this kind cannot be stacked, in a few words; "" if they can.

    Two lanes of narrow networks take a few steps on the CPU, beside two models that take the same
    steps alone. Depends on the code alone, so it says the same every time.
    """
    config = narrowed(config)
    for name in OURS:
        if getattr(kind, name) is not getattr(GAN, name):
            return f"it has a {name} of its own"
    try:
        single, stacked = (pair(kind, config, spec) for _ in range(2))
        return of_layers(single[0][0]) or of_steps(single, stacked)
    except Exception as error:  # whatever a plug-in does: it is trained alone
        return f"{type(error).__name__}: {error}".partition("\n")[0]


@cache
def capture_objection(kind: type[GAN], config: Config, spec: DataSpec) -> str:
    """Why the steps of a stack of such models cannot be captured and replayed; "" if they can.

    A replay repeats what a step did, whichever step it is: nothing may depend on its number, and
    no setting or attribute may change from one to the next.
    """
    config = narrowed(config)
    try:
        models = pair(kind, config, spec)
        stack = Stack([model for model, _ in models])
        streams = StackedStreams([streams for _, streams in models])
        feed = side_by_side([batches(spec, seed) for seed in range(LANES)])
        turns = min(2, stack.next_turn())
        alternate(stack, feed, streams, turns)
        before = plain_values(stack.whole)
        stack.steps_done = Unnumbered()  # type: ignore[assignment]
        alternate(stack, feed, streams, turns)
    except Exception as error:  # whatever a plug-in does: its steps are run as they are
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    changed = [name for name, value in plain_values(stack.whole).items() if value != before[name]]
    return f"{changed[0]} changes from step to step" if changed else ""


class Unnumbered:
    """The number of a step that is not to be asked for."""

    def __add__(self, steps: int) -> "Unnumbered":
        return self

    def _asked(self, *_: object) -> NoReturn:
        raise ValueError("a step depends on its number")

    __lt__ = __le__ = __gt__ = __ge__ = __mod__ = __mul__ = __rmul__ = __bool__ = __eq__ = _asked
    __float__ = __int__ = __index__ = __truediv__ = __rtruediv__ = __pow__ = __sub__ = _asked


def plain_values(model: GAN) -> dict[str, object]:
    """The numbers that a step may change without a tensor: settings of optimizers, attributes."""
    found: dict[str, object] = {
        name: value
        for name, value in vars(model).items()
        if isinstance(value, int | float | str | tuple)
    }
    for player in model.players:
        for place, group in enumerate(model.optimizer_of(player).param_groups):
            for name, value in group.items():
                if name != "params":
                    found[f"{name} of the {player}'s optimizer ({place})"] = value
    found.pop("steps_done", None)
    return found


def narrowed(config: Config) -> Config:
    """The config with networks of WIDTH at most, since no reason depends on it."""
    wide = config.discriminator_width
    width = min(config.width or WIDTH, WIDTH)
    return replace(config, width=width, discriminator_width=wide and min(wide, WIDTH))


def pair(kind: type[GAN], config: Config, spec: DataSpec) -> list[tuple[GAN, Streams]]:
    """A model and its streams for each lane."""
    found = []
    for seed in range(LANES):
        streams = Streams(seed)
        found.append((kind(spec, config, streams).train(), streams))
    return found


def of_layers(model: GAN) -> str:
    """What can be seen without a step."""
    for player in model.players:
        network, optimizer = model.network_of(player), model.optimizer_of(player)
        if drawing := [type(m).__name__ for m in network.modules() if isinstance(m, DRAWS)]:
            return f"{drawing[0]} in its {player} draws its masks from torch's global generator"
        if type(optimizer) not in BY_NUMBER:
            name = type(optimizer).__name__
            return f"{name} is not known to treat each number of a weight alone"
    return ""


def of_steps(single: list[tuple[GAN, Streams]], stacked: list[tuple[GAN, Streams]]) -> str:
    """Where a stack's weights differ from those of the models alone after STEPS steps."""
    start = [copied(model) for model, _ in single]
    feeds = [batches(model.spec, seed) for seed, (model, _) in enumerate(single)]
    for (model, streams), feed in zip(single, feeds, strict=True):
        with streams.ambient("objection"):
            for _ in range(STEPS):
                model.train_step(feed, streams, at_most=2)
    feed = side_by_side([batches(model.spec, seed) for seed, (model, _) in enumerate(stacked)])
    stack = Stack([model for model, _ in stacked])
    whole = StackedStreams([streams for _, streams in stacked])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of operations that are slow in a stack
        for _ in range(STEPS):
            stack.train_step(feed, whole, at_most=2)
    stack.write_back()
    for before, (alone, its), (beside, others) in zip(start, single, stacked, strict=True):
        if its.hashes() != others.hashes():
            return "it draws other random numbers in a stack than alone"
        for player, old in before.items():
            one, other = copied(alone)[player], copied(beside)[player]
            moved, apart = (one - old).norm(), (one - other).norm()
            if not apart <= APART * moved:
                return f"its {player} learns something else in a stack than alone"
    return ""


def copied(model: GAN) -> dict[str, Tensor]:
    """The weights of each player, and the buffers of the model, as one vector each."""
    found = {
        player: torch.cat([p.detach().flatten() for p in model.network_of(player).parameters()])
        for player in model.players
    }
    buffers = [b.detach().flatten().double() for b in model.buffers()]
    return found | ({"buffers": torch.cat(buffers)} if buffers else {})


def batches(spec: DataSpec, seed: int) -> Batches:
    """Endless batches of uniform noise in [-1, 1] with random labels."""
    rng = torch.Generator().manual_seed(seed)
    while True:
        real = torch.rand(SIZE, *spec.shape, generator=rng) * 2 - 1
        yield real, torch.randint(0, spec.classes, (SIZE,), generator=rng)


def side_by_side(feeds: Sequence[Batches]) -> Batches:
    """The batches of several lanes as those of a stack, [lanes, n, ..]."""
    for parts in zip(*feeds, strict=True):
        real, labels = zip(*parts, strict=True)
        yield torch.stack(real), torch.stack(labels)
