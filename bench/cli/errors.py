"""What every command shares: an error is one line, and printed names cannot harm a terminal."""

import atexit
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from gan_zoo.catalog import unknown

from ..errors import DiskError, InputError, printable
from ..interrupts import end, leave, typed

LONGEST = 1000  # characters of an error


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Wrong input ends with one line and exit code 2, a disk error with 1, Ctrl-C with 130."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except InputError as error:
            fail(str(error), 2)
        except DiskError as error:
            fail(str(error), 1)
        except BrokenPipeError:
            # The reader has seen enough (`| head`): flush nothing more to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            fail(f"{error.strerror or error}: {error.filename or 'the results folder'}", 1)
        except KeyboardInterrupt as interrupt:
            atexit._run_exitfuncs()  # gives back what workers shared
            leave(str(interrupt) or typed())

    return guarded


def fail(message: str, code: int) -> None:
    line = " ".join(printable(message).split())
    click.echo(f"bench: {line[:LONGEST]}{'...' * (len(line) > LONGEST)}", err=True)
    sys.exit(code)


def say(text: str) -> None:
    """Print lines that may hold names from a user."""
    for line in text.split("\n"):
        click.echo(printable(line))


# Commands whose table another program may read have it.
format_option = click.option(
    "--format",
    "wanted",
    type=click.Choice(["table", "markdown", "csv", "latex"]),
    default="table",
    show_default=True,
    help="csv has all columns and plain numbers; latex takes the package booktabs.",
)


# For commands that build a model which a folder names.
trust_option = click.option(
    "--trust-code",
    is_flag=True,
    help="Run code that DIR names and that is not part of gan-bench.",
)


class OneLine(click.Group):
    """Commands whose usage errors are one line too."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(unknown("command", args[0], self.list_commands(ctx)))
        return super().resolve_command(ctx, args)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """As the whole of a process, which it ends."""
        try:
            code = self.main(*args, **kwargs)  # what `--help` and the like end with
        except SystemExit as asked:
            code = asked.code
        end(code or 0)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except click.ClickException as error:
            fail(error.format_message(), error.exit_code)
        except click.Abort:
            fail("interrupted", 130)
