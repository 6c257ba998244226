"""A report: tables, figures and one self-contained page, written from the records alone."""

from collections.abc import Callable, Collection
from pathlib import Path

from ..analysis import Analysis
from ..files import write_text
from ..formats import spreadsheet
from ..plots.figures import write_plots
from ..records.derived import write_digests
from ..records.drawn import unchanged, write_drawn
from ..records.results import Results, write_index
from ..tables.protocol import datasets
from . import exports, terminal
from .own import Own, analysed, own_parts
from .page import page


def rebuild(
    root: Path, say: Callable[[str], None], named: Collection[str] = (), trust_code: bool = False
) -> None:
    """Index, tables, plots and page of a results folder; `say` is told the summary.

    named: figures and claims of the user's own; those that the folder names run if they are named
    or trusted. Raises InputError.
    """
    results, left = Results(root), list[str]()
    own = own_parts(root, named, trust_code, left.append)
    write_index(results)
    write_report(results, own, left.append)
    write_digests(root)
    say((root / "summary.md").read_text(encoding="utf-8"))
    if results.damaged:
        say(f"Left out, since damaged: {'; '.join(results.damaged)}")
    for line in left:
        say(line)
    say(f"The page: {root / 'report.html'}")


def write_report(
    results: Results, own: Own | None = None, say: Callable[[str], None] = lambda line: None
) -> None:
    """summary and comparisons (.csv, .tex), claims.csv, summary.md, report.md, plots/, report.html.

    Each is written to a temporary name and renamed, so that a reader never meets half a file. The
    figures of a data set whose records are those that they were drawn from stay as they are. `say`
    is told what of `own` cannot be shown.
    """
    analysis = analysed(Analysis(results), own or Own(), say)
    for name in ("summary", "comparisons", "claims"):
        write_text(results.path / f"{name}.csv", spreadsheet(getattr(analysis, name)))
    write_text(results.path / "summary.md", terminal.text_of(analysis))
    write_text(results.path / "summary.tex", exports.summary_tex(analysis))
    write_text(results.path / "comparisons.tex", exports.comparisons_tex(analysis))
    names = datasets(results)
    drawn = unchanged(results.path, names)
    figures = write_plots(analysis.matched_seeds, results.path / "plots", drawn)
    write_drawn(results.path, names)
    write_text(results.path / "report.md", exports.markdown(analysis, figures))
    write_text(results.path / "report.html", page(analysis, figures))
