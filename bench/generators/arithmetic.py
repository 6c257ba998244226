"""A - B + C of mean latents, as in DCGAN's figure 7: does adding A - B to C change it as predicted?

The prediction is the difference of the attributes of A and B. Radford et al. 2016
(arXiv:1511.06434), figure 7.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_zoo.streams import Streams

from ..errors import InputError
from .attributes import attributes_of
from .groups import Measured, Term, chosen, label_of, measured, meets, narrowed, parse
from .load import Trained
from .paths import shares
from .sampling import Codes, codes_of
from .shifts import Carried, Reached, carried, reached

MOVED = 200  # the most samples of C that are moved
BY_CHANCE = 100  # of these, the samples that are also moved in random directions
AROUND = 64  # codes drawn around a mean
NOISE = 0.25  # half the width of the uniform noise around a mean, as in DCGAN's figure 7
CONTROLS = 39  # random directions: a shift larger than all of theirs has p = 1 / 40


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """Groups, moved samples, and what became of each attribute."""

    groups: dict[str, Measured]  # A, B, C, and the moved samples of C as "A - B + C"
    expressions: dict[str, str]  # A, B, C -> what chose its samples
    means: dict[str, Measured]  # the sample at each group's mean latent
    length: float  # of mean(A) - mean(B) in the latent space
    carried: list[Carried]
    reached: Reached | None = None  # what became of the wanted attributes together


def arithmetic(
    trained: Trained,
    a: str,
    b: str,
    c: str,
    n: int = 4096,
    seed: int = 0,
    wanted: str | None = None,
) -> Arithmetic:
    """Choose groups A, B and C among n samples, and move C by mean(A) - mean(B).

    a, b, c: expressions such as "label=7,slant>80%". A conditional model's label moves too if A or
    B names one. wanted: what A - B + C should be, as an expression; its percentages
    are those of the n samples. The intervals are over samples, for this one direction; groups
    among other samples would give another. Raises InputError for a wrong expression or a group
    that is too small.
    """
    # Choose the groups. Expressions are parsed before any sample is drawn.
    expressions = {"A": a, "B": b, "C": c}
    known = [*attributes_of(trained.model.spec.shape), "label"]
    labels = {name: label_of(parse(text, known)) for name, text in expressions.items()}
    terms = parse(wanted, known) if wanted is not None else []
    samples = measured(trained, codes_of(trained, n, seed))
    _require_seen(samples, terms)
    groups = {name: samples[chosen(samples, text)] for name, text in expressions.items()}
    named = labels["A"] is not None or labels["B"] is not None
    space = Space(trained, moves_labels=trained.model.conditional and named)
    means = {name: space.mean(group.codes) for name, group in groups.items()}
    step = means["A"] - means["B"]
    if float(step.norm()) == 0:
        raise InputError(f"A and B are the same samples: {a}")

    # Move the samples of C and codes around its mean, and some of C in random directions.
    streams, of_c = Streams(seed), groups["C"].codes
    start = of_c[slice(MOVED)]
    before, after = (measured(trained, codes) for codes in (start, space.moved(start, step)))
    noise = NOISE * (2 * streams["latent/around"].uniform(AROUND, len(step)) - 1)
    means["A - B + C"] = means["C"] + step
    around = [space.around(of_c, means[name], noise) for name in ("C", "A - B + C")]
    by_chance = [space.moved(start[slice(BY_CHANCE)], way) for way in space.random(step, streams)]
    pictures, controls = ([measured(trained, x) for x in each] for each in (around, by_chance))

    # Compare the change with what A and B predict; of labels only if A or B names one.
    ends = [groups["A"], groups["B"]]
    found = [
        carried(name, ends, (before, after), pictures, controls, seed if predicted else None)
        for name, predicted in _attributes(samples, labels, named).items()
    ]
    groups["A - B + C"] = after
    still = {
        name: measured(trained, space.around(groups[name].codes, mean, 0 * noise[:1]))
        for name, mean in means.items()
    }
    length = float(step[: trained.model.config.latent_dim].norm())
    both = None
    if wanted is not None:
        _, limits = narrowed(samples, terms)
        shares_of = [meets(x, terms, limits) for x in (before, after, *controls)]
        both = reached(wanted, shares_of[0], shares_of[1], shares_of[2:])
    return Arithmetic(groups, expressions, still, length, found, both)


def _require_seen(samples: Measured, terms: list[Term]) -> None:
    if label_of(terms) is not None and samples.seen is None:
        raise InputError("nothing here recognises labels: --wanted takes measured attributes")


def _attributes(samples: Measured, labels: dict[str, float | None], named: bool) -> dict[str, bool]:
    """The attributes to report, and whether A and B predict each."""
    attributes, target = dict.fromkeys(samples.values, True), _target(labels)
    if target is None or samples.seen is None:
        return attributes
    return attributes | {f"label={target:g}": named}


@dataclass(frozen=True)
class Space:
    """The space in which codes are added: latents and, if labels move, shares of the classes."""

    trained: Trained
    moves_labels: bool

    def mean(self, codes: Codes) -> Tensor:
        """[latent_dim + classes]: the mean latent and the mean share of each class."""
        labels = shares(codes.labels, self.trained.model.spec.classes)
        return torch.cat([codes.latents, labels], dim=1).mean(0)

    def moved(self, codes: Codes, step: Tensor) -> Codes:
        """Each code plus `step`; labels stay as they are unless labels move."""
        size = codes.latents.shape[1]
        latents = codes.latents + step[:size]
        if not self.moves_labels:
            return Codes(latents, codes.labels)
        return Codes(latents, shares(codes.labels, len(step) - size) + step[size:])

    def around(self, group: Codes, mean: Tensor, noise: Tensor) -> Codes:
        """Codes at `mean` with noise [n, ..] added to the latents.

        Labels are the mean's if labels move, otherwise those of the group in turn.
        """
        size = group.latents.shape[1]
        latents = mean[:size] + noise[:, :size]
        if self.moves_labels:
            return Codes(latents, mean[size:].expand(len(latents), -1))
        return Codes(latents, group.labels[torch.arange(len(latents)) % len(group)])

    def random(self, step: Tensor, streams: Streams) -> Tensor:
        """[CONTROLS, ..] random directions as long as the step, without a move of the labels."""
        size = self.trained.model.config.latent_dim
        drawn = streams["latent/controls"].normal(CONTROLS, size)
        found = torch.zeros(CONTROLS, len(step))
        found[:, :size] = drawn / drawn.norm(dim=1, keepdim=True) * step[:size].norm()
        return found


def _target(labels: dict[str, float | None]) -> float | None:
    """The label that A - B + C should have, or None if A, B and C do not determine it."""
    if None in labels.values():
        return labels["C"] if labels["A"] == labels["B"] else None
    if labels["B"] == labels["C"]:
        return labels["A"]
    return labels["C"] if labels["A"] == labels["B"] else None
