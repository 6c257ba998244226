"""How a run that Python started shows itself: bars in a notebook or terminal, lines in a log."""

import io
import logging
import sys
import warnings
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress

LOG = logging.getLogger("bench")
NOTE = "note: "  # what a line begins with that a user should see


class Outlet(NamedTuple):
    """Where a run shows its progress."""

    console: Console
    bars: type[Progress] | None


def outlet(progress: bool) -> Outlet:
    """Bars below a notebook's cell, or in a terminal on standard error; else the log alone."""
    if progress and _in_notebook():
        return Outlet(_log(), NotebookBars)
    if progress and sys.stderr is not None and sys.stderr.isatty():
        return Outlet(Console(stderr=True, highlight=False), None)
    return Outlet(_log(), None)


def tell(text: str) -> None:
    """Notes become warnings; what else `bench run` prints goes to the log "bench", as INFO."""
    for line in text.split("\n"):
        if line.startswith(NOTE):
            warn(line.removeprefix(NOTE))
        elif line:
            LOG.info("%s", line)


def warn(text: str) -> None:
    """A warning at the line that called into gan-bench."""
    frame, depth = sys._getframe(), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("bench."):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, stacklevel=depth)


class NotebookBars(Progress):
    """A progress display in the output of a notebook's cell, where the saved file keeps it.

    It needs IPython alone: rich's own, which is made of widgets, is empty when a notebook is read
    without its kernel.
    """

    _handle: Any = None

    def start(self) -> None:
        from IPython.display import display

        self._handle = display(self._table(), display_id=True)

    def stop(self) -> None:
        self.refresh()
        self._handle = None

    def refresh(self) -> None:
        if self._handle is not None:
            self._handle.update(self._table())

    def _table(self) -> Any:
        return self.make_tasks_table(self.tasks)


class _Log(io.TextIOBase):
    """A file whose lines go to the log."""

    def write(self, text: str) -> int:
        for line in filter(str.strip, text.split("\n")):
            LOG.info("%s", line.rstrip())
        return len(text)


def _log() -> Console:
    return Console(file=_Log(), force_terminal=False, force_jupyter=False, width=1000)  # type: ignore[arg-type]


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell else None
    return found is not None and hasattr(found, "kernel")
