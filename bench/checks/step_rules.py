"""Rules on a training step: what it must do, and what it must leave alone."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count, islice
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.base import GAN, Batch, Player
from gan_zoo.descent import layer_names
from gan_zoo.precision import precision_context

from .case import (
    Case,
    DeviceWatch,
    differing,
    gradients,
    pinned,
    watch_optimizer,
    watch_turns,
    weights,
)
from .check import OK, Found

STEPS = 17  # so that what comes at every 16th step comes too
NO_DISCRIMINATOR: Found = ("skipped", "it is no game: there is no discriminator")


def step(case: Case) -> Found:
    """Steps complete and report finite losses and a gradient for each network."""
    model, streams = case.build()
    feed, seen = case.batches(), set[str]()
    for _ in range(STEPS):
        reported = model.train_step(feed, streams)
        losses = {f"{player}_loss": played.loss for player, played in reported.played.items()}
        for name, number in {**losses, **reported.observed}.items():
            if number.ndim or not number.isfinite():
                return "failed", f"{name} is not one finite number"
        for player, played in reported.played.items():
            layers = layer_names(model.network_of(player))
            if played.norms.shape != (len(layers),):
                return "failed", f"{[*played.norms.shape]} {player} norms of {len(layers)} layers"
            if player not in seen and not (played.norms > 0).any():
                return "failed", f"no gradient reaches the {player}"
        seen |= {*reported.observed, *reported.played}
    if idle := set(model.players) - seen:
        return "failed", f"the {min(idle)} takes no step in {STEPS}"
    if missing := ({"score/real", "score/fake"} if model.is_game else set()) - seen:
        return "warning", f"{' and '.join(sorted(missing))} will be missing from the curves"
    return OK


def scores(case: Case) -> Found:
    """The discriminator gives one finite score for each sample, [n]."""
    if not case.kind.is_game:
        return NO_DISCRIMINATOR
    model, _ = case.build()
    real, labels = next(case.batches())
    found = model.score(real, labels)
    if found.shape != (len(real),):
        return "failed", f"the scores of {len(real)} samples are {list(found.shape)}"
    return OK if found.isfinite().all() else ("failed", "scores are not finite")


def turns(case: Case) -> Found:
    """A network's weights change on its own turn only."""
    found = changes(case, weights)
    for turn, owner, name in found:
        if turn != owner:
            return "failed", f"{owner} {name} changes on the {turn}'s turn"
    pair = {"generator", "discriminator" if case.kind.is_game else "generator"}
    still = pair - {owner for _, owner, _ in found}
    return ("failed", f"the {min(still)} does not change") if still else OK


def stray_gradients(case: Case) -> Found:
    """A turn leaves no gradient in the other network's `.grad`."""
    for turn, owner, name in changes(case, gradients):
        if turn != owner:
            return "failed", f"the {turn}'s turn leaves a gradient in {owner} {name}"
    return OK


def changes(
    case: Case, read: Callable[[nn.Module], dict[str, Tensor]]
) -> list[tuple[Player, Player, str]]:
    """What changes within a step: (whose turn, whose network, first name that changed)."""
    model, streams = case.build()
    seen = {player: read(model.network_of(player)) for player in model.players}
    found: list[tuple[Player, Player, str]] = []

    def look(turn: Player) -> None:
        for owner in model.players:
            now = read(model.network_of(owner))
            found.extend((turn, owner, name) for name in differing(now, seen[owner])[:1])
            seen[owner] = now

    watch_turns(model, look)
    model.train_step(case.batches(), streams)
    look(model.players[-1])  # the step ends with this one's turn
    return found


def discriminator_steps(case: Case) -> Found:
    """The discriminator takes `discriminator_steps` steps, each on a batch of its own."""
    if not case.kind.is_game:
        return NO_DISCRIMINATOR
    asked = 3
    case = replace(case, config=replace(case.config, discriminator_steps=asked))
    model, streams = case.build()
    taken: list[Player] = []
    for player in ("discriminator", "generator"):
        watch_optimizer(model, player, taken.append)
    counter = count()
    feed = ((next(counter), batch)[1] for batch in case.batches())
    for _ in range(2):
        model.train_step(feed, streams)
    planned = [model.discriminator_steps_at(step) for step in range(2)]
    turns = [["discriminator"] * steps + ["generator"] for steps in planned]
    if taken != turns[0] + turns[1]:
        found = f"{taken.count('discriminator')} to {taken.count('generator')}"
        wanted = f"{asked} discriminator steps to 1, twice,"
        if planned != [asked] * 2:
            wanted = f"{planned[0]} and {planned[1]} discriminator steps to 1 each,"
        return "failed", f"asked for {wanted} it took {found}"
    drawn, steps = next(counter), sum(planned)
    return OK if drawn == steps else ("failed", f"{steps} steps drew {drawn} batches")


def clip(case: Case) -> Found:
    """If the config has `clip`, the critic is never used with a weight beyond it."""
    bound = getattr(case.config, "clip", None)
    if bound is None:
        return "skipped", "its config has no clip"
    model, streams = case.build()
    feed, met = case.batches(), [0.0]
    model.train_step(feed, streams)  # initial weights may lie beyond the bound

    def look(*_: Any) -> None:
        met.extend(float(p.detach().abs().max()) for p in model.discriminator.parameters())

    model.discriminator.register_forward_pre_hook(look)
    model.train_step(feed, streams)
    if max(met) > bound * (1 + 1e-6):
        return "failed", f"the critic is used with a weight of {max(met):.3g}, beyond {bound:g}"
    return OK


def penalised_alone(case: Case) -> Found:
    """If the loss uses the critic's input gradient, a sample's gradient depends on it alone.

    Batch norm makes it depend on the other samples of the batch, and a gradient penalty then
    constrains the wrong function (Gulrajani et al. 2017, section 4).
    """
    if not case.kind.is_game:
        return NO_DISCRIMINATOR
    model, streams = case.build()
    model.generator.requires_grad_(False)  # so that only the loss can ask for an input gradient
    asked: list[bool] = []
    model.discriminator.register_forward_pre_hook(
        lambda _, inputs: asked.extend(x.requires_grad for x in inputs)
    )
    real, labels = next(case.batches())
    latent = model.draw_latents(len(real), streams["latent/discriminator"])
    batch = Batch(real, model.generator(latent, labels), latent, labels, streams, 0)
    model.discriminator_loss(batch)
    if not any(asked):
        return "skipped", "its loss does not use the critic's input gradient"
    own = gradient_of_first(model, real, labels)
    beside_others = gradient_of_first(model, torch.cat([real[:1], -real[1:]]), labels)
    if (own - beside_others).norm() > 1e-3 * own.norm():
        return "failed", "a sample's gradient changes with the other samples of its batch"
    return OK


def gradient_of_first(model: GAN, x: Tensor, labels: Tensor) -> Tensor:
    """The gradient of the critic's score of x[0] by x[0], in a batch with the rest of x."""
    x = x.clone().requires_grad_()
    with pinned(0):
        (gradient,) = torch.autograd.grad(model.score(x, labels)[0], x)
    return gradient[0]


def meta(case: Case) -> Found:
    """A step completes on the device `meta`, where no tensor has a value that could be read."""
    model, streams = case.build("meta")
    model.train_step(case.batches("meta"), streams)
    return OK


def no_waiting(case: Case) -> Found:
    """No step after the first, which draws blocks of noise, waits for the device."""
    model, streams = case.build("meta")
    needed = sum(model.discriminator_steps_at(step) for step in range(2))
    feed = iter(list(islice(case.batches("meta"), needed)))
    try:
        model.train_step(feed, streams)
    except Exception:  # the check "meta" reports it
        return "skipped", "a step on meta does not complete"
    with DeviceWatch() as watch:
        model.train_step(feed, streams)
    return ("failed", watch.faults[0]) if watch.faults else OK


def bf16(case: Case) -> Found:
    """A step under bf16 is finite and keeps the weights in fp32."""
    model, streams = case.build()
    with precision_context(torch.device("cpu"), "bf16"):
        reported = model.train_step(case.batches(), streams)
    if not all(played.loss.isfinite() for played in reported.played.values()):
        return "failed", "a loss is not finite"
    for name, weight in model.named_parameters():
        if weight.dtype != torch.float32 or not weight.isfinite().all():
            return "failed", f"{name} is {weight.dtype} or not finite"
    return OK
