"""What papers and lectures say, put to the test on recorded rows: *supported*, *contradicted* or
*cannot tell*, by a rule that was fixed beforehand.
"""

from .claim import Claim
from .deciding import LEVEL, Finding, Region, decided
from .judging import COLUMNS, Evidence, evidence_in, judged, looked_at, missing, runs_of
from .register import CLAIMS, NEEDS
from .rows import Contestant, Probe, Run

__all__ = [
    "CLAIMS",
    "COLUMNS",
    "LEVEL",
    "NEEDS",
    "Claim",
    "Contestant",
    "Evidence",
    "Finding",
    "Probe",
    "Region",
    "Run",
    "decided",
    "evidence_in",
    "judged",
    "looked_at",
    "missing",
    "runs_of",
]
