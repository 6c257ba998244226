"""Means over seeds with their intervals, and the helpers that draw and print them."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import NullFormatter

from .. import stats

COLUMNS = ["mean", "low", "high", "n"]


def geometric(rows: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """[*by, mean, low, high, n]: geometric means with 95 % t intervals of the logarithm.

    Values that are not finite or not above 0 are left out; n counts the others.
    """
    values = rows[column].astype(float)
    rows = rows[(values > 0) & np.isfinite(values)]
    logs = rows.assign(**{column: np.log(rows[column].astype(float))})
    table = arithmetic(logs, by, column)
    table[COLUMNS[:3]] = np.exp(table[COLUMNS[:3]])
    return table


def arithmetic(rows: pd.DataFrame, by: Sequence[str], column: str) -> pd.DataFrame:
    """[*by, mean, low, high, n]: means with 95 % t intervals; the bounds of one value are NaN.

    Values that are not finite are left out; n counts the others.
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


def as_text(row: pd.Series) -> str:
    """ "2.1 [1.7, 2.6]": a row of these tables as text; a single value has no interval."""
    if math.isnan(row["mean"]):
        return "–"
    if math.isnan(row["low"]):
        return f"{row['mean']:.3g}"
    return f"{row['mean']:.3g} [{row['low']:.3g}, {row['high']:.3g}]"


def cell(table: pd.DataFrame, **key: object) -> str:
    """The row of such a table with these keys as text; a dash if there is none."""
    own = table[(table[list(key)] == list(key.values())).all(axis=1)]
    return as_text(own.iloc[0]) if len(own) else "–"


def fit_log_axis(axis: Axes, values: pd.Series) -> None:
    """Limit a log y-axis to the values: the interval of two seeds can span far more decades."""
    own = values[(values > 0) & np.isfinite(values)]
    if len(own):
        axis.set_ylim(float(own.min()) / 4, float(own.max()) * 4)


def seed_count(rows: pd.DataFrame) -> str:
    """ "5 seeds" """
    n = rows["seed"].nunique()
    return f"{n} seed{'s' * (n != 1)}"


def label_decades(axis: Axis) -> None:
    """Label the ticks of a log axis as 1e-14, in the font of the figure's other text."""
    axis.set_major_formatter(tick_label)
    axis.set_minor_formatter(NullFormatter())


def tick_label(value: float, position: float) -> str:
    """A number as a tick of `label_decades`: 0.001, 10, 1e-14."""
    if value == 0 or 1e-3 <= abs(value) <= 1e4:
        return f"{value:g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"
