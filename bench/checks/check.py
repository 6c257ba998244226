"""A check, its result, and the lines that a terminal shows of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import click

from ..errors import InputError, printable

Outcome = Literal["ok", "warning", "failed", "skipped"]
SEVERITY: tuple[Outcome, ...] = ("skipped", "ok", "warning", "failed")
Found = tuple[Outcome, str]  # the outcome, and in a few words what was seen
OK: Found = ("ok", "")
COLOURS: dict[Outcome, str] = {"ok": "green", "warning": "yellow", "failed": "red"}


@dataclass(frozen=True)
class CheckResult:
    """What one check found."""

    name: str
    outcome: Outcome
    note: str = ""
    remedy: str = ""

    def lines(self) -> Iterator[str]:
        """One line, and where something is wrong another one with the remedy."""
        mark = click.style(f"{self.outcome:<9}", fg=COLOURS.get(self.outcome))
        yield f"  {mark}{self.name:<16}{printable(self.note)}".rstrip()
        if self.wrong and self.remedy:
            yield f"  {'':<25}{self.remedy}"

    @property
    def wrong(self) -> bool:
        """Whether there is something to remedy."""
        return self.outcome in ("warning", "failed")


@dataclass(frozen=True)
class Check:
    """A rule, as a function that tests it, and what to do if it is broken."""

    look: Callable[..., Found]
    remedy: str

    def run(self, name: str, *subject: Any) -> CheckResult:
        """The result for a subject: a model's Case, a Repeat, or nothing for this machine.

        An exception is a failure with its message as the note. An empty note becomes the rule
        itself, the first line of the function's docstring.
        """
        try:
            outcome, note = self.look(*subject)
        except Exception as error:  # whatever a model or a machine does, the other checks go on
            text = (
                str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            )
            outcome, note = "failed", text.partition("\n")[0]
        rule = (self.look.__doc__ or "").partition("\n")[0].rstrip(".")
        return CheckResult(name, outcome, note or rule, self.remedy)


def report(results: Iterable[CheckResult], say: Callable[[str], object]) -> bool:
    """Say each result as soon as it is there. False if a check failed."""
    well = True
    for result in results:
        for line in result.lines():
            say(line)
        well &= result.outcome != "failed"
    return well
