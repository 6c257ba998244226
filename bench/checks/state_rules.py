"""Rules on a model's state: what it keeps, which random numbers it draws, how it samples."""

import copy

import torch
from torch import Tensor

from gan_zoo.adoption import evaluating, undisturbed
from gan_zoo.base import GAN
from gan_zoo.stacked.objections import objection
from gan_zoo.streams import Streams

from .case import Case, copied, differing, pinned
from .check import OK, Found


def own_streams(case: Case) -> Found:
    """All random numbers come from the model's streams, none from a global generator."""
    ends, drew = [], False
    for seed in (1, 2):
        with pinned(seed):
            model, streams = case.build()
            feed, before = case.batches(), torch.get_rng_state()
            for _ in range(2):
                model.train_step(feed, streams)
            drew |= not torch.equal(before, torch.get_rng_state())
            ends.append(copied(model.state_dict()))
    if changed := differing(*ends):
        return "failed", f"{changed[0]} depends on a global generator, or on chance"
    return ("failed", "a step draws from torch's global generator") if drew else OK


def resumes(case: Case) -> Found:
    """A model restored from a checkpoint trains on with the same bits."""
    with pinned(0):
        model, streams = case.build()
        feed = case.batches()
        for _ in range(3):
            model.train_step(feed, streams)
        twin, its_streams = restored(case, model), Streams(streams.seed, streams.device)
        its_streams.load_state_dict(streams.state_dict())
    ends = []
    for each, own in ((model, streams), (twin, its_streams)):
        with pinned(0):
            feed = case.batches()
            for _ in range(3):
                each.train_step(feed, own)
        ends.append(copied(each.state_dict()))
    changed = differing(*ends)
    return ("failed", f"{changed[0]} differs three steps later") if changed else OK


def restored(case: Case, model: GAN) -> GAN:
    """A new model with the state of `model`: weights, buffers, optimizers, steps done."""
    twin, _ = case.build()
    twin.load_state_dict(model.state_dict())
    for player in model.players:
        mine = model.optimizer_of(player).state_dict()
        twin.optimizer_of(player).load_state_dict(copy.deepcopy(mine))
    twin.steps_done = model.steps_done
    return twin


def stacks(case: Case) -> Found:
    """Seeds can train as one stack, with the numbers of single trials to rounding."""
    reason = objection(case.kind, case.config, case.spec)
    return ("skipped", f"its seeds train one at a time: {reason}") if reason else OK


def samples(case: Case) -> Found:
    """Samples fit the data: [n, *shape], finite, different, images in [-1, 1]."""
    model, streams = case.build()
    model.train_step(case.batches(), streams)
    found = sampled(model, 5)
    if found.shape != (5, *case.spec.shape):
        return "failed", f"5 samples are {list(found.shape)}, not {[5, *case.spec.shape]}"
    if not found.isfinite().all():
        return "failed", "samples are not finite"
    low, high = float(found.min()), float(found.max())
    if len(case.spec.shape) == 3 and not -1 <= low < high <= 1:
        return "failed", f"images lie in [{low:.3g}, {high:.3g}], not in [-1, 1]"
    return OK if low < high else ("failed", "all samples are the same number")


def samples_alone(case: Case) -> Found:
    """In `eval` mode a sample does not depend on the others of its batch."""
    model, streams = case.build()
    model.train_step(case.batches(), streams)
    if draws_noise(model):
        return "skipped", "its generator draws noise beside the latents, also in eval mode"
    many, few = sampled(model, 6), sampled(model, 2)
    # Not bit for bit: sums over a batch of another size may be taken in another order.
    if not torch.allclose(many[:2], few, rtol=1e-3, atol=1e-5):
        return "failed", "two samples change when four more are drawn with them"
    return OK


def pure_sampling(case: Case) -> Found:
    """Sampling changes no weight or buffer, and draws only from the stream that it is given."""
    model, streams = case.build()
    model.train_step(case.batches(), streams)
    before = copied(model.state_dict())
    with pinned(1):
        first = sampled(model, 4)
    if changed := differing(model.state_dict(), before):
        return "failed", f"sampling changes {changed[0]}"
    with pinned(2):
        second = sampled(model, 4)
    return OK if torch.equal(first, second) else ("failed", "the same latents give other samples")


@torch.no_grad()
def draws_noise(model: GAN) -> bool:
    """In `eval` mode, does the sampler give something else for the same latents?"""
    latents, labels = model.draw_latents(4, Streams(0)["eval"]), torch.zeros(4, dtype=torch.int64)
    drawn = []
    for seed in (1, 2):
        with pinned(seed), evaluating(model), undisturbed(model):
            drawn.append(model.sampler(latents, labels))
    return not torch.equal(*drawn)


@torch.no_grad()
def sampled(model: GAN, n: int) -> Tensor:
    """n samples, drawn as an evaluation draws them."""
    labels = torch.arange(n) % model.spec.classes
    images = model.eval().sample(labels, Streams(0)["eval"])
    model.train()
    return images
