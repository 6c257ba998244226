"""What a search found, and what the report says of it: DataFrames in, DataFrames out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from .. import stats
from ..analysis import Analysis
from ..datasets import primary_metric
from ..tables.pairs import Finals, by_seed
from .protocol import TUNED, Configuration, Protocol
from .rows import DEFAULT, scores

LOWER, HIGHER = "lower", "higher"
TURNED = {LOWER: HIGHER, HIGHER: LOWER, "": ""}


@dataclass(frozen=True)
class Tuned:
    """A search with its report."""

    protocol: Protocol
    rows: pd.DataFrame  # of the search, as `bench.tuning.rows` has them
    chosen: dict[str, Configuration]
    analysis: Analysis  # of the results folder of defaults and tuned configurations

    @property
    def contestants(self) -> list[str]:
        return list(self.protocol.contestants)

    @property
    def tuned(self) -> dict[str, str]:
        """Contestant -> the label of its tuned configuration, of those that have one."""
        return {label: label + TUNED for label in self.contestants if label in self.chosen}


def configurations(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows.scores`, best first within a contestant, with the rank among the drawn ones."""
    table = scores(rows)
    drawn = table["score"].where(table["configuration"] != DEFAULT)
    table["rank"] = drawn.groupby(table["contestant"], sort=False).rank(method="first")
    places = {name: i for i, name in enumerate(dict.fromkeys(rows["contestant"]))}
    table = table.assign(place=table["contestant"].map(places))
    return table.sort_values(["place", "score"], kind="stable", ignore_index=True).drop(
        columns="place"
    )


def best_of_k(rows: pd.DataFrame, level: float = 0.9) -> pd.DataFrame:
    """Contestant, k, and `stats.best_of` of its drawn configurations, from 1 to all of them."""
    table = scores(rows)
    drawn = table[table["configuration"] != DEFAULT]
    found = [
        {"contestant": name, **vars(stats.best_of(own["score"], k, level))}
        for name, own in drawn.groupby("contestant", sort=False)
        for k in range(1, len(own) + 1)
    ]
    return pd.DataFrame(found)


def gains(found: Tuned) -> pd.DataFrame:
    """A row for each contestant: what was chosen, and its default beside it in the report.

    better: of the drawn configurations, those with a lower score than the defaults. ratio: tuned
    over default on the reporting seeds, with its simultaneous interval; verdict: of the house.
    """
    table, pairs = configurations(found.rows), found.analysis.pairs(found.protocol.dataset)
    ranked = found.analysis.models(found.protocol.dataset).set_index("model")
    metric = primary_metric(found.protocol.dataset)
    rows = []
    for name in found.contestants:
        own = table[table["contestant"] == name]
        drawn, usual = own[own["configuration"] != DEFAULT], own[own["configuration"] == DEFAULT]
        default = float(usual["score"].iloc[0])
        row: dict[str, Any] = {"contestant": name, "configurations": len(drawn)}
        row |= {"lost": int((drawn["lost"] > 0).sum())}
        row |= {"better": int((drawn["score"] < default).sum())}
        row |= {"selection_default": default, "selection_chosen": float(drawn["score"].min())}
        for kind, label in (("default", name), ("tuned", found.tuned.get(name))):
            for end in ("mean", "low", "high", "n"):
                there = label in ranked.index
                row[f"{kind}_{end}"] = ranked.loc[label, f"{metric}_{end}"] if there else math.nan
        row |= {"ratio": math.nan, "ratio_low": math.nan, "ratio_high": math.nan, "told": ""}
        if name in found.tuned:
            row |= {"configuration": found.chosen[name].number}
            row |= {"values": values_of(found.chosen[name])} | between(
                pairs, found.tuned[name], name
            )
        rows.append(row)
    return pd.DataFrame(rows)


def values_of(one: Configuration) -> str:
    """As `--set` takes them: "learning_rate=0.000217 betas=0.5,0.9"."""
    texts = {k: ",".join(map(str, v)) if isinstance(v, tuple) else v for k, v in one.values.items()}
    return " ".join(f"{name}={value}" for name, value in texts.items())


def between(pairs: pd.DataFrame, first: str, second: str) -> dict[str, Any]:
    """Of a pair, in this order: ratio with its interval, what the first is told to be, verdict."""
    same = pairs[(pairs["model_a"] == first) & (pairs["model_b"] == second)]
    turned = pairs[(pairs["model_a"] == second) & (pairs["model_b"] == first)]
    if len(same):
        row = same.iloc[0]
        ends = {name: row[name] for name in ("ratio", "ratio_low", "ratio_high")}
        return ends | {"told": row["told"], "verdict": row["verdict"]}
    if not len(turned):
        ends = dict.fromkeys(("ratio", "ratio_low", "ratio_high"), math.nan)
        return ends | {"told": "", "verdict": "not compared"}
    row = turned.iloc[0]
    return {
        "ratio": 1 / row["ratio"],
        "ratio_low": 1 / row["ratio_high"],
        "ratio_high": 1 / row["ratio_low"],
        "told": TURNED[row["told"]],
        "verdict": row["verdict"],
    }


def survival(found: Tuned) -> pd.DataFrame:
    """A row for each pair of contestants: what is told of their defaults, and of them tuned.

    shift: what tuning multiplies their ratio by, as `shift` has it.
    """
    pairs = found.analysis.pairs(found.protocol.dataset)
    both = list(combinations([n for n in found.contestants if n in found.tuned], 2))
    gained, rows = by_tuning(found), []
    for first, second in both:
        before = between(pairs, first, second)
        after = between(pairs, found.tuned[first], found.tuned[second])
        rows.append(
            {"first": first, "second": second}
            | {f"default_{name}": value for name, value in before.items()}
            | {f"tuned_{name}": value for name, value in after.items()}
            | {"change": change(before["told"], after["told"])}
            | shift(gained, first, second, len(both))
        )
    return pd.DataFrame(rows)


def by_tuning(found: Tuned) -> pd.DataFrame:
    """[reporting seeds, contestants] log(tuned / default); NaN where one of the two was lost."""
    dataset = found.protocol.dataset
    values, _ = by_seed(found.analysis.results, primary_metric(dataset), dataset)
    there = {name: own for name, own in found.tuned.items() if {name, own} <= {*values.columns}}
    return pd.DataFrame({name: values[own] - values[name] for name, own in there.items()})


def shift(gained: pd.DataFrame, first: str, second: str, family: int) -> dict[str, Any]:
    """What tuning multiplies the ratio first / second by.

    gained: of `by_tuning`, whose differences within a seed are the logarithms of that factor. They
    are judged by the rule of all pairs (`stats.compare_middle`), and family is their number. ->
    shift with its simultaneous interval; shifted: "lower", "higher", or "" where 1 lies within.
    """
    names = ("shift", "shift_low", "shift_high")
    layout = Finals.of_table(gained).of((first, second), others=True)
    if not len(layout):
        return dict.fromkeys(names, math.nan) | {"shifted": ""}
    one, _ = stats.compare_middle(layout, family)
    factors = np.exp([one.estimate, one.low, one.high]).tolist()
    told = stats.told(one.estimate, one.adjusted_p)
    return dict(zip(names, factors, strict=True)) | {"shifted": told}


def change(before: str, after: str) -> str:
    """What tuning does to the verdict on a pair: kept, reversed, lost, new or none."""
    if before and after:
        return "kept" if before == after else "reversed"
    return "lost" if before else "new" if after else "none"


def answer(changes: Sequence[str]) -> str:
    """Does the ranking of the defaults survive? From the `change` of each pair.

    "no": a pair is told apart both times, in opposite order. "yes": all pairs that were told apart
    still are, in the same order. Otherwise, or where none was told apart: "cannot tell".
    """
    if "reversed" in changes:
        return "no"
    return "yes" if "kept" in changes and "lost" not in changes else "cannot tell"


def rank_correlation(found: Tuned) -> list[float]:
    """Kendall's tau between defaults and tuned ones, a value for each reporting seed of all."""
    dataset = found.protocol.dataset
    table, _ = by_seed(found.analysis.results, primary_metric(dataset), dataset)
    both = [name for name in found.tuned if {name, found.tuned[name]} <= {*table.columns}]
    if len(both) < 2:
        return []
    whole = table[[*both, *(found.tuned[name] for name in both)]].dropna()
    return [
        round(float(kendalltau(row[: len(both)], row[len(both) :]).statistic), 9)
        for row in whole.to_numpy(float)
    ]
