"""The same trials of two folders (another commit, another machine), paired by their seed.

Differences are B - A and ratios B / A, where A is the first folder. One protocol holds for both:
asked to compare values of two, this refuses and names the difference.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import stats
from ..datasets import primary_metric
from ..errors import InputError
from ..records.layout import KEY, PROTOCOL
from ..records.results import Results
from .protocol import contestants, datasets, last, primary

CHANGE_COLUMNS = ["dataset", "metric", "scale", "model", "n", "identical", "rows"]
CHANGE_COLUMNS += ["identical_rows", "difference", "low", "high", "ratio", "ratio_low"]
CHANGE_COLUMNS += ["ratio_high", "method", "p", "holm_p", "margin", "equivalence_p"]
CHANGE_COLUMNS += ["equivalence_holm_p", "told", "warning", "verdict"]
LEAST = 3  # seeds; of fewer, nothing is called equivalent but what is equal in every bit


@dataclass(frozen=True)
class Both:
    """Two results folders, A and B."""

    a: Results
    b: Results

    def trials(self) -> pd.DataFrame:
        """One row a trial of either: KEY, then each column with _a and _b; `side` says whose."""
        columns = [*KEY, "status", "config_hash", "config", "streams"]
        return self.a.trials[columns].merge(
            self.b.trials[columns], "outer", KEY, suffixes=("_a", "_b"), indicator="side"
        )

    def datasets(self) -> list[str]:
        return [name for name in datasets(self.a) if name in datasets(self.b)]

    def values(self, metric: str, dataset: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Every evaluation of the metric in A and in B; ValueError where protocols differ."""
        first, second = (primary(results, metric, dataset) for results in (self.a, self.b))
        for name in PROTOCOL:
            one, two = (set(rows[name].dropna()) for rows in (first, second))
            if one and two and one != two:
                told = " and ".join(", ".join(map(str, sorted(side))) for side in (one, two))
                raise ValueError(f"{metric} was measured with different {name}: {told}")
        return first, second

    def finals(self, metric: str, dataset: str) -> pd.DataFrame:
        """One row a trial that finished in both: model, seed, a, b."""
        ends = [
            last(rows, results.trials)[["model", "seed", "value"]].rename(columns={"value": name})
            for rows, results, name in zip(
                self.values(metric, dataset), (self.a, self.b), "ab", strict=True
            )
        ]
        return ends[0].merge(ends[1], on=["model", "seed"])

    def points(self, metric: str, dataset: str) -> pd.DataFrame:
        """One row an evaluation of trials that were measured in both folders: model, seed, same.

        same: equal in every bit, NaN to NaN; an evaluation that only one folder has is not.
        """
        keys = ["model", "seed"]
        first, second = (rows[[*keys, "images", "value"]] for rows in self.values(metric, dataset))
        table = first.merge(
            second, "outer", [*keys, "images"], suffixes=("_a", "_b"), indicator="side"
        )
        shared = first[keys].merge(second[keys]).drop_duplicates()
        table = table.merge(shared, on=keys)
        a, b = table["value_a"].to_numpy(float), table["value_b"].to_numpy(float)
        equal = (a == b) | (np.isnan(a) & np.isnan(b))
        return table[keys].assign(same=equal & (table["side"] == "both"))


def changes(both: Both, dataset: str, metric: str, margin: float) -> pd.DataFrame:
    """One row a contestant of both folders: has the metric changed, and by how much?

    The primary metric is compared as B / A, of logarithms, and the others as B - A. margin: of
    equivalence, 0.05 for a ratio within 1 / 1.05 .. 1.05, or for a difference within 5 % of A's
    mean. identical: of n final values, those equal in every bit; identical_rows: of all values
    through training. Holm's family is the contestants, of both tests: a change, or an
    equivalence, is wrongly said of any contestant in at most 5 % of cases. warning: differences
    that lie apart from the others (`stats.lie_apart`). told: what B is, compared with A: "lower",
    "higher" or, where that cannot be told, "". ValueError where protocols differ.
    """
    log = metric == primary_metric(dataset)
    finals, points = both.finals(metric, dataset), both.points(metric, dataset)
    known = contestants(both.b, dataset)
    rows = []
    for label in (label for label in contestants(both.a, dataset) if label in known):
        values = finals.loc[finals["model"] == label, ["a", "b"]].to_numpy(float)
        same = points.loc[points["model"] == label, "same"]
        row: dict[str, object] = {"dataset": dataset, "metric": metric, "model": label}
        row |= {"scale": "log" if log else "linear", "n": len(values)}
        row |= {"identical": int((values[:, 0] == values[:, 1]).sum())}
        row |= {"rows": len(same), "identical_rows": int(same.sum())}
        rows.append(row | _change(values, log, margin))
    table = pd.DataFrame(rows, columns=[*CHANGE_COLUMNS, "differences"])
    table["holm_p"] = stats.holm(table["p"].to_numpy(float))
    table["equivalence_holm_p"] = stats.holm(table["equivalence_p"].to_numpy(float))
    table["warning"] = [_warning(each) for each in table["differences"]]
    family = int(table["p"].notna().sum())
    judged = table[["difference", "holm_p"]].itertuples(index=False)
    table["told"] = [stats.told(*row) for row in judged]
    table["verdict"] = [_verdict(row, family) for _, row in table.iterrows()]
    return table[CHANGE_COLUMNS]


def _change(values: np.ndarray, log: bool, margin: float) -> dict[str, object]:
    """Of [n, 2] final values in A and B; n = 0, or logarithms that do not exist, have none."""
    if not len(values) or not np.isfinite(values).all() or (log and (values <= 0).any()):
        return {"n": len(values)}
    a, b = np.log(values.T) if log else values.T
    interval = stats.paired_difference(b, a)
    room = math.log1p(margin) if log else margin * abs(float(a.mean()))
    row: dict[str, object] = {"difference": interval.estimate, "differences": b - a}
    row |= {"low": interval.low, "high": interval.high, "method": interval.method}
    if log:
        ends = {"": interval.estimate, "_low": interval.low, "_high": interval.high}
        row |= {f"ratio{end}": float(np.exp(value)) for end, value in ends.items()}
    rng = np.random.default_rng(0)  # only for more than 20 seeds, whose flips are drawn
    row |= {"p": stats.sign_flip_test(b - a, rng), "margin": room}
    tested = room > 0 and len(a) >= LEAST
    return row | {"equivalence_p": stats.equivalence(b - a, room).p if tested else np.nan}


def _warning(differences: object) -> str:
    """As "1 of 10 seeds lies apart"; differences [n], or NaN where nothing was compared."""
    if not isinstance(differences, np.ndarray):
        return ""
    apart = int(stats.lie_apart(differences[:, None]).sum())
    verb = "lies" if apart == 1 else "lie"
    return f"{apart} of {len(differences)} seeds {verb} apart" if apart else ""


def _verdict(row: pd.Series, family: int) -> str:
    n = int(row["n"])
    if row["rows"] and row["rows"] == row["identical_rows"] and row["identical"] == n:
        return "identical in every bit"
    if not n:
        return "nothing to compare: no seed that finished in both"
    if pd.isna(row["p"]):
        return "cannot tell: values that are not finite, or not above 0"
    close = row["equivalence_holm_p"] < 0.05
    warned = f" in the middle, but {row['warning']}" * bool(row["warning"])
    if row["told"]:
        return f"changed: {row['told']} in B" + ", within the margin" * bool(close) + warned
    if close:
        return f"equivalent within the margin{warned}"
    needed = stats.seeds_to_attain(family)
    if n >= needed:
        needed = stats.seeds_for_power(row["differences"], family) or 0
    text = f"no difference shown with {n} seed{'s' * (n != 1)}"
    return text + f" (needs {needed})" * (needed > n)


def unchanged(both: Both) -> bool:
    """Is every value of the primary metric equal in every bit, and did every trial end alike?

    Of trials that are in both plans; values that cannot be compared are not unchanged.
    """
    if not ended_otherwise(both.trials()).empty:
        return False
    try:
        tables = [both.points(primary_metric(name), name) for name in both.datasets()]
    except ValueError:
        return False
    return any(len(table) for table in tables) and all(table["same"].all() for table in tables)


def ended_otherwise(trials: pd.DataFrame) -> pd.DataFrame:
    """Those of `Both.trials` in both folders whose status differs, such as finished, diverged."""
    return trials[(trials["side"] == "both") & (trials["status_a"] != trials["status_b"])]


def require_common(both: Both) -> None:
    """Raises InputError if the folders have no trial in common."""
    if not (both.trials()["side"] == "both").any():
        names = [", ".join(datasets(results)) for results in (both.a, both.b)]
        raise InputError(
            f"no trial (data set, label, seed) is in both folders: {both.a.path} has {names[0]}, "
            f"{both.b.path} has {names[1]}; labels and seeds must agree too"
        )
