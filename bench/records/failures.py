"""Where a trial failed: the place in the user's own file, read from the recorded traceback."""

import re
from pathlib import Path
from typing import Any

FRAME = re.compile(r'^  File "(.+)", line (\d+), in ', re.MULTILINE)
OURS = ("bench", "gan_zoo")
HERE = Path(__file__).parents[2]
INSTALLED = re.compile(r"[\\/](site-packages|dist-packages|lib[\\/]python3[^\\/]*)[\\/]|^<")

PRINTED = "output.log"  # what a failed trial printed on a cluster


def place_of(traceback: str) -> str:
    """The last frame of a traceback that is in a user's own file, as "crash.py:12"; "" if none is.

    Not the user's own are files of this project, of Python and of installed packages.
    """
    found = [match for match in FRAME.findall(traceback) if _is_own(match[0])]
    return f"{Path(found[-1][0]).name}:{found[-1][1]}" if found else ""


def told(facts: dict[str, Any]) -> str:
    """Why a trial failed: "crash.py:12: 'Tensor' object has no attribute 'men'", or its reason.

    `facts` are those of status.json; the kind of error stays where its text is short.
    """
    reason, traceback = str(facts.get("reason", "")), facts.get("traceback")
    place = place_of(traceback) if isinstance(traceback, str) else ""
    if not place:
        return reason
    kind, _, text = reason.partition(": ")
    return f"{place}: {text if kind == 'AttributeError' and text else reason}"


def _is_own(file: str) -> bool:
    path = Path(file)
    if INSTALLED.search(file):
        return False
    return not any(path.is_relative_to(HERE / name) for name in OURS)
