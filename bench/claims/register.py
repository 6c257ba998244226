"""The claims, each with its source, its decision rule and its function: fixed before the runs.

A row of results is a part of a claim on one data set. Every margin is in the two files of claims,
and none was moved after a run that it judges.
"""

from . import claims_of_samples as samples
from . import claims_of_training as train
from . import training, tuning
from .claim import Claim

NEEDS: dict[int, str] = {  # what a folder must hold, for the line that says what is missing
    1: "gan and wgan or wgangp on points with modes",
    2: "gan and dcgan on images",
    3: "wgan, and wgangp with the probe weights/edge",
    4: "wgan and wgangp",
    5: "wgangp, with the probes slope/between/mean and lipschitz/max",
    6: f"gan, wgan or wgangp with {training.POINTS} evaluations or more",
    7: "a folder of `bench probe vanishing`",
    8: "gan or dcgan with the probes output/real and output/fake",
    9: "cgan on images with labels, or on a mixture",
    10: "images, and a final memorisation",
    11: "a folder of `bench probe depth`",
    12: "wgangp, and the same with discriminator_norm = batch",
    13: "wgan and the same with clip = inf, or wgangp and the same with penalty = 0",
    14: "gan and wgan or wgangp",
    15: "wgangp, and the same with discriminator_steps 1 and 2",
    16: f"{tuning.MODELS} models or more with the same {tuning.RATES} or more multiples of their "
    "learning rates, the middle one their usual",
}
CLAIMS: tuple[Claim, ...] = (
    *(*samples.modes(), samples.BEATS, *train.edges(), samples.SLOWS, *train.slopes()),
    *(*train.tracking(), *train.vanishing(), *train.undecided(), *samples.labels()),
    *(*samples.memorised(), *train.depth(), samples.NORM, *train.explosions()),
    *(*train.oscillations(), *samples.steps(), *samples.rankings()),
)
