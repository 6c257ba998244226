"""What papers and lectures say, put to the test on recorded rows: *supported*, *contradicted* or
*cannot tell*, by a rule that was fixed beforehand.
"""

from .claim import Claim
from .evidence import Contestant, Evidence, Run, Study
from .judging import COLUMNS, evidence_in, judged, looked_at, missing, runs_of
from .register import CLAIMS, NEEDS
from .rule import LEVEL, Effects, Finding, Region, decided

__all__ = [
    "CLAIMS",
    "COLUMNS",
    "LEVEL",
    "NEEDS",
    "Claim",
    "Contestant",
    "Effects",
    "Evidence",
    "Finding",
    "Region",
    "Run",
    "Study",
    "decided",
    "evidence_in",
    "judged",
    "looked_at",
    "missing",
    "runs_of",
]
