"""Several results folders become one: the parts that `bench run --shard` has trained."""

import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..environment import PACKAGES
from ..errors import Damaged, InputError
from ..planning.growing import PROTOCOL_FIELDS, joined, plan_of
from ..planning.plan import Plan
from .layout import SCALE_COLUMNS, ResultsFolder
from .results import Left, Results, left_in
from .state import COMPLETE, images_held, readable_facts
from .writing import write_experiment, write_parquet

SAME = ("python", *PACKAGES, "commit", "diff")  # of environment.json: what all parts must share
Key = tuple[str, str, int]


def merge(folders: Sequence[Path], out: Path) -> list[str]:
    """Write the trials of results folders into the new folder `out`; returns lines on what it did.

    A trial that several folders hold must have ended with the same rows in all that have ended it;
    of one that has not ended, the attempt that got furthest is kept, to go on from. Damaged trials
    are left out and named. Raises InputError, before anything is written, for plans, versions or
    trials that contradict each other.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already: name a new folder with --out")
    plan = merged_plan(folders)
    environment = merged_environment(folders)
    told: list[str] = []
    chosen = dict(choices(folders, told))
    scale = merged_scale(folders)
    building = out.with_name(f".{out.name}.merging")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        for key, folder in chosen.items():
            source = ResultsFolder(folder).trial_folder(*key)
            target = building / "trials" / key[0] / key[1] / f"s{key[2]}"
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))
        if len(scale):
            write_parquet(building / "scale.parquet", scale)
        write_experiment(building, plan.as_dict(), environment)
        if out.exists():
            out.rmdir()
        building.rename(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    trials = len(ResultsFolder(out).keys)
    return [f"{out}: {len(chosen)} of {trials} trials, from {len(folders)} folders", *told]


def merged_plan(folders: Sequence[Path]) -> Plan:
    """The plan of all folders; raises InputError where two contradict each other."""
    first, *others = [(folder, _plan(folder)) for folder in folders]
    whole = first[1]
    for folder, plan in others:
        for name in (*PROTOCOL_FIELDS, "accepted", "looks", "margin", "probes"):
            one, other = getattr(whole, name), getattr(plan, name)
            if one != other:
                raise InputError(f"{first[0]} was made with {name} {one}, {folder} with {other}")
        known = {c.label: replace(c, seeds=None) for c in whole.contestants}
        for contestant in plan.contestants:
            mine = known.get(contestant.label, replace(contestant, seeds=None))
            for name in ("model", "preset", "values"):
                one, other = getattr(mine, name), getattr(contestant, name)
                if one != other:
                    raise InputError(
                        f"{contestant.label} has {name} {one} in {first[0]}, {other} in {folder}"
                    )
        whole = joined(whole, plan)
    return whole


def merged_environment(folders: Sequence[Path]) -> dict[str, Any]:
    """The first folder's; raises InputError where another was made with other versions or code."""
    first, *others = [(f, readable_facts(f / "environment.json")) for f in folders]
    for folder, found in others:
        for name in SAME:
            one, other = first[1].get(name), found.get(name)
            if one != other:
                raise InputError(
                    f"{first[0]} was made with {name} {one}, {folder} with {other}: "
                    "their trials may differ by that"
                )
    return first[1]


def choices(folders: Sequence[Path], told: list[str]) -> Iterator[tuple[Key, Path]]:
    """Each trial that one of the folders holds, and the folder that it is taken from."""
    holding: defaultdict[Key, dict[Path, Left]] = defaultdict(dict)
    damaged: dict[Key, str] = {}
    for folder in folders:
        results = ResultsFolder(folder)
        for key in results.keys:
            if not results.trial_folder(*key).is_dir():
                continue
            try:
                holding[key][folder] = left_in(results.trial_folder(*key), key)
            except Damaged as why:
                damaged[key] = f"{_name(key)} of {folder} is left out: {why}"
    for key in damaged.keys() | holding.keys():
        if not holding.get(key):
            told.append(damaged[key])
            continue
        yield key, _chosen(key, holding[key])


def _chosen(key: Key, found: Mapping[Path, Left]) -> Path:
    """The folder that a trial is taken from; raises InputError where two contradict each other."""
    hashes = {folder: left.facts.get("config_hash", "") for folder, left in found.items()}
    first, *others = [folder for folder in found if hashes[folder]] or list(found)
    for other in others:
        if hashes[other] != hashes[first]:
            raise InputError(
                f"{_name(key)} has another configuration in {first} than in {other}: "
                f"{_fields(key, first, other)}"
            )
    ended = {f: left for f, left in found.items() if left.facts["status"] in COMPLETE}
    if not ended:
        order = list(found)

        def far(folder: Path) -> tuple[bool, int, int]:
            images = images_held(ResultsFolder(folder).trial_folder(*key))
            return bool(found[folder].facts["status"] != "waiting"), images, -order.index(folder)

        return max(found, key=far)
    first, *others = ended
    for other in others:
        if why := _differs(ended[first], ended[other]):
            raise InputError(f"{_name(key)} ended in {first} and in {other}, and {why}")
    return first


def _fields(key: Key, one: Path, other: Path) -> str:
    """In what two records of a trial differ, in words."""
    both = [
        readable_facts(ResultsFolder(f).trial_folder(*key) / "trial.json") for f in (one, other)
    ]
    flat = [{**facts, **facts.get("config", {})} for facts in both]
    names = [n for n in {**flat[0], **flat[1]} if flat[0].get(n) != flat[1].get(n)]
    names = [name for name in names if name not in ("config", "config_hash", "sha256", "failures")]
    return "; ".join(f"{name} {flat[0].get(name)}, {flat[1].get(name)}" for name in names)


def _differs(one: Left, other: Left) -> str:
    """What two records of an ended trial do not share, in words; empty if they are equal.

    Seconds may differ, and what hangs on them.
    """
    statuses = one.facts["status"], other.facts["status"]
    if statuses[0] != statuses[1]:
        return f"it {statuses[0]} in one and {statuses[1]} in the other"
    for name in ("evaluations", "curves"):
        first, second = (_timeless(left, name) for left in (one, other))
        if len(first) != len(second):
            return f"its {name} have {len(first)} rows and {len(second)}"
        same = (first == second) | (first.isna() & second.isna())
        if not same.all(axis=None):
            row = int((~same.all(axis=1)).to_numpy().argmax())
            at = f"{first['metric'][row]} at {first['images'][row]:,} images"
            return f"its {at} is {first['value'][row]:.6g} and {second['value'][row]:.6g}"
    return ""


def _timeless(left: Left, name: str) -> pd.DataFrame:
    frame = left.tables[name].to_pandas()
    kept = ~frame["metric"].astype(str).str.startswith("cost/")
    return frame[kept].drop(columns=["seconds"]).reset_index(drop=True)


def merged_scale(folders: Sequence[Path]) -> pd.DataFrame:
    """The scales of all folders; of a data set and extractor that several have, the first's."""
    found: dict[tuple[str, str], pd.DataFrame] = {}
    for folder in folders:
        frame = Results(folder).scale
        for key, rows in frame.groupby(["dataset", "features"], sort=False):
            found.setdefault(key, rows)
    return pd.concat(found.values()) if found else pd.DataFrame(columns=SCALE_COLUMNS)


def _plan(folder: Path) -> Plan:
    ResultsFolder(folder)  # raises InputError where it is none
    plan = plan_of(folder)
    assert plan is not None
    return plan


def _name(key: Key) -> str:
    return f"{key[0]} {key[1]} s{key[2]}"
