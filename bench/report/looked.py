"""What is said of a folder to which seeds were added look after look."""

from collections.abc import Sequence

import pandas as pd

from .. import stats
from ..analysis import Analysis


def looked(pairs: pd.DataFrame) -> str:
    """At which looks the pairs were judged."""
    counts = sorted({int(n) for n in pairs["look"].dropna()})
    return f"in looks, at {_listed(counts)} seeds" if counts else "before the first look"


def looks(analysis: Analysis) -> list[str]:
    """How a folder in looks is judged: sentences, none of one that is judged once."""
    counts = analysis.results.experiment.get("looks", [])
    if not counts:
        return []
    shares = [f"{look.share:g}".removeprefix("0") for look in stats.looks(counts)]
    found = [
        f"Judged at {_listed(counts)} seeds, with {_listed(shares)} of the .05: "
        "a decision stands, and each interval is of the look that made it."
    ]
    seeds = analysis.results.trials.groupby("model")["seed"].nunique()
    if seeds.nunique() > 1:
        found.append(
            f"Means and ranks are of the {seeds.min()} seeds that all contestants have; "
            "each pair uses all that both have."
        )
    if any(look.share == 0 for look in stats.looks(counts)):
        found.append("The looks after the fifth have no share left, and decide nothing more.")
    return found


def _listed(items: Sequence[object]) -> str:
    """As 3, 5 and 8."""
    texts = [str(item) for item in items]
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
