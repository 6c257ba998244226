"""Means over seeds with their intervals, for figures and tables."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .. import stats

COLUMNS = ["mean", "low", "high", "n"]


def geometric(rows: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """[*by, mean, low, high, n]: geometric means with 95 % t intervals of the logarithm.

    What is not above 0 or not finite is left out, so n says how many values a mean stands on.
    """
    values = rows[column].astype(float)
    rows = rows[(values > 0) & np.isfinite(values)]
    logs = rows.assign(**{column: np.log(rows[column].astype(float))})
    table = arithmetic(logs, by, column)
    table[COLUMNS[:3]] = np.exp(table[COLUMNS[:3]])
    return table


def arithmetic(rows: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """[*by, mean, low, high, n]: means with 95 % t intervals; the bounds of one value are NaN.

    What is not finite is left out, so n says how many values a mean stands on.
    """
    found = []
    for key, group in rows.groupby(list(by), sort=False):
        values = group[column].astype(float)
        values = values[np.isfinite(values)]
        if len(values):
            one = stats.mean_interval(values)
            found.append([*key, one.estimate, one.low, one.high, one.n])
        else:
            found.append([*key, math.nan, math.nan, math.nan, 0])
    return pd.DataFrame(found, columns=[*by, *COLUMNS])


def worded(row: pd.Series, form: str = ".3g") -> str:
    """ "2.1 [1.7, 2.6]": a row of such a table as text; a single value has no interval."""
    if math.isnan(row["mean"]):
        return "–"
    if math.isnan(row["low"]):
        return f"{row['mean']:{form}}"
    return f"{row['mean']:{form}} [{row['low']:{form}}, {row['high']:{form}}]"


def room_for(axis: Axes, values: pd.Series) -> None:
    """A log y-axis that holds all values: a band of two seeds alone would hide what they say."""
    own = values[(values > 0) & np.isfinite(values)]
    if len(own):
        axis.set_ylim(float(own.min()) / 4, float(own.max()) * 4)


def seeds(rows: pd.DataFrame) -> str:
    """ "5 seeds" """
    n = rows["seed"].nunique()
    return f"{n} seed{'s' * (n != 1)}"


def powers(value: float, position: float) -> str:
    """A tick of many decades: 1e-14; the figures' text has no mathematical type."""
    if value == 0 or 1e-3 <= abs(value) <= 1e4:
        return f"{value:g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"
