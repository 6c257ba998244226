"""What `bench run` shows while it works: a live table, or plain lines without a terminal."""

import time
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ..errors import printable
from ..planning.trial import Trial
from ..records.failures import told
from ..records.state import images_held, readable_facts
from ..training.executors import Outcome
from ..words import duration
from .forecast import Forecast
from .status import traceback_command

REFRESH = 0.5  # seconds between two looks at what the trials have written
LINE = 60.0  # seconds between two lines on progress, at least, where there is no terminal
COLOURS = {"finished": "green", "diverged": "yellow", "failed": "red"}


class LiveDisplay:
    """Shows trials done, phase and rate of each that runs, and the time left. A context manager.

    It reads the trials' progress.json, so worker processes are shown like this one. Where there is
    no terminal, it prints a line after an evaluation, at most one a minute. `bars` are shown
    whatever the console is.
    """

    def __init__(
        self,
        console: Console,
        root: Path,
        trials: list[Trial],
        done: int,
        jobs: int,
        bars: type[Progress] | None = None,
    ) -> None:
        self._console, self._root, self._jobs = console, root, jobs
        self._total, self._done = len(trials) + done, done
        self._waiting = {trial.key: trial for trial in trials if not trial.unsuited}
        self._images = sum(trial.images for trial in self._waiting.values())
        self._held = {key: images_held(root / "trials" / key) for key in self._waiting}
        self._now: dict[str, dict[str, Any]] = {}  # progress of the trials that run
        self._began: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._stop, self._progress = Event(), None
        self._next_line = 0.0
        self._told: dict[str, str] = {}  # what the last line said of each trial
        self.forecast = Forecast(root, trials)
        if console.is_terminal or bars:
            self._progress = (bars or Progress)(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[note]}"),
                console=console,
            )
            self._overall = self._progress.add_task("all trials", total=self._images or 1, note="")

    def __enter__(self) -> "LiveDisplay":
        if self._progress:
            self._progress.start()
        elif self._waiting:
            held = f", {sum(self._held.values()):,} images of them are done"
            many = f"{len(self._waiting)} trial{'s' * (len(self._waiting) != 1)}"
            line = f"training {many}, {self._jobs} at a time"
            self._say(line + held * any(self._held.values()) + self._left(), "")
        Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._progress:
            self._show(self._progress)
            self._progress.stop()

    def started(self, trial: Trial) -> None:
        self._began[trial.key] = time.monotonic()
        self._now[trial.key] = {}
        if self._progress:
            self._tasks[trial.key] = self._progress.add_task(
                f"{trial.label} s{trial.seed}",
                total=trial.images,
                completed=self._held.get(trial.key, 0),
                note="starting",
            )

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        status, reason = outcome
        took = time.monotonic() - self._began.get(trial.key, time.monotonic())
        facts = readable_facts(self._root / "trials" / trial.key / "status.json")
        if status == "finished":
            self.forecast.learn(trial, facts, took)
        self._forget(trial)
        self._done += 1
        line = f"[{self._done}/{self._total}] {trial.dataset} {trial.label} s{trial.seed} {status}"
        if status == "finished":
            line += f": {spent(facts, took)}"
        elif status == "failed":
            line += f": {told({**facts, 'reason': reason})}"
            if facts.get("traceback"):
                line += f" (`{traceback_command(self._root, trial.label)}` prints all of it)"
        elif reason:
            line += f": {reason}"
        self._say(line + ("" if self._progress else self._left()), status)

    def retried(self, trial: Trial, outcome: Outcome) -> None:
        status, reason = outcome
        self._forget(trial, again=True)
        line = f"{trial.dataset} {trial.label} s{trial.seed} {status}, tried again: {reason}"
        self._say(line, status)

    def not_started(self, trial: Trial, failed: Trial) -> None:
        """A seed of a contestant whose code has failed."""
        self._forget(trial)
        self._done += 1
        self._say(
            f"[{self._done}/{self._total}] {trial.dataset} {trial.label} s{trial.seed} not "
            f"started, since s{failed.seed} failed in its code: mend that, then give the same "
            "command again",
            "failed",
        )

    def _forget(self, trial: Trial, again: bool = False) -> None:
        """Takes a trial that no longer runs out of the display."""
        self._now.pop(trial.key, None)
        if again:
            self._held[trial.key] = images_held(self._root / "trials" / trial.key)
        else:
            self._waiting.pop(trial.key, None)
        if self._progress and trial.key in self._tasks:
            self._progress.remove_task(self._tasks.pop(trial.key))

    def _say(self, line: str, status: str) -> None:
        style = COLOURS.get(status, "dim") if status else ""
        self._next_line = time.monotonic() + LINE
        self._console.print(
            printable(line), style=style, markup=False, highlight=False, soft_wrap=True
        )

    def _watch(self) -> None:
        """Reads how far each running trial is, until the end."""
        while not self._stop.wait(REFRESH):
            for key in list(self._now):
                self._now[key] = readable_facts(self._root / "trials" / key / "progress.json")
            if self._progress:
                self._show(self._progress)
            elif self._evaluated() and time.monotonic() >= self._next_line:
                self._say(self._line(), "")

    def _show(self, bars: Progress) -> None:
        for key, task in list(self._tasks.items()):
            now = self._now.get(key, {})
            rate, name = now.get("images_per_second", 0), now.get("phase", "starting")
            note = f"{rate:,.0f} images/s of training" if rate and name == "training" else name
            bars.update(task, completed=self._trained(key), note=note)
        note = f"{self._done}/{self._total} trials{'' if self._stop.is_set() else self._left()}"
        bars.update(self._overall, completed=self._images - self._images_left(), note=note)
        bars.refresh()

    def _evaluated(self) -> bool:
        """Has a running trial been evaluated since the last line?"""
        now = {key: found.get("measured", "") for key, found in list(self._now.items())}
        return any(text and self._told.get(key) != text for key, text in now.items())

    def _line(self) -> str:
        """How far the running trials are, for a log."""
        running = [
            f"{trial.label} s{trial.seed} {self._trained(key):,} of {trial.images:,} images"
            + (f" ({found['measured']})" if found.get("measured") else "")
            for key, found in list(self._now.items())
            if (trial := self._waiting.get(key))
        ]
        self._told = {key: found.get("measured", "") for key, found in list(self._now.items())}
        share = 1 - self._images_left() / (self._images or 1)
        done = f"{share:.0%}, {self._done}/{self._total} trials"
        return f"{done}; {', '.join(running)}{self._left()}"

    def _trained(self, key: str) -> int:
        return int(self._now.get(key, {}).get("images", self._held.get(key, 0)))

    def _images_left(self) -> int:
        return sum(t.images - self._trained(key) for key, t in list(self._waiting.items()))

    def _left(self) -> str:
        now = {key: dict(found) for key, found in list(self._now.items())}
        for key in list(self._waiting):
            now.setdefault(key, {}).setdefault("images", self._held.get(key, 0))
        seconds = self.forecast.seconds(list(self._waiting.values()), now, self._jobs)
        return "" if seconds is None else f", about {duration(seconds)} left with the report"


def spent(facts: dict[str, Any], took: float) -> str:
    """What the seconds of a finished trial went into, in words."""
    if resumed := facts.get("resumed"):
        return f"{took:.0f} s for the rest ({'; '.join(resumed)})"
    training, images = facts.get("seconds", 0.0), facts.get("images", 0)
    parts = [f"training {training:.1f} s"]
    if training > 0:
        parts[0] += f" ({images / training:,.0f} images/s)"
    if evaluating := facts.get("evaluating_seconds"):
        parts.append(f"evaluating {evaluating:.1f} s")
    return f"{', '.join(parts)}, the whole trial {took:.1f} s"
