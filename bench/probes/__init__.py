"""The probes by name: what each looks at while a model trains. No torch: `bench list` shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from gan_zoo.catalog import unknown

from ..errors import InputError


@dataclass(frozen=True)
class Probe:
    """A group of diagnostics that is switched on and off together."""

    target: str  # "module:function", what it reads off a Look; "" for what watches a step
    help: str
    default: bool = True


PROBES: dict[str, Probe] = {
    "updates": Probe("", "update-to-weight ratio |update| / |weights| of a step, a network"),
    "layer_updates": Probe("", "the same of each layer", default=False),
    "slopes": Probe(
        "bench.probes.measures:slopes",
        "norm of the critic's input gradient on real, fake and interpolated samples: mean, maximum",
    ),
    "lipschitz": Probe(
        "bench.probes.measures:lipschitz",
        "|D(x1) - D(x2)| / |x1 - x2| over pairs of real and fake samples: mean, maximum",
    ),
    "weights": Probe(
        "bench.probes.measures:edge",
        "discriminator weights within 1 % of their layer's largest; histograms at evaluations",
    ),
    "scores": Probe(
        "bench.probes.measures:quantiles",
        "quantiles of the discriminator's scores on real and on fake samples",
    ),
    "guesses": Probe(
        "bench.probes.measures:guesses",
        "accuracy and mean sigmoid of the scores, where they are logits",
    ),
    "overfitting": Probe(
        "bench.probes.measures:overfitting",
        "the discriminator's mean score on training and on held-out samples",
    ),
    "diversity": Probe(
        "bench.probes.measures:diversity",
        "mean distance between two fake, and between two real samples: warns of collapse",
    ),
}
SETS: dict[str, tuple[str, ...]] = {
    "default": tuple(name for name, probe in PROBES.items() if probe.default),
    "all": tuple(PROBES),
    "none": (),
}


def chosen(text: str, known: Mapping[str, object] = PROBES) -> tuple[str, ...]:
    """The probes that "default", "all", "none" or "a,b" means, in the order of PROBES.

    Raises InputError, with the nearest right name, for one that there is not.
    """
    if text in SETS:
        return SETS[text]
    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name in SETS:
            raise InputError(f"--probes {name} stands alone: {', '.join(SETS)}, or names")
        if name not in known:
            raise InputError(unknown("probe", name, [*known, *SETS]))
    return tuple(name for name in known if name in names)
