"""The tables of docs/lectures-run.md: does a reading end at the losses that the lectures report?"""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import cast

import pandas as pd

from bench.files import read_toml
from bench.records.results import Results
from bench.tables.joint_losses import joint_losses

from .marks import ROOT

HEADS = ("reading", "generator step", "seeds", "generator loss", "critic loss", "the reported pair")
RULE = "| --- | --- | ---: | ---: | ---: | --- |"
LOSSES = ("generator", "discriminator")
Way = tuple[int, int]  # a generator step, and over how many steps up to it the losses are averaged


# Block -> the rows in results/reference-lectures, their experiment, and the ways to read them.
TABLES: dict[str, tuple[str, str, tuple[Way, ...]]] = {
    "five": (
        *("five", "notes-wgangp-five"),
        ((3000, 1), (450, 1), (600, 1), (450, 500), (600, 500)),
    ),
    "critic-steps": ("critic-steps", "notes-wgangp-critic-steps", ((600, 500), (600, 1))),
}


def tables() -> dict[str, str]:
    """Block -> what stands in it."""
    return {block: table(*of) for block, of in TABLES.items()}


def table(name: str, plan: str, ways: Iterable[Way]) -> str:
    """A row a way to read the steps and a reading that has seeds there."""
    wide = pd.read_csv(ROOT / "results" / "reference-lectures" / f"{name}.csv")
    keys = ["dataset", "model", "seed", "generator_steps"]
    names = {loss: f"loss/{loss}" for loss in LOSSES}
    rows = wide.assign(dataset="mnist").rename(columns=names).melt(keys, var_name="metric")
    experiment = read_toml(ROOT / "experiments" / f"{plan}.toml")
    results = cast(Results, SimpleNamespace(curves=rows, experiment=experiment))
    lines = [f"| {' | '.join(HEADS)} |", RULE]
    for step, over in ways:
        for row in joint_losses(results, step, over).to_dict("records"):
            if not row["n"]:
                continue
            cells = [
                f"{row[f'{loss}_mean']:.2f}" + f" ± {row[f'{loss}_half']:.1f}" * (row["n"] > 2)
                for loss in LOSSES
            ]
            what = f"{step:,}, mean of {over}" if over > 1 else f"{step:,}"
            line = [row["model"], what, str(row["n"]), *cells, row["verdict"]]
            lines.append(f"| {' | '.join(line)} |")
    return "\n".join(lines)
