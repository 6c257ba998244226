"""A part of a plan for each job of a job array, told by the plan alone."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import InputError, shown
from .stacks import units
from .trial import Trial


class Shard(NamedTuple):
    """A part, counted from 1, of so many."""

    part: int
    parts: int

    @classmethod
    def parsed(cls, text: str) -> "Shard":
        """Of "2/8"; raises InputError."""
        found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard is i/n with i from 1 to n, such as 2/8, not {shown(text)}")
        return cls(int(found[1]), int(found[2]))

    def of(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials of this part, in their order; those of one stack stay together.

        Units of one contestant are dealt out one after the other, so that each part has its share
        of the slow ones.
        """
        dealt = sorted(units(trials), key=lambda unit: (unit[0].dataset, unit[0].label))
        own = {trial.key for unit in dealt[self.part - 1 :: self.parts] for trial in unit}
        if not own:
            raise InputError(
                f"--shard {self.part}/{self.parts}: the plan has {len(dealt)} parts at most"
            )
        return [trial for trial in trials if trial.key in own]
