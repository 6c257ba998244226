"""`bench run --until-decided`: look after look, until every pair is decided."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..datasets.dataset import load_dataset
from ..errors import InputError
from ..planning.growing import command, plan_of
from ..planning.looks import LOOKS, Pair, following, require_most
from ..planning.plan import Plan
from ..records.results import Results
from ..words import duration
from .forecast import Forecast

Say = Callable[[str], None]


@dataclass(frozen=True)
class Until:
    """When `--until-decided` ends, decided or not."""

    most: int = LOOKS[-1]  # seeds
    minutes: float | None = None  # from the start of the command


def until_from(
    asked: bool,
    seeds: str | None,
    most: int | None,
    margin: float | None,
    minutes: float | None,
) -> Until | None:
    """What the flags ask for; raises InputError for those that do not go together."""
    if not asked:
        for name, value in (("max-seeds", most), ("margin", margin), ("within", minutes)):
            if value is not None:
                raise InputError(f"--{name} goes with --until-decided")
        return None
    if seeds is not None:
        raise InputError(
            "--until-decided chooses the seeds: leave out --seeds, or limit --max-seeds"
        )
    if margin is not None and not 0 < margin < 100:
        raise InputError(f"--margin is a percentage between 0 and 100, such as 5, not {margin:g}")
    if most is not None:
        require_most(most)
    return Until(most or LOOKS[-1], minutes)


def looking(
    plan: Plan,
    root: Path,
    until: Until,
    jobs: Callable[[int], int],
    once: Callable[[Plan], bool],
    say: Say,
) -> bool:
    """Train and report look after look. `once` does it for a plan; False if a trial failed."""
    begun = time.monotonic()
    while True:
        if not once(plan):
            return False
        following_plan = _next(plan, root, until, jobs, time.monotonic() - begun, say)
        if following_plan is None:
            return True
        plan = following_plan


def _next(
    plan: Plan, root: Path, until: Until, jobs: Callable[[int], int], elapsed: float, say: Say
) -> Plan | None:
    """The plan of the next look, announced; None, with the reason said, where it ends."""
    whole = plan_of(root)
    assert whole is not None  # `once` has just written it
    labels = [c.label for c in plan.contestants]
    judged = primary_pairs(Results(root).comparisons, labels)  # of the report just written
    rows = judged[(judged["told"] == "") & (judged["equivalent"] != True)]  # noqa: E712, NaN
    if rows.empty:
        say("Every pair is decided." if len(judged) else "There is no pair to decide.")
        return None
    pairs: list[Pair] = [(str(a), str(b)) for a, b in rows[["model_a", "model_b"]].to_numpy()]
    found = following(whole, labels, pairs, until.most)
    named = ", ".join(sorted({f"{a} / {b}" for a, b in pairs}))
    if found is None:
        say(f"Undecided after the last look: {named}. That does not mean equal.")
        more = next((n for n in LOOKS if n > until.most), None)
        if more:
            say(f"--max-seeds {more} or more goes on: {command(root, '--until-decided')}")
        return None
    before = {c.label: len(whole.seeds_of(c)) for c in whole.contestants}
    added = {c.label: len(found.seeds_of(c)) - before[c.label] for c in found.contestants}
    added = {label: count for label, count in added.items() if count}
    known = {trial.key for trial in plan.trials(load_dataset)}
    trials = [trial for trial in found.trials(load_dataset) if trial.key not in known]
    seconds = Forecast(root, trials).seconds(trials, {}, jobs(len(trials)))
    say(f"Undecided: {named}.{_needs(rows)}")
    counts = sorted({len(found.seeds_of(c)) for c in found.contestants if c.label in added})
    about = "" if seconds is None else f", about {duration(seconds)} with the report"
    text = f"The next look, at {' and '.join(map(str, counts))} seeds, trains "
    text += f"{len(trials)} more trials of {', '.join(added)}{about}"
    if until.minutes is not None and elapsed + (seconds or 0) > 60 * until.minutes:
        end = command(root, "--until-decided")
        say(f"{text}: beyond the {until.minutes:g} minutes of --within. To go on: {end}")
        return None
    say(f"{text}.")
    return found


def primary_pairs(comparisons: pd.DataFrame, labels: list[str]) -> pd.DataFrame:
    """The pairs of these contestants that were judged on the primary metric."""
    told = comparisons["told"].astype(object).fillna("")  # empty in a file
    rows = comparisons.assign(told=told)
    rows = rows[(rows["outcome"] == "primary") & rows["method"].notna()]
    return rows[rows["model_a"].isin(labels) & rows["model_b"].isin(labels)]


def _needs(rows: pd.DataFrame) -> str:
    """How many seeds the pairs would need for the power .8, as far as their rows tell."""
    from ..stats import MOST_SEEDS  # scipy: half a second

    needs = rows["seeds_for_power"]
    if needs.isna().any():
        return f" With these spreads at least one pair needs more than {MOST_SEEDS} seeds."
    return f" With these spreads they need about {int(needs.max())} seeds."
