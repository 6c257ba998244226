"""The phases of a command: each is shown while it lasts. Without torch, which takes seconds."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def phase(console: Console, name: str) -> Iterator[None]:
    """A context that shows what the command does: with its seconds, or as a line in a log."""
    if not console.is_terminal:
        console.print(f"{name} ..", markup=False, highlight=False, soft_wrap=True)
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as shown:
        shown.add_task(name, total=None)
        yield
