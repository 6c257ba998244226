"""The command that puts the papers' claims to the test."""

from pathlib import Path

import click

from ..errors import InputError
from .errors import format_option, one_line_errors, say
from .options import PathOption


@click.command()
@click.argument("folders", nargs=-1, required=True, type=PathOption(), metavar="DIR...")
@click.option(
    "--out",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help="Where claims.csv, claims.md, claims.png and .svg go.  [default: the only DIR]",
)
@format_option
@one_line_errors
def claims(folders: tuple[Path, ...], out: Path | None, wanted: str) -> None:
    """Put what the papers say to the test on recorded runs.

    DIR is a results folder, a folder of `bench study`, or one that holds such folders. Each of
    sixteen claims has a source and a rule that was fixed beforehand, and comes out as supported,
    contradicted or cannot tell.

    \b
    bench claims results/reference-claims
    bench claims results/mine results/study-vanishing --out results/mine
    """
    if out is None and len(folders) > 1:
        raise InputError("with several folders, name the one to write to with --out DIR")
    target = out or folders[0]
    from rich.console import Console

    from ..claims import evidence_in, judged, text
    from ..files import write_text
    from ..formats import show, spreadsheet
    from ..plots.claims import board
    from ..plots.theme import save

    table = judged(evidence_in(folders))
    write_text(target / "claims.csv", spreadsheet(table))
    write_text(target / "claims.md", text.markdown(table))
    save(board(table), target / "claims")
    show(text.board(table), wanted, Console(highlight=False))
    if wanted == "table":
        say(text.tally(table))
        if absent := text.unspoken(table):
            say(absent)
        say(f"Rules, sources, runs: {target / 'claims.md'}; picture: {target / 'claims.png'}")
