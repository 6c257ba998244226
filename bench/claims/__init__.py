"""What papers and lectures say, put to the test on recorded rows: *supported*, *contradicted* or
*cannot tell*, by a rule that was fixed beforehand.
"""

from bench.claims.claim import Claim
from bench.claims.deciding import LEVEL, Finding, Region, decided
from bench.claims.judging import COLUMNS, Evidence, evidence_in, judged, looked_at, missing, runs_of
from bench.claims.register import CLAIMS, NEEDS
from bench.claims.rows import Contestant, Probe, Run

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
