"""`bench lecture`: the ideas of the lectures, each computed and drawn."""

from pathlib import Path

import click

from ..errors import require
from ..lectures import TOPICS
from .errors import format_option, one_line_errors, say
from .options import PathOption


@click.command()
@click.argument("topic", required=False, metavar="[TOPIC]")
@click.option(
    "--out",
    type=PathOption(file_okay=False),
    metavar="DIR",
    default=Path("results/lectures"),
    show_default=True,
    help="Where the picture goes, as TOPIC.png.",
)
@format_option
@one_line_errors
def lecture(topic: str | None, out: Path, wanted: str) -> None:
    """An idea of the lectures as numbers and one picture. Without TOPIC: the list of topics.

    Where the notes print a number it stands beside ours. Nothing is trained: what needs a trained
    GAN is read from the published results.

    \b
    bench lecture information
    bench lecture transport --out pictures
    """
    if topic is None:
        for known, text in TOPICS.items():
            click.echo(f"{known:<16}{text}")
        return
    require(topic, TOPICS, "topic")
    from importlib import import_module

    from rich.console import Console

    from ..files import write_bytes
    from ..formats import show
    from ..plots.theme import DPI, pixels

    lesson = import_module(f"..lectures.{topic}", __package__).lesson()
    show(lesson.table, wanted, Console(highlight=False))
    path = out / f"{topic}.png"
    write_bytes(path, pixels(lesson.draw(), DPI))
    if wanted == "table":
        for sentence in lesson.says:
            say(sentence)
        say(f"Picture: {path}")
