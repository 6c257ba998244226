"""All claims, in the order of their rows. No margin was moved after a run that it judges.

A new claim stands in the file of its subject, with its measure, and has one row here.
"""

from . import critics, gradients, losses, samples, tuning
from .claim import Claim

CLAIMS: tuple[Claim, ...] = (
    *samples.MODES,
    samples.DCGAN,
    *critics.WEIGHTS,
    samples.CLIPPING,
    *critics.SLOPES,
    *losses.TRACKING,
    *gradients.VANISHING,
    *critics.OUTPUTS,
    *samples.LABELS,
    *samples.MEMORISED,
    *gradients.DEPTH,
    samples.BATCH_NORM,
    *critics.EXPLOSION,
    *losses.OSCILLATION,
    *samples.CRITIC_STEPS,
    *tuning.RANKINGS,
)
NEEDS: dict[int, str] = {claim.number: claim.needs for claim in CLAIMS}
