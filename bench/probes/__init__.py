"""PROBES: what can be recorded of the networks while a model trains, by name.

No torch at import, so that `bench list` is quick.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gan_zoo.catalog import unknown

from ..errors import InputError


@dataclass(frozen=True)
class Probe:
    """A group of values that is switched on and off together."""

    target: str  # "module:function", called with a Look; "" if it is read off a training step
    help: str
    default: bool = True  # is it recorded unless the user chooses otherwise?
    asks_discriminator: bool = True  # is there nothing to read where a model has none?


PROBES: dict[str, Probe] = {
    "updates": Probe(
        "",
        "update-to-weight ratio |update| / |weights| of a step, by network",
        asks_discriminator=False,
    ),
    "layer_updates": Probe(
        "",
        "update-to-weight ratio of a step, by layer",
        default=False,
        asks_discriminator=False,
    ),
    "slopes": Probe(
        "bench.probes.measures:slopes",
        "norm of the discriminator's input gradient on real, fake and interpolated samples: mean "
        "and maximum",
    ),
    "lipschitz": Probe(
        "bench.probes.measures:lipschitz",
        "|s(x1) - s(x2)| / |x1 - x2| of the discriminator's scores s over pairs of samples: mean "
        "and maximum",
    ),
    "weights": Probe(
        "bench.probes.measures:edge",
        "share of the discriminator's weights within 1 % of their layer's largest; weight "
        "histograms at evaluations",
    ),
    "scores": Probe(
        "bench.probes.measures:quantiles",
        "quantiles of the discriminator's scores of real and of fake samples",
    ),
    "guesses": Probe(
        "bench.probes.measures:guesses",
        "the discriminator's accuracy and mean output sigmoid(s), where its scores s are logits",
    ),
    "overfitting": Probe(
        "bench.probes.measures:overfitting",
        "the discriminator's mean score of training and of held-out samples",
    ),
    "diversity": Probe(
        "bench.probes.measures:diversity",
        "mean distance between two fake and between two real samples; raises the collapse alarm",
        asks_discriminator=False,
    ),
}
SETS: dict[str, tuple[str, ...]] = {
    "default": tuple(name for name, probe in PROBES.items() if probe.default),
    "all": tuple(PROBES),
    "none": (),
}


def chosen(text: str, known: Mapping[str, object] = PROBES) -> tuple[str, ...]:
    """The probes that "default", "all", "none" or "a,b" stands for, in the order of PROBES.

    Probes of a user's own may stand beside each of these, and come last: "default,mine.py:Norms".
    Raises InputError for an unknown name, with the nearest known one.
    """
    parts = [part.strip() for part in text.split(",")]
    own = tuple(dict.fromkeys(part for part in parts if ":" in part))
    names = [part for part in parts if ":" not in part]
    if len(names) == 1 and names[0] in SETS:
        return (*SETS[names[0]], *own)
    for name in names:
        if name in SETS:
            sets = ", ".join(SETS)
            raise InputError(f"--probes takes either names or one of {sets}, not {name} with names")
        if name not in known:
            raise InputError(unknown("probe", name, [*known, *SETS]))
    return (*(name for name in known if name in names), *own)
