"""What a claim is: who says what, and how recorded rows are asked whether it holds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .evidence import Evidence, Run, Study, joined
from .rule import Effects, Finding, Region, decided

NOTES = "the lecture notes"
WGAN = "Arjovsky et al. 2017, arXiv:1701.07875"
WGANGP = "Gulrajani et al. 2017, arXiv:1704.00028"
Measure = Callable[[Any], Effects | None]  # of a Run or a Study; None where it has no such rows


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One part of a claim, its source, its rule and the function that measures it."""

    number: int
    part: str = ""
    statement: str
    source: str
    needs: str  # what a folder must hold, the same for all parts of a claim
    rule: str  # what is measured, and where the claim says that it lies, in words
    claimed: Region  # the same, as numbers
    measure: Measure
    of: type[Run] | type[Study] = Run  # what `measure` takes
    cannot_support: str = ""  # why the effects can contradict the claim and never support it

    def judge(self, evidence: Evidence) -> Finding | None:
        """The finding; None where the evidence has nothing that the claim is about."""
        effects = self.measure(evidence)
        if effects is None:
            return None
        found = decided(effects, self.claimed)
        if self.cannot_support and found.verdict == "supported":
            note = joined(found.note, self.cannot_support)
            return replace(found, verdict="cannot tell", note=note)
        return found
