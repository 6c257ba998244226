"""`bench verify`: trains trials of a results folder again and compares them with their record.

On the recorded processor and versions every bit must be equal. Elsewhere sums are rounded
differently, and training amplifies that: then the random numbers must be equal, the untrained
generator must score the same up to rounding, and the final metric must be one that another seed
could have.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gan_zoo.catalog import unknown

from ..datasets import primary_metric
from ..environment import BITS, environment
from ..errors import InputError
from ..generators.load import recorded_trial, require_trusted
from ..planning.flags import available
from ..planning.hyperparameters import resolve
from ..planning.trial import Trial
from ..records.results import Results
from ..records.state import facts_in
from ..tables.protocol import final
from ..training.attempt import run_trial
from .check import report
from .repeated_trial import ALIKE, SAME, Repeat

Say = Callable[[str], object]


def verify(
    folder: Path,
    wanted: int | None,
    key: str | None,
    tolerance: float | None,
    trust_code: bool,
    say: Say,
) -> bool:
    """Train finished trials again: the trial `key`, or the `wanted` cheapest ones (None: all).

    tolerance: relative, of the final metric, instead of equal bits. False if a trial is not
    reproduced. trust_code: run code that the folder names and that is not part of gan-bench.
    Raises InputError if a trial cannot be trained here.
    """
    results = Results(folder)
    costs = seconds(results)
    if not costs:
        raise InputError(f"{folder} holds no finished trial to verify")
    if key and key not in costs:
        raise InputError(unknown("finished trial", key, costs))
    keys = [key] if key else sorted(costs, key=costs.__getitem__)[:wanted]
    say(f"{folder}: {len(keys)} of {len(costs)} finished trials{'' if key else ', cheapest first'}")
    trials = {key: repeatable_trial(results, key, trust_code) for key in keys}
    well = [verify_one(results, t, costs[key], tolerance, say) for key, t in trials.items()]
    say(f"{sum(well)} of {len(well)} reproduced")
    return all(well)


def seconds(results: Results) -> dict[str, float]:
    """Key of each finished trial -> its recorded seconds of training and evaluation."""
    done = results.trials[results.trials["status"] == "finished"]
    took = done[[c for c in ("seconds", "evaluating_seconds") if c in done]].sum(axis=1)
    keys = done["dataset"] + "/" + done["model"] + "/s" + done["seed"].astype(str)
    return dict(zip(keys, took, strict=True))


def repeatable_trial(results: Results, key: str, trust_code: bool = False) -> Trial:
    """The recorded trial. Raises InputError if this version would train another one."""
    trial = recorded_trial(results, key)
    facts = facts_in(results.path / "trials" / key / "trial.json")
    if trial.config_hash != facts.get("config_hash"):
        raise InputError(f"{key} was recorded by a version that configures trials differently")
    require_trusted(trial, results.path, trust_code, trains=True)
    resolve(trial.label, trial.model, None, trial.config)
    available(trial.device)
    return trial


def verify_one(
    results: Results, trial: Trial, took: float, tolerance: float | None, say: Say
) -> bool:
    """Train one trial in a temporary folder and compare it. False if it is not reproduced."""
    say(f"{trial.key}: training it again; it took {took:,.0f} s when it was recorded")
    exact, why = bits_expected(results.environment, environment(), trial.device, tolerance)
    say(f"  expected {'bit for bit' if exact else 'alike, not bit for bit'}: {why}")
    with tempfile.TemporaryDirectory() as again:
        status, reason = run_trial(trial, Path(again))
        well = status == "finished"
        if well:
            there, here = (root / "trials" / trial.key for root in (results.path, Path(again)))
            ends = np.array([]) if exact else spread(results, trial)
            repeat = Repeat(there, here, primary_metric(trial.dataset), ends, tolerance)
            checks = SAME if exact else ALIKE
            well = report((check.run(name, repeat) for name, check in checks.items()), say)
        else:
            say(f"  here it is {status}: {reason}")
    how = "bit for bit" if exact else "alike (not compared bit for bit)"
    say(f"{trial.key}: {f'reproduced, {how}' if well else 'not reproduced'}")
    return well


def spread(results: Results, trial: Trial) -> NDArray[np.float64]:
    """[seeds] the final primary metric of every finished trial of the contestant."""
    try:
        ends = final(results, primary_metric(trial.dataset), trial.dataset)
    except ValueError as error:  # measured under two protocols
        raise InputError(f"{results.path}: {error}") from error
    return np.asarray(ends.loc[ends["model"] == trial.label, "value"], dtype=float)


def bits_expected(
    there: dict[str, Any], here: dict[str, Any], device: str, tolerance: float | None
) -> tuple[bool, str]:
    """Whether equal bits are expected, and why or why not.

    there, here: the recorded environment and this one.
    """
    if tolerance is not None:
        return False, f"a tolerance of {tolerance:g} was asked for"
    if device != "cpu":
        return False, f"kernels on {device} may sum in another order each time"
    other = [name for name in BITS if name in there and there[name] != here[name]]
    if other:
        return False, "; ".join(f"{name} {there[name]} there, {here[name]} here" for name in other)
    why = "processor and versions are the recorded ones"
    if missing := [name for name in BITS if name not in there]:
        why += f" (the record does not name {', '.join(missing)})"
    if (commit := there.get("commit")) != here["commit"]:
        why += f"; the code differs: commit {str(commit)[:10]} there, {here['commit'][:10]} here"
    return True, why
