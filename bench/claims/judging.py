"""Every claim judged on recorded folders: folders in, a table out."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from ..errors import InputError
from ..files import read_toml
from ..records.parquet import whole_table
from ..records.results import Results
from ..tables.protocol import datasets, one_protocol, own_extractor
from .claim import Claim
from .evidence import Contestant, Evidence, Run, Study
from .register import CLAIMS, NEEDS
from .rule import LEVEL, Finding

COLUMNS = ["claim", "part", "statement", "source", "rule", "verdict", "effect", "unit", "low"]
COLUMNS += ["high", "claimed", "level", "n", "planned_power", "p", "q", "margin", "depth"]
COLUMNS += ["depth_low", "depth_high", "metric", "dataset", "runs", "note", "warning"]
STUDIES = {  # those that a claim is about, and the columns that it reads; the last is measured
    "vanishing": ("stage", "game", "seed", "steps", "generator_grad_norm"),
    "depth": ("constraint", "seed", "steps", "layer", "activation_grad_norm"),
}


def judged(
    evidence: Sequence[Evidence], whole: bool = True, claims: Sequence[Claim] = CLAIMS
) -> pd.DataFrame:
    """One row for each part of a claim and data set, in the order of the claims: COLUMNS.

    Of several folders with one data set the one with the most seeds is judged, of these the one
    with the largest budget: neither choice looks at a result. q: Benjamini and Hochberg's, over
    the rows. whole: a part that no folder answers has a row too, which says what it needs.
    """
    rows = []
    for claim in claims:
        found = _findings(claim, evidence)
        if not found and whole:
            rows.append(_row(claim, "", None, f"needs {claim.needs}"))
        rows += [_row(claim, dataset, one, one.note) for dataset, one in found.items()]
    table = pd.DataFrame(rows, columns=COLUMNS)
    known = table["p"].notna()
    if known.any():
        table.loc[known, "q"] = false_discovery_control(table.loc[known, "p"].to_numpy(float))
    return table


def missing(table: pd.DataFrame) -> list[int]:
    """The numbers of the claims that no folder answers."""
    answered = set(looked_at(table)["claim"])
    return [number for number in NEEDS if number not in answered]


def looked_at(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that a folder answers; n is 0 where all trials of a model were lost."""
    return table[table["runs"].notna()]


def _findings(claim: Claim, evidence: Sequence[Evidence]) -> dict[str, Finding]:
    """data set -> the finding from the folder with the most seeds on it, then the most images."""
    best: dict[str, tuple[tuple[int, int], Finding]] = {}
    for one in evidence:
        if not isinstance(one, claim.of):
            continue
        found = claim.judge(one)
        if found is None:
            continue
        rank = one.ended, one.images if isinstance(one, Run) else 0
        if one.dataset not in best or rank > best[one.dataset][0]:
            best[one.dataset] = rank, found
    return {dataset: found for dataset, (_, found) in best.items()}


def _row(claim: Claim, dataset: str, found: Finding | None, note: str) -> dict[str, object]:
    said = {name: getattr(claim, name) for name in ("part", "statement", "source", "rule")}
    nothing = {"verdict": "cannot tell", "n": 0, "level": LEVEL}
    numbers = vars(found) if found else nothing
    return {"claim": claim.number, **said, **numbers, "dataset": dataset, "note": note}


def evidence_in(folders: Iterable[Path]) -> list[Evidence]:
    """The evidence in results folders, in folders of studies, and in folders that hold such.

    Raises InputError where there is none, or where it cannot be read.
    """
    found: list[Evidence] = []
    for folder in folders:
        inside = _evidence(folder)
        if inside is None:
            children = sorted(path for path in folder.glob("*/") if path.is_dir())
            inside = [one for child in children for one in _evidence(child) or []]
        if not inside:
            raise InputError(
                f"{folder} is no results folder and no folder of `bench study`, and holds none: "
                "there is no experiment.toml and no settings.toml"
            )
        found += inside
    return found


def _evidence(folder: Path) -> list[Evidence] | None:
    if (folder / "experiment.toml").is_file():
        return list(runs_of(Results(folder)))
    if (folder / "settings.toml").is_file():
        study = _study(folder)
        return [study] if study else []
    return None


def runs_of(results: Results) -> list[Run]:
    """A Run for each data set of a results folder.

    Raises InputError where the primary metric was measured under two protocols.
    """
    trials = results.trials
    found = []
    for dataset in datasets(results):
        rows = results.evaluations
        rows = rows[rows["dataset"] == dataset]
        rows = rows[own_extractor(results, rows, dataset)]
        try:
            for metric in ("fid", "emd"):
                one_protocol(rows, metric)
        except ValueError as error:
            raise InputError(f"{results.path}: {error}") from error
        curves = results.curves
        found.append(
            Run(
                folder=results.path.resolve().name,
                dataset=dataset,
                images=int(rows["images"].max()) if len(rows) else 0,
                contestants=_contestants(results, dataset),
                trials=trials[trials["dataset"] == dataset],
                curves=curves[curves["dataset"] == dataset],
                evaluations=rows,
            )
        )
    return found


def _contestants(results: Results, dataset: str) -> tuple[Contestant, ...]:
    """In the order of the plan; without hyperparameters where no trial recorded them."""
    trials = results.trials.reindex(columns=["dataset", "model", "config"])
    own = trials[trials["dataset"] == dataset]
    configs: dict[str, dict[str, Any]] = {}
    for label, config in zip(own["model"], own["config"], strict=True):
        # A trial that waits or is damaged has none: another of the contestant may have them.
        configs[label] = configs.get(label) or json.loads(config or "{}")
    return tuple(
        Contestant(entry["label"], entry["model"], configs.get(entry["label"], {}))
        for entry in results.experiment["contestants"]
    )


def _study(folder: Path) -> Study | None:
    """None where no claim is about this study. Raises InputError."""
    settings = read_toml(folder / "settings.toml")
    kind = settings.get("study", settings.get("probe"))  # as version 0.1.0 called it
    if kind not in STUDIES:
        return None
    path = folder / "rows.parquet"
    try:
        rows = whole_table(path).to_pandas()
    except Exception as error:  # broken bytes make the reader raise almost anything
        raise InputError(f"{path} cannot be read: `bench study {kind}` writes it") from error
    absent = [name for name in STUDIES[kind] if name not in rows]
    if absent:
        raise InputError(f"{path} has no column {', '.join(absent)}")
    measured = rows[STUDIES[kind][-1]].astype(float)
    data = str(settings.get("dataset", ""))
    return Study(folder.resolve().name, kind, data, rows[np.isfinite(measured)])
