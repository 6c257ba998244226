"""Whether a run in bf16 is worth it: measured before it trains."""

from collections.abc import Callable, Iterable

import torch

from ..checks.bf16 import SECONDS, step_seconds
from ..datasets.dataset import load_dataset
from ..errors import InputError
from ..planning.plan import Plan
from ..planning.trial import Trial
from ..words import number


def require_gain(
    plan: Plan, trials: Iterable[Trial], insisted: bool, say: Callable[[str], None]
) -> None:
    """Say how fast each contestant trains in bf16; raises InputError if all of it gains nothing."""
    first: dict[str, Trial] = {}
    for trial in trials:
        if not trial.unsuited:
            first.setdefault(trial.label, trial)
    before = torch.get_num_threads()
    torch.set_num_threads(plan.threads)
    try:
        took = {
            label: step_seconds(
                *plan.resolved[label],
                load_dataset(trial.source, trial.size).spec,
                plan.device,
                plan.batch_size,
                SECONDS / len(first),
            )
            for label, trial in first.items()
        }
    finally:
        torch.set_num_threads(before)
    if not took:
        return
    each = ", ".join(f"{label} {number(fp32 / bf16, 2)}" for label, (fp32, bf16) in took.items())
    told = f"bf16, measured here, trains so many times as fast as fp32: {each}"
    whole = sum(fp32 for fp32, _ in took.values()) / sum(bf16 for _, bf16 in took.values())
    if whole < 1 and not insisted:
        raise InputError(f"{told}; keep --precision fp32, or insist with --precision bf16!")
    say(told)
