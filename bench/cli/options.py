"""Types of what the commands take: paths of one line, and numbers that are finite."""

import math
import os
import unicodedata
from pathlib import Path
from typing import Any

import click

from ..errors import shown
from ..planning.published import published

# Categories of Unicode: control characters, and separators of lines and of paragraphs. Other
# characters that do not print (a wide space, half a surrogate pair) do occur in names of files.
CONTROL = {"Cc", "Zl", "Zp"}


live_option = click.option(
    "--live",
    is_flag=True,
    help="Serve the page while it trains, for browsers on this machine alone; see bench serve.",
)


class PathOption(click.Path):
    """A path; refuses an empty one, and control characters, which are a slip or an attack."""

    def __init__(self, path_type: type = Path, **rules: bool) -> None:
        super().__init__(path_type=path_type, **rules)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        text = str(value)
        if not text:
            self.fail("the path is empty", param, ctx)
        if any(unicodedata.category(character) in CONTROL for character in text):
            self.fail(f"{shown(text)} has control characters: no path needs them", param, ctx)
        return super().convert(value, param, ctx)


class PlanOption(PathOption):
    """A plan in a TOML file; a published one, experiments/NAME.toml, is found anywhere."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        text = str(value)
        if text and not os.path.exists(text):
            value = published(text) or value
        return super().convert(value, param, ctx)


class FiniteNumber(click.FloatRange):
    """A number in a range; refuses `nan` and `inf`, which lie in no range."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is not a finite number", param, ctx)
        return number
