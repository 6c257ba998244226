"""What a check found, and the lines that a terminal shows of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import click

from ..errors import printable

Outcome = Literal["ok", "warning", "failed", "skipped"]
SEVERITY: tuple[Outcome, ...] = ("skipped", "ok", "warning", "failed")
Found = tuple[Outcome, str]  # an outcome, and in a few words what was seen
OK: Found = ("ok", "")
COLOURS: dict[Outcome, str] = {"ok": "green", "warning": "yellow", "failed": "red"}


@dataclass(frozen=True)
class Check:
    """One thing to look at, and what to do where it is not as it should be."""

    look: Callable[..., Found]
    remedy: str


@dataclass(frozen=True)
class Verdict:
    """What one check found."""

    name: str
    outcome: Outcome
    note: str = ""
    remedy: str = ""

    def lines(self) -> Iterator[str]:
        """A line; where something is wrong, one more with the remedy."""
        mark = click.style(f"{self.outcome:<9}", fg=COLOURS.get(self.outcome))
        yield f"  {mark}{self.name:<16}{printable(self.note)}".rstrip()
        if self.wrong and self.remedy:
            yield f"  {'':<25}{self.remedy}"

    @property
    def wrong(self) -> bool:
        return self.outcome in ("warning", "failed")


def judge(name: str, check: Check, *subject: Any) -> Verdict:
    """The verdict of one check; what it raises is a failure with its reason.

    A check that has nothing else to say repeats its rule, the first line of its docstring.
    """
    try:
        outcome, note = check.look(*subject)
    except Exception as error:  # whatever a model or a machine does, the other checks go on
        outcome, note = "failed", f"{type(error).__name__}: {error}".partition("\n")[0]
    rule = (check.look.__doc__ or "").partition("\n")[0].rstrip(".")
    return Verdict(name, outcome, note or rule, check.remedy)


def tell(verdicts: Iterable[Verdict], say: Callable[[str], object]) -> bool:
    """Say each verdict as it is reached. False if one is a failure."""
    well = True
    for verdict in verdicts:
        for line in verdict.lines():
            say(line)
        well &= verdict.outcome != "failed"
    return well
