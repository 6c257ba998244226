"""Runs with nothing to do, again and again: does each end as it should?"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from .kill import Run


def campaign(root: Path, count: int, say: Callable[[str], None]) -> Counter[str]:
    """How many runs were tried, and how many ended with another code than 0."""
    found = Counter(tried=0, wrong=0)
    assert Run(root, 1).wait() == 0
    for number in range(count):
        run = Run(root, 1 + number % 2)
        code = run.wait()
        found["tried"] += 1
        found["wrong"] += code != 0
        if code:
            say(f"start {number} ended with {code}: {run.log.read_text()[-500:]}")
    return found
