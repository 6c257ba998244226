"""Alarms: a network that collapses, a game that diverges. Fixed rules on the recorded rows.

Each looks at rows up to its own only: a resumed trial, or one whose budget is raised, has the
events that it would have had. An alarm is a reason to look, not a verdict.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

COLLAPSED = 0.25  # of the diversity of real samples: below it fakes are nearly one
RECOVERED = 0.5  # of it: above it an alarm is over, and the next may come
START = 500  # steps that a generator gets to become diverse at all
GROWN = 30.0  # times the running median, and beyond everything before
WINDOW = 50  # rows that the median runs over
ENOUGH = 20  # rows before a median means anything
WATCHED = (
    *("loss/discriminator", "loss/generator"),
    *("grad_norm/discriminator", "grad_norm/generator"),
)
DIVERSITY = ("diversity/fake", "diversity/real")
KINDS = ("collapse", "divergence")
Event = dict[str, Any]  # step (of the generator), images, kind, text


def alarms(rows: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events in the rows of one trial's curves, in the order of training."""
    curves: dict[str, list[tuple[int, int, float]]] = {}
    for row in rows:
        if (name := row["metric"]) in (*WATCHED, *DIVERSITY):
            place = int(row["images"]), int(row["generator_steps"])
            # As it is on disk: a trial that is gone on with reads its rows from there.
            curves.setdefault(name, []).append((*place, float(np.float32(row["value"]))))
    found: list[Event] = []
    fake, real = ({p[0]: p for p in curves.get(name, [])} for name in DIVERSITY)
    both = [images for images in fake if images in real]
    columns = [fake[at][2] for at in both], [real[at][2] for at in both]
    for i in collapses(*columns, [fake[at][1] for at in both]):
        share = fake[both[i]][2] / real[both[i]][2]
        text = f"two fake samples are {share:.0%} as far apart as two real ones"
        found.append(event(*fake[both[i]][:2], "collapse", text))
    for name in WATCHED:
        values = [value for _, _, value in curves.get(name, [])]
        for i, median in divergences(values):
            text = f"{name} is {abs(values[i]):.3g}, {abs(values[i]) / median:.0f} times its median"
            found.append(event(*curves[name][i][:2], "divergence", text))
    return sorted(found, key=lambda event: event["images"])


def collapses(fake: Sequence[float], real: Sequence[float], steps: Sequence[int]) -> list[int]:
    """Where an alarm is raised: the places at which fakes have become nearly one.

    fake, real: [n] mean distances between two samples; steps: [n] of the generator. An alarm is
    raised where their ratio is below COLLAPSED, once it has been RECOVERED or START steps are
    past; again only after it has been RECOVERED. Two distant modes left of many are not caught:
    the metric `modes` sees those.
    """
    found: list[int] = []
    armed = False
    for i, (distance, whole, step) in enumerate(zip(fake, real, steps, strict=True)):
        if distance >= RECOVERED * whole or (step >= START and not found):
            armed = True
        if armed and distance < COLLAPSED * whole:
            found.append(i)
            armed = False
    return found


def divergences(values: Sequence[float]) -> list[tuple[int, float]]:
    """Where an alarm is raised, and the running median there: (place, median).

    values: [n] of one loss or gradient norm. An alarm is raised where |value| is over GROWN times
    the median of the WINDOW before it, of ENOUGH at least, and over all before it; again only
    after it has been below that multiple.
    """
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    found: list[tuple[int, float]] = []
    armed, largest = True, 0.0
    for i, size in enumerate(sizes):
        before = sizes[max(0, i - WINDOW) : i]
        median = float(np.median(before)) if len(before) >= ENOUGH else 0.0
        high = bool(0 < GROWN * median < size)
        if high and armed and size > largest:
            found.append((i, median))
        armed, largest = not high, max(largest, float(size))
    return found


def event(images: int, step: int, kind: str, text: str) -> Event:
    return {"step": step, "images": images, "kind": kind, "text": text}


def counted(events: Sequence[Event]) -> dict[str, int]:
    """How many alarms of each kind there were, for the table of trials."""
    return {f"{kind}_alarms": sum(e["kind"] == kind for e in events) for kind in KINDS}
