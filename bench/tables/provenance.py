"""What differs between two folders beside their numbers, and which trials can be paired."""

import json

import pandas as pd

from ..records.results import Results
from .folders import Both, ended_otherwise

NOT_COMPARED = ("contestants", "version")  # of a plan
ALWAYS_NEW = ("started",)  # of an environment


def circumstances(both: Both) -> list[str]:
    """What differs between the folders beside the numbers, a line each."""
    found = [f"plan: {text}" for text in _apart(both.a.experiment, both.b.experiment, NOT_COMPARED)]
    first, second = (_models(results) for results in (both.a, both.b))
    alone = tuple(first.keys() ^ second.keys())  # named with their trials
    found += [f"model of {text}" for text in _apart(first, second, alone)]
    trials = both.trials()
    common = trials[trials["side"] == "both"]
    known = common[(common["config_a"] != "{}") & (common["config_b"] != "{}")]
    for (dataset, label), rows in known.groupby(["dataset", "model"], sort=False):
        configs = (json.loads(rows[name].iloc[0]) for name in ("config_a", "config_b"))
        found += [f"{label} on {dataset}: {text}" for text in _apart(*configs)]
    made = _apart(both.a.environment, both.b.environment, ALWAYS_NEW)
    found += [f"environment: {text}" for text in made]
    return found or ["plan, configurations and environment: no difference"]


def _models(results: Results) -> dict[str, object]:
    """Label -> MODEL or MODEL@PRESET, as in the plan."""
    return {
        str(entry["label"]): "@".join(str(entry[k]) for k in ("model", "preset") if entry.get(k))
        for entry in results.experiment["contestants"]
    }


def _apart(a: dict[str, object], b: dict[str, object], skipped: tuple[str, ...] = ()) -> list[str]:
    names = [name for name in {**a, **b} if name not in skipped and a.get(name) != b.get(name)]
    return [f"{name} {_told(a, name)} -> {_told(b, name)}" for name in names]


def _told(values: dict[str, object], name: str) -> str:
    value = values.get(name)
    if name not in values:
        return "absent"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def coverage(both: Both) -> list[str]:
    """Which trials are in both folders, whether they were matched, and how they ended."""
    trials = both.trials()
    common = trials[trials["side"] == "both"]
    found = [f"trials: {len(common)} in both"]
    for side, name in (("left_only", "A"), ("right_only", "B")):
        alone = trials[trials["side"] == side]
        if len(alone):
            found[0] += f", {len(alone)} only in {name} ({_names(alone)})"
    other = ended_otherwise(common)
    ends = other["status_a"].astype(str) + " -> " + other["status_b"].astype(str)
    for was, rows in other.groupby(ends):
        found.append(f"ended otherwise: {was} ({_names(rows)})")
    begun = common[(common["config_hash_a"] != "") & (common["config_hash_b"] != "")]
    same = begun["config_hash_a"] == begun["config_hash_b"]
    found.append(f"configuration: equal by its hash in {same.sum()} of {len(begun)} trials")
    return [*found, _streams(common)]


def _streams(common: pd.DataFrame) -> str:
    """Were the trials matched across the folders? By the hashes of what streams drew first."""
    known = common[(common["streams_a"] != "{}") & (common["streams_b"] != "{}")]
    apart: dict[str, int] = {}
    for trial in known.itertuples():
        a, b = json.loads(str(trial.streams_a)), json.loads(str(trial.streams_b))
        for stream in sorted(name for name in {**a, **b} if a.get(name) != b.get(name)):
            apart[stream] = apart.get(stream, 0) + 1
    if not apart:
        return f"streams: equal by the hashes of their first draws in {len(known)} trials"
    listed = ", ".join(f"{stream} in {n}" for stream, n in apart.items())
    return f"streams: not matched across the folders, of {len(known)} trials differ {listed}"


def _names(trials: pd.DataFrame, most: int = 12) -> str:
    named = [f"{t.dataset} {t.model} s{t.seed}" for t in trials.head(most).itertuples()]
    return ", ".join(named) + f" and {len(trials) - most} more" * (len(trials) > most)
