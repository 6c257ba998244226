"""When a run will have ended, from what its trials have told so far."""

from collections.abc import Sequence
from typing import Any

from ..records.state import images_held
from .reading import OVER, Seen

EARLY = 0.05  # of its budget: before, a running trial's rate is mostly its first evaluation


def trained(trial: Seen) -> int:
    """The images that a trial has trained on, or goes on from."""
    if trial.status == "interrupted":
        return images_held(trial.folder)
    return 0 if trial.status == "damaged" else int(trial.facts.get("images", 0))


def budget(trial: Seen) -> int:
    """The images that it has to train on."""
    return int(trial.facts.get("total") or trial.facts.get("planned") or 0)


def seconds_left(trials: Sequence[Seen]) -> float | None:
    """What is left to train, with as many trials at a time as run now; None if no rate is known.

    A contestant's rate is that of its finished trials, else of a running one, else the mean of the
    other contestants'. The report is not counted.
    """
    left = [trial for trial in trials if trial.status not in OVER]
    known: dict[tuple[str, str], list[float]] = {}
    for wanted in ("finished", "running"):
        found: dict[tuple[str, str], list[float]] = {}
        for trial in trials:
            rate = _rate(trial.facts) if trial.status == wanted else None
            if rate is not None:
                found.setdefault(trial.key[:2], []).append(rate)
        known = found | known  # a finished trial's rate goes before a running one's
    if not left:
        return 0.0
    if not known:
        return None
    rates = {name: sum(found) / len(found) for name, found in known.items()}
    mean = sum(rates.values()) / len(rates)
    each = [rates.get(t.key[:2], mean) * max(budget(t) - trained(t), 0) for t in left]
    jobs = max(1, sum(trial.status == "running" for trial in left))
    return max(sum(each) / jobs, *each)


def _rate(facts: dict[str, Any]) -> float | None:
    """Seconds an image, with evaluations; None of a trial that does not show it."""
    images, evaluating = facts.get("images", 0), facts.get("evaluating_seconds", 0.0)
    if facts["status"] == "finished":
        if not images or facts.get("resumed"):
            return None
        return float((facts["seconds"] + evaluating + facts.get("probing_seconds", 0.0)) / images)
    speed = facts.get("images_per_second", 0)
    if not speed or images < EARLY * facts.get("total", 0):
        return None
    return float(1 / speed + evaluating / images)
