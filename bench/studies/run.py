"""One `bench study NAME`: from settings to tables, plots and a summary."""

import importlib
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..files import write_text
from ..formats import plain
from ..interrupts import heeded, typed
from ..planning.flags import jobs_for
from ..plots import theme
from ..training.runner import locked
from . import STUDIES
from .folder import MARK, add_seed, begin, merged, read_tables, seeds_done
from .settings import Settings
from .workers import compute

Say = Callable[[str], None]


def run_study(name: str, settings: Settings, root: Path, jobs_asked: str, say: Say) -> bool:
    """Compute the seeds that the folder lacks, then draw all of them. False if a seed failed.

    Raises InputError if the folder cannot take them, and KeyboardInterrupt with the command that
    resumes: complete seeds are kept.
    """
    jobs = jobs_for(jobs_asked, settings)
    merged(name, settings, root)  # raises before the folder is touched
    with locked(root, MARK):
        settings = merged(name, settings, root)
        todo = sorted(set(settings.seeds) - seeds_done(settings, root))
        failed = {}
        if todo:
            begin(name, settings, root)
            failed = _compute(name, settings, root, todo, min(jobs, len(todo)), say)
        else:
            say(f"{root} has all its rows: only the plots and the summary are made again")
        if seeds_done(settings, root):
            _report(name, settings, root, say)
    for seed, error in failed.items():
        say(f"seed {seed} failed: {type(error).__name__}: {error}")
    return not failed


def _compute(
    name: str, settings: Settings, root: Path, todo: list[int], jobs: int, say: Say
) -> dict[int, Exception]:
    """Compute seeds and add each to the folder; returns the error of each seed that failed."""
    what = f"seeds {', '.join(map(str, todo))}" if settings.seeded else "no seeds"
    say(f"{name}: {what}; {settings.device}, {jobs} at a time, into {root}")
    console, failed = Console(highlight=False), {}
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
    bar.disable = not console.is_terminal
    task = bar.add_task(name, total=len(todo))

    def watch(done: float) -> None:
        bar.update(task, completed=done)

    def last_words() -> None:
        console.show_cursor()

    with heeded(last_words, typed()), bar:
        for seed, found in compute(name, settings, todo, jobs, watch):
            if isinstance(found, Exception):
                failed[seed] = found
            else:
                add_seed(name, settings, root, seed, found)
                if settings.seeded and not console.is_terminal:
                    say(f"seed {seed} done")
    return failed


def _report(name: str, settings: Settings, root: Path, say: Say) -> None:
    """Write plots/ and summary.md from the tables on disk."""
    found = read_tables(root)
    drawing = importlib.import_module(f"bench.studies.{name}_figures")
    for title, figure in drawing.figures(found, settings).items():
        theme.save(figure, root / "plots" / title)
    heads, rows = drawing.table(found, settings)
    entry = STUDIES[name]
    lines = [f"# bench study {name}", "", f"{entry.help}; after {entry.source}.", ""]
    lines += [*plain(heads, rows), "", *drawing.notes(found, settings), ""]
    if settings.seeded and (missing := set(settings.seeds) - set(found["rows"]["seed"])):
        lines += [f"Asked for {len(settings.seeds)} seeds; {len(missing)} are missing.", ""]
    lines += [f"Again: `bench study {name} settings.toml --out again`", ""]
    write_text(root / "summary.md", "\n".join(lines))
    say("\n".join(plain(heads, rows)))
    say(f"Plots: {root / 'plots'}; numbers: {root / 'summary.md'}")
