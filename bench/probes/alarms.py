"""Alarms of collapse and of divergence, raised by fixed rules from the rows of the curves.

A rule looks only at rows up to the alarm's own. So a trial that is resumed, or whose budget is
raised, has the same alarms as one that trains without a break. An alarm is a reason to look at the
trial, not a verdict.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

COLLAPSED = 0.25  # ratio of diversities, fake to real, below which the fakes have collapsed
RECOVERED = 0.5  # ratio from which on they have recovered, and the next alarm may come
START = 500  # generator steps until fakes have to be diverse
GROWN = 30.0  # times the running median: a divergence
WINDOW = 50  # rows of the running median
ENOUGH = 20  # rows without which there is no median
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
        if is_watched(name := row["metric"]) or name in DIVERSITY:
            place = int(row["images"]), int(row["generator_steps"])
            # As float32, since a resumed trial reads its rows from disk.
            curves.setdefault(name, []).append((*place, float(np.float32(row["value"]))))
    found: list[Event] = []
    fake, real = ({p[0]: p for p in curves.get(name, [])} for name in DIVERSITY)
    both = [images for images in fake if images in real]
    distances = [fake[at][2] for at in both], [real[at][2] for at in both]
    for i in collapses(*distances, [fake[at][1] for at in both]):
        share = fake[both[i]][2] / real[both[i]][2]
        text = f"two fake samples are {share:.0%} as far apart as two real ones"
        found.append(event(*fake[both[i]][:2], "collapse", text))
    for name in [*WATCHED, *(name for name in curves if name not in (*WATCHED, *DIVERSITY))]:
        values = [value for _, _, value in curves.get(name, [])]
        for i, median in divergences(values):
            text = f"{name} is {abs(values[i]):.3g}, {abs(values[i]) / median:.0f} times its median"
            found.append(event(*curves[name][i][:2], "divergence", text))
    return sorted(found, key=lambda event: event["images"])


def is_watched(name: str) -> bool:
    """Is it the loss or the gradient norm of a whole network?"""
    return name.count("/") == 1 and name.startswith(("loss/", "grad_norm/"))


def collapses(fake: Sequence[float], real: Sequence[float], steps: Sequence[int]) -> list[int]:
    """The rows at which the fakes have collapsed: nearly all of them are the same.

    fake, real: [n] mean distances between two samples; steps: [n] of the generator. An alarm is
    raised where the ratio fake / real falls below COLLAPSED. The first needs a ratio of RECOVERED
    before it, or START steps; every further one a ratio of RECOVERED since the last. If only two
    distant modes of many are left, no alarm is raised: the metric `modes` shows that.
    """
    found: list[int] = []
    armed = False
    for i, (of_fakes, of_real, step) in enumerate(zip(fake, real, steps, strict=True)):
        if of_fakes >= RECOVERED * of_real or (step >= START and not found):
            armed = True
        if armed and of_fakes < COLLAPSED * of_real:
            found.append(i)
            armed = False
    return found


def divergences(values: Sequence[float]) -> list[tuple[int, float]]:
    """The rows at which a loss or gradient norm diverges, each with the running median there.

    values: [n] of one loss or gradient norm. An alarm is raised where |value| is above GROWN times
    the median of the last WINDOW rows before it (at least ENOUGH) and above all rows before it. The
    next alarm needs a row below that multiple in between.
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
