"""`bench merge`: parts of a plan become one folder, with its page."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from ..errors import InputError
from ..records.layout import ResultsFolder
from ..records.merging import merge
from ..report.rebuild import rebuild
from ..training.runner import locked


def merge_and_report(folders: Sequence[Path], out: Path, say: Callable[[str], None]) -> None:
    """Merge folders that no run holds, then report. Raises InputError as `merge` does."""
    own = {folder.resolve() for folder in folders}
    if len(own) < len(folders):
        raise InputError("a folder is named twice")
    with ExitStack() as held:
        for folder in folders:
            ResultsFolder(folder)  # raises InputError before a lock is made in another's folder
            held.enter_context(locked(folder))
        lines = merge(folders, out)
    for line in lines:
        say(line)
    with locked(out):
        rebuild(out, say)
