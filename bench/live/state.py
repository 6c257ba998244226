"""What the live page is told of a folder: what runs, how far it is, what was seen and said."""

import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import printable
from ..planning.growing import command
from ..plots.colours import colours, on_dark
from ..records.failures import told
from .curves import charts, stamp
from .ending import budget, seconds_left, trained
from .reading import OVER, Folder, Seen
from .verdicts import covers, verdicts

SETTLED = 10.0  # seconds after a report until a folder counts as ended: another look may follow


class Live:
    """A folder as its page shows it."""

    def __init__(self, root: Path, goes_on: bool | None = None) -> None:
        """goes_on: does the run that this page belongs to? None of a page that belongs to none."""
        self.folder = Folder(root)
        self.goes_on = goes_on

    def ended(self) -> bool:
        """Is all of it trained, and reported since?"""
        return self._state(self.folder.trials()) == "ended"

    def state(self) -> dict[str, Any]:
        """All that the page shows but the charts; `charts` changes when they do."""
        trials = self.folder.trials()
        total = sum(map(budget, trials))
        state = self._state(trials)
        return {
            "state": state,
            "name": self.folder.root.resolve().name,
            "again": command(self.folder.root) if state == "stopped" else "",
            "counts": dict(Counter(trial.status for trial in trials)),
            "share": sum(map(_done, trials)) / total if total else 0.0,
            "left": seconds_left(trials) if state == "training" else None,
            "palette": _palette(trials),
            "trials": [_trial(trial) for trial in trials],
            "verdicts": verdicts(self.folder, trials),
            "report": self.folder.stamp(self.folder.root / "report.html") is not None,
            "samples": self._samples(trials),
            "charts": f"{hash(stamp(self.folder, trials)) & (2**64 - 1):x}",
        }

    def charts(self) -> dict[str, Any]:
        """Data set -> figure -> chart, as `bench.report.charts` describes them."""
        trials = self.folder.trials()
        now = stamp(self.folder, trials)
        return self.folder.kept("charts", now, lambda: charts(self.folder, trials))

    def _state(self, trials: list[Seen]) -> str:
        """preparing, training, reporting, stopped or ended."""
        busy = self.goes_on if self.goes_on is not None else self.folder.written()
        if not trials:
            return "preparing" if busy else "stopped"
        if any(trial.status == "running" for trial in trials):
            return "training"
        if any(trial.status not in OVER for trial in trials):
            return "training" if busy else "stopped"
        report = self.folder.stamp(self.folder.root / "report.html")
        newest = max(trial.ended for trial in trials)
        if report is None or (report[0] / 1e9 < newest and not covers(self.folder, trials)):
            return "reporting" if busy else "stopped"
        settled = self.goes_on is False or time.time() - report[0] / 1e9 > SETTLED
        return "ended" if settled and not busy else "reporting"

    def _samples(self, trials: list[Seen]) -> list[dict[str, Any]]:
        """The newest picture of each contestant and data set."""
        newest: dict[tuple[str, str], tuple[float, Seen, Path]] = {}
        for trial in trials:
            found = self._last_picture(trial)
            if found is None:
                continue
            name, (at, path) = trial.key[:2], found
            if name not in newest or at > newest[name][0]:
                newest[name] = (at, trial, path)
        root = self.folder.root
        return [
            {
                **dict(zip(("dataset", "model", "seed"), trial.key, strict=True)),
                "images": int(path.stem),
                "source": f"{quote(path.relative_to(root).as_posix())}?{at:.0f}",
            }
            for at, trial, path in newest.values()
        ]

    def _last_picture(self, trial: Seen) -> tuple[float, Path] | None:
        place = trial.folder / "samples"

        def read() -> tuple[float, Path] | None:
            there = [path for path in place.glob("*.png") if path.stem.isdecimal()]
            path = max(there, default=None)
            found = self.folder.stamp(path) if path else None
            return (found[0] / 1e9, path) if found and path else None

        stamped = self.folder.stamp(place)
        return self.folder.kept(("picture", trial.key), stamped, read) if stamped else None


def _done(trial: Seen) -> int:
    return budget(trial) if trial.status in OVER else min(trained(trial), budget(trial))


def _palette(trials: list[Seen]) -> dict[str, list[str]]:
    labels = list(dict.fromkeys(trial.key[1] for trial in trials))
    return {label: [colour, on_dark(colour)] for label, colour in colours(labels).items()}


def _trial(trial: Seen) -> dict[str, Any]:
    facts = trial.facts
    found = dict(zip(("dataset", "model", "seed"), trial.key, strict=True))
    found |= {"status": trial.status, "images": trained(trial), "total": budget(trial)}
    if trial.status == "running":
        found |= {
            "phase": facts.get("phase", "training"),
            "rate": facts.get("images_per_second", 0),
            "measured": facts.get("measured", ""),
        }
    reason = printable(told(facts))
    return found | ({"reason": reason} if reason and trial.status != "finished" else {})
