"""What `bench run` shows while it works: a live table, or plain lines without a terminal."""

import time
from collections import defaultdict
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ..errors import printable
from ..planning.trial import Trial
from ..records.state import readable_facts
from ..training.executors import Outcome

REFRESH = 0.5  # seconds between two looks at what the trials have written
COLOURS = {"finished": "green", "diverged": "yellow", "failed": "red"}


class LiveDisplay:
    """Shows trials done, the rate of each that runs, and the time left. A context manager.

    It reads the trials' progress.json, so worker processes are shown like this one.
    """

    def __init__(self, console: Console, root: Path, trials: list[Trial], done: int, jobs: int):
        self._console, self._root, self._jobs = console, root, jobs
        self._total, self._done = len(trials) + done, done
        self._waiting = {trial.key: trial for trial in trials}
        self._running: dict[str, TaskID] = {}
        self._seconds_per_image: defaultdict[str, list[float]] = defaultdict(list)
        self._began: dict[str, float] = {}
        self._stop, self._progress = Event(), None
        if console.is_terminal:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TextColumn("{task.fields[note]}"),
                console=console,
            )
            self._overall = self._progress.add_task(
                "all trials", total=sum(t.images for t in trials) or 1, note=""
            )

    def __enter__(self) -> "LiveDisplay":
        if self._progress:
            self._progress.start()
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
            self._progress.stop()

    def started(self, trial: Trial) -> None:
        self._began[trial.key] = time.monotonic()
        if self._progress:
            self._running[trial.key] = self._progress.add_task(
                f"{trial.label} s{trial.seed}", total=trial.images, note=""
            )

    def ended(self, trial: Trial, outcome: Outcome) -> None:
        status, reason = outcome
        took = time.monotonic() - self._began.get(trial.key, time.monotonic())
        resumed = readable_facts(self._root / "trials" / trial.key / "status.json").get("resumed")
        self._waiting.pop(trial.key, None)
        self._done += 1
        if status == "finished" and not resumed:  # a resumed one took the time of a part
            self._seconds_per_image[trial.label].append(took / trial.images)
        self._remove_bar(trial)
        rate = f" in {took:.0f} s ({trial.images / took:,.0f} images/s)" if took > 0 else ""
        if resumed:
            rate = f" in {took:.0f} s; {'; '.join(resumed)}"
        left = self._time_left({})
        self._say(
            f"[{self._done}/{self._total}] {trial.dataset} {trial.label} s{trial.seed} "
            f"{status}{rate if status == 'finished' else ''}{f': {reason}' if reason else ''}"
            f"{f', {left} left' if left and not self._progress else ''}",
            status,
        )

    def retried(self, trial: Trial, outcome: Outcome) -> None:
        status, reason = outcome
        self._remove_bar(trial)
        line = f"{trial.dataset} {trial.label} s{trial.seed} {status}, tried again: {reason}"
        self._say(line, status)

    def _remove_bar(self, trial: Trial) -> None:
        if self._progress and trial.key in self._running:
            self._progress.remove_task(self._running.pop(trial.key))

    def _say(self, line: str, status: str) -> None:
        colour = COLOURS.get(status, "dim")
        self._console.print(
            printable(line), style=colour, markup=False, highlight=False, soft_wrap=True
        )

    def _watch(self) -> None:
        """Reads how far each running trial is, until the end."""
        assert self._progress is not None
        while not self._stop.wait(REFRESH):
            images = {}
            for key, task in list(self._running.items()):
                now = readable_facts(self._root / "trials" / key / "progress.json")
                images[key] = now.get("images", 0)
                rate = now.get("images_per_second", 0)
                note = f"{rate:,.0f} images/s" if rate else "starting"
                self._progress.update(task, completed=images[key], note=note)
            left = sum(trial.images for trial in self._waiting.values()) - sum(images.values())
            total = self._progress.tasks[0].total or 0
            self._progress.update(
                self._overall,
                completed=total - left,
                note=f"{self._done}/{self._total} trials, {self._time_left(images) or '?'} left",
            )

    def _time_left(self, images: dict[str, int]) -> str:
        """From what an image costs each contestant, where that is known."""
        costs = {k: sum(v) / len(v) for k, v in self._seconds_per_image.items()}
        for key, trained in images.items():
            trial = self._waiting.get(key)
            if trial and trained and trial.label not in costs:
                costs[trial.label] = (time.monotonic() - self._began[key]) / trained
        if not costs:
            return ""
        mean = sum(costs.values()) / len(costs)
        seconds = sum(
            (trial.images - images.get(key, 0)) * costs.get(trial.label, mean)
            for key, trial in self._waiting.items()
        )
        minutes, seconds = divmod(round(seconds / self._jobs), 60)
        return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
