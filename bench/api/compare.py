"""`bench.compare`: what the command of that name shows, as a DataFrame."""

from os import PathLike
from typing import Any

import pandas as pd

from ..cli.comparing import changes_of, pairs_of, require_margin
from ..errors import InputError
from ..records.results import Results as Records
from ..tables.folders import Both
from ..tables.provenance import circumstances, coverage
from .results import Results

Folder = Results | str | PathLike[str]


def compare(
    folder: Folder,
    other: Folder | None = None,
    *,
    metric: str | None = None,
    dataset: str | None = None,
    margin: float | None = None,
) -> pd.DataFrame:
    """The pairs of a results folder, or the same trials of two folders: a row each.

    Of one folder: the rows of `results.comparisons` on a metric, by default the primary one. Of
    two, trials of one data set, label and seed are paired: a row a contestant, with what the
    second folder's values are to the first's (difference, ratio, p, verdict), and equivalence
    within `margin` percent (default 5). `attrs["differs"]` of that table lists in words what else
    differs between the two: plan, versions, machine. Raises InputError.
    """
    first = _records(folder)
    if other is None:
        if margin is not None:
            raise InputError("margin takes two folders: bench.compare(folder, other, margin=5)")
        known = folder.analysis.comparisons if isinstance(folder, Results) else None
        return _joined([rows.table for rows in pairs_of(first, metric, dataset, known)])
    both = Both(first, _records(other))
    found, refused = changes_of(both, metric, dataset, require_margin(margin))
    if not found and refused:
        raise InputError("; ".join(refused))
    table = _joined([rows.table for rows in found])
    table.attrs["differs"] = [*circumstances(both), *coverage(both), *refused]
    return table


def _records(folder: Any) -> Records:
    return folder.records if isinstance(folder, Results) else Records(folder)


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
