"""`bench serve`: the page of a results folder, finished or while it trains."""

from contextlib import suppress
from pathlib import Path

import click

from .errors import one_line_errors, say
from .options import PathOption


@click.command()
@click.argument("folder", type=PathOption(), metavar="DIR")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="The port on 127.0.0.1.  [default: the first free one from 8000 on]",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@one_line_errors
def serve(folder: Path, port: int | None, open_page: bool) -> None:
    """Show the page of a results folder in a browser, also while another terminal trains it.

    While the folder trains, the page shows curves, newest samples, what runs, how much is left, and
    the verdict after each look, without reloading; once it has finished, its report. Only this
    machine can reach the server, which only reads. Ctrl-C ends it.

    \b
    bench serve results/mnist5k-256k --open
    """
    from ..live.page import is_of_this_version
    from ..live.serving import require_packages, serve
    from ..records.layout import ResultsFolder

    require_packages("bench serve")
    root = ResultsFolder(folder).path
    report = root / "report.html"
    if report.exists() and not is_of_this_version(report):
        say(
            f"{report} is of another version, whose script is not run here: it is shown without; "
            f"`bench report {root}` writes it again"
        )
    with suppress(KeyboardInterrupt):  # how a server is ended
        serve(root, port, open_page, lambda address: say(f"{root}: {address} (Ctrl-C ends it)"))
    say("no longer served")
