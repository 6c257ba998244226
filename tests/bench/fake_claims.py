"""Evidence made by hand for the claims, from the values of each contestant, seed by seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bench.claims import CLAIMS, Claim, Contestant, Finding, Run, Study

CONFIG: dict[str, dict[str, Any]] = {
    "gan": {"backbone": "mlp", "saturating": False, "learning_rate": 2e-4},
    "cgan": {"backbone": "mlp", "saturating": False, "learning_rate": 2e-4},
    "dcgan": {"backbone": "conv", "saturating": False, "learning_rate": 2e-4},
    "wgan": {
        "backbone": "conv",
        "discriminator_steps": 5,
        "clip": 0.01,
        "learning_rate": 5e-5,
        "discriminator_norm": "batch",
    },
    "wgangp": {
        "backbone": "conv",
        "discriminator_steps": 5,
        "penalty": 10.0,
        "learning_rate": 1e-3,
        "discriminator_norm": "none",
    },
}
BUDGET = 1000  # images


def contestant(model: str, label: str = "", **changes: Any) -> Contestant:
    return Contestant(label or model, model, CONFIG[model] | changes)


def run_of(
    finals: Mapping[str, Sequence[float | None]] | None = None,
    metric: str = "fid",
    dataset: str = "mnist5k",
    curves: Sequence[tuple[str, str, Mapping[int, Sequence[float]]]] = (),
    courses: Sequence[tuple[str, str, Mapping[int, Sequence[float]]]] = (),
    contestants: Sequence[Contestant] = (),
    seconds: Mapping[str, float] | None = None,
    folder: str = "made",
) -> Run:
    """A run of BUDGET images. finals: label -> last value of each seed, None where it diverged.

    curves, courses: (label, metric, images -> value of each seed), of curves and of evaluations.
    seconds: label -> those of a whole trial; 1 for the others.
    """
    named = {one.label: one for one in contestants}
    labels = [*(finals or {}), *(label for label, *_ in (*curves, *courses))]
    for label in labels:
        if label not in named:
            named[label] = contestant(label)
    trials: dict[tuple[str, int], str] = {}
    evaluations = []
    for label, values in (finals or {}).items():
        for seed, value in enumerate(values):
            trials[label, seed] = "diverged" if value is None else "finished"
            if value is not None:
                evaluations.append(_row(label, seed, BUDGET, metric, value, seconds))
    tables = {"curves": curves, "courses": courses}
    long: dict[str, list[dict[str, Any]]] = {"curves": [], "courses": evaluations}
    for name, rows in tables.items():
        for label, of, course in rows:
            for at, values in course.items():
                for seed, value in enumerate(values):
                    trials.setdefault((label, seed), "finished")
                    long[name].append(_row(label, seed, at, of, value, seconds))
    columns = ["model", "seed", "images", "seconds", "metric", "value"]
    return Run(
        folder,
        dataset,
        BUDGET,
        tuple(named.values()),
        pd.DataFrame(
            [{"model": m, "seed": s, "status": status} for (m, s), status in trials.items()]
        ),
        pd.DataFrame(long["curves"], columns=columns),
        pd.DataFrame(long["courses"], columns=columns),
    )


def _row(
    label: str,
    seed: int,
    images: int,
    metric: str,
    value: float,
    seconds: Mapping[str, float] | None,
) -> dict[str, Any]:
    clock = (seconds or {}).get(label, 1.0) * images / BUDGET
    where = {"model": label, "seed": seed, "images": images, "seconds": clock}
    return where | {"metric": metric, "value": float(value)}


def vanishing(norms: Mapping[str, Sequence[tuple[float, float]]]) -> Study:
    """norms: game -> (first, last) of each seed, the same at both stages."""
    rows = [
        {"stage": stage, "game": game, "seed": seed, "steps": steps, "generator_grad_norm": norm}
        for game, seeds in norms.items()
        for seed, ends in enumerate(seeds)
        for stage in ("4k", "32k")
        for steps, norm in zip((1, 1000), ends, strict=True)
    ]
    return Study("probe-vanishing", "vanishing", "mnist5k", pd.DataFrame(rows))


def depth(norms: Mapping[str, Sequence[Sequence[float]]]) -> Study:
    """norms: constraint -> those of the layers at the end, from the input up, of each seed."""
    rows = [
        {
            "constraint": constraint,
            "seed": seed,
            "steps": steps,
            "layer": layer,
            "activation_grad_norm": norm if steps else 1.0,
        }
        for constraint, seeds in norms.items()
        for seed, layers in enumerate(seeds)
        for layer, norm in enumerate(layers)
        for steps in (0, 500)
    ]
    return Study("probe-depth", "depth", "swissroll", pd.DataFrame(rows))


YES, NO, OPEN = "supported", "contradicted", "cannot tell"
SPREAD = [0.97, 0.99, 1.0, 1.01, 1.02, 1.03]  # around 1, without a tie


def claim(number: int, part: str = "") -> Claim:
    return next(c for c in CLAIMS if (c.number, c.part) == (number, part))


def judge(number: int, part: str, evidence: Run | Study) -> Finding:
    found = claim(number, part).judge(evidence)
    assert found is not None
    return found


def scaled(factor: float) -> list[float]:
    return [factor * x for x in SPREAD]


def mixed(low: float, high: float) -> list[float]:
    """Three seeds on the one side and three on the other: nothing can be told."""
    return [*[low * x for x in SPREAD[:3]], *[high * x for x in SPREAD[3:]]]
