"""`bench status`: how far a results folder is, in lines."""

from collections.abc import Iterator
from pathlib import Path

from .errors import printable
from .results import Results


def lines(folder: Path) -> Iterator[str]:
    """One line of counts, then one for each trial that has not finished."""
    trials = Results(folder).trials
    counts = trials["status"].value_counts()
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    yield f"{folder}: {len(trials)} trials: {told}"
    rates = trials.get("images_per_second")
    for number, trial in enumerate(trials.itertuples()):
        if trial.status == "finished":
            continue
        line = f"  {trial.dataset} {trial.model} s{trial.seed}: {trial.status}"
        if trial.status == "running" and rates is not None:
            share, rate = trial.images / trial.total, rates.iloc[number]
            line += f", {share:.0%}, {rate:,.0f} images/s"
            line += f", {(trial.total - trial.images) / rate:,.0f} s left" if rate else ""
        yield line + (f": {printable(trial.reason)}" if trial.reason else "")
