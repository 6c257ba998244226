"""What a claim is; and who said it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .deciding import Finding
from .evidence import Run, Study

NOTES = "the lecture notes"
CLIPPED = "Arjovsky et al. 2017, arXiv:1701.07875"
PENALISED = "Gulrajani et al. 2017, arXiv:1704.00028"
FIRST = "Goodfellow et al. 2014, arXiv:1406.2661"
VANISHING = "Arjovsky & Bottou 2017, arXiv:1701.04862"
DEEP = "Radford et al. 2015, arXiv:1511.06434"
TOLD = "Mirza & Osindero 2014, arXiv:1411.1784"
EQUAL = "Lucic et al. 2018, arXiv:1711.10337"
Judge = Callable[[Any], Finding | None]


@dataclass(frozen=True)
class Claim:
    """One part of a claim, and the function that judges it: None where it has nothing to look at.

    rule: what is looked at, and on which side of which margin the claim lies.
    """

    number: int
    part: str
    statement: str
    source: str
    rule: str
    judge: Judge  # of what `of` is
    of: type[Run] | type[Study] = Run
