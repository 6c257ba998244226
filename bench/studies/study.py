"""One `bench probe NAME`: from settings to rows, plots and a short summary."""

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
from .folder import MARK, add, begin, merged, seeds_done, tables
from .registry import EXPERIMENTS
from .settings import Settings
from .workers import computed

Say = Callable[[str], None]


def probe(name: str, settings: Settings, root: Path, jobs_asked: str, say: Say) -> bool:
    """Compute the seeds that are missing, then draw. False if one failed.

    Raises InputError for a folder that cannot take them, KeyboardInterrupt with the command that
    goes on: a seed that is complete is kept.
    """
    jobs = jobs_for(jobs_asked, settings)
    merged(name, settings, root)  # an error before the folder is touched
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
            report(name, settings, root, say)
    for seed, error in failed.items():
        say(f"seed {seed} failed: {type(error).__name__}: {error}")
    return not failed


def _compute(
    name: str, settings: Settings, root: Path, todo: list[int], jobs: int, say: Say
) -> dict[int, Exception]:
    what = f"seeds {', '.join(map(str, todo))}" if settings.drawn else "no seeds"
    say(f"{name}: {what}; {settings.device}, {jobs} at a time, into {root}")
    console, failed = Console(highlight=False), {}
    look = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    bar = Progress(*look, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
    bar.disable = not console.is_terminal
    task = bar.add_task(name, total=len(todo))

    def watch(done: float) -> None:
        bar.update(task, completed=done)

    def last_words() -> None:
        console.show_cursor()

    with heeded(last_words, typed()), bar:
        for seed, found in computed(name, settings, todo, jobs, watch):
            if isinstance(found, Exception):
                failed[seed] = found
            else:
                add(name, settings, root, seed, found)
                if settings.drawn and not console.is_terminal:
                    say(f"seed {seed} done")
    return failed


def report(name: str, settings: Settings, root: Path, say: Say) -> None:
    """plots/ and summary.md, from the tables on disk."""
    found = tables(root)
    drawing = importlib.import_module(f"bench.studies.{name}_figures")
    for title, figure in drawing.figures(found, settings).items():
        theme.save(figure, root / "plots" / title)
    heads, rows = drawing.table(found, settings)
    entry = EXPERIMENTS[name]
    lines = [f"# bench probe {name}", "", f"{entry.help}; after {entry.source}.", ""]
    lines += [*plain(heads, rows), "", *drawing.notes(found, settings), ""]
    if settings.drawn and (missing := set(settings.seeds) - set(found["rows"]["seed"])):
        lines += [f"Asked for {len(settings.seeds)} seeds; {len(missing)} are missing.", ""]
    lines += [f"Again: `bench probe {name} settings.toml --out again`", ""]
    write_text(root / "summary.md", "\n".join(lines))
    say("\n".join(plain(heads, rows)))
    say(f"Plots: {root / 'plots'}; numbers: {root / 'summary.md'}")
