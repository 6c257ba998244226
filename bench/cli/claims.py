"""The command that puts the papers' claims to the test."""

from pathlib import Path

import click

from ..errors import InputError
from ..extensions import entry_points
from .errors import format_option, one_line_errors, say, trust_option
from .options import PathOption


@click.command()
@click.argument(
    "named",
    nargs=-1,
    required=True,
    type=PathOption(path_type=str),
    metavar="DIR... [FILE.py:NAME]...",
)
@click.option(
    "--out",
    type=PathOption(file_okay=False),
    metavar="DIR",
    help="Where claims.csv, claims.md and claims.png go.  [default: the only DIR]",
)
@format_option
@trust_option
@one_line_errors
def claims(named: tuple[str, ...], out: Path | None, wanted: str, trust_code: bool) -> None:
    """Test what papers say on recorded runs.

    DIR is a results folder, a folder of `bench study`, or one that holds such folders. Each of
    sixteen claims has a source and a rule that was fixed beforehand, and comes out as supported,
    contradicted or cannot tell. A claim of your own is named as file.py:Name or
    package.module:Name.

    \b
    bench claims results/reference-claims
    bench claims results/mine results/study-vanishing --out results/mine
    bench claims results/mine mine.py:MyClaim
    """
    own, folders = sorted_out(named)
    if not folders:
        raise InputError("name a folder to judge: bench claims DIR mine.py:MyClaim")
    if out is None and len(folders) > 1:
        raise InputError("with several folders, name the one to write to with --out DIR")
    target = out or folders[0]
    from rich.console import Console

    from ..claims import evidence_in, judged, text
    from ..files import write_text
    from ..formats import show, spreadsheet
    from ..plots.claims import board
    from ..plots.theme import save
    from ..report.own import all_claims, own_parts, resolved

    evidence, left = evidence_in(folders), list[str]()
    found = own_parts(target, resolved(own), trust_code, left.append, kinds=("claim",))
    table = judged(evidence, claims=all_claims(found))
    write_text(target / "claims.csv", spreadsheet(table))
    write_text(target / "claims.md", text.markdown(table))
    save(board(table), target / "claims")
    show(text.board(table), wanted, Console(highlight=False))
    if wanted == "table":
        for line in left:
            say(line)
        say(text.tally(table))
        if absent := text.unspoken(table):
            say(absent)
        say(f"Rules, sources, runs: {target / 'claims.md'}; picture: {target / 'claims.png'}")


def sorted_out(named: tuple[str, ...]) -> tuple[list[str], list[Path]]:
    """Claims of one's own, and folders: what is no file is a folder, or an entry point."""
    points = entry_points("claim") if any(not Path(name).exists() for name in named) else {}
    own = [
        n
        for n in named
        if n.endswith(".py") or (not Path(n).exists() and (":" in n or n in points))
    ]
    return own, [Path(name).expanduser() for name in named if name not in own]
