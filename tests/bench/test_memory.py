"""Two hundred trials in one run: no process grows."""

from pathlib import Path

import pytest

from ..soak import memory

TRIALS = 200
GROWTH = 1.05  # of the most memory, from the second quarter of the trials to the last


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_memory_stays_flat(tmp_path: Path, jobs: int) -> None:
    found = memory.looks(tmp_path / "r", TRIALS, jobs)
    for who in ("parent", "worker") if jobs > 1 else ("parent",):
        early, late = memory.grown(found, who, TRIALS)
        assert late < GROWTH * early, f"{who}: {early:.0f} MB, then {late:.0f} MB"
