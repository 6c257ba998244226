"""Statistics for few seeds: intervals, tests, families of tests, power.

Functions take arrays and return numbers or small frozen records. Values are final scores, one for
each seed; pairs have the same seed. Differences are a - b in the unit of the score. p-values are
two-sided unless stated otherwise.
"""

from .apart import compare_middle, left_out, lie_apart
from .best_of import BestOf, best_of
from .intervals import (
    Interval,
    interquartile_mean,
    mean_interval,
    median_interval,
    paired_difference,
    prediction_interval,
    sign_flip_interval,
)
from .joint import Region, prediction_region
from .layout import MOST as MOST_SEEDS
from .layout import (
    Comparison,
    compare_all,
    detectable_difference,
    pairs_of,
    seeds_for,
    variances_of,
)
from .looks import Decision, Look, decide, looks
from .noise import Part, noise_parts
from .power import detectable, least_p, seeds_for_power, seeds_to_attain
from .runs import (
    performance_profile,
    probability_of_improvement,
    signed_ranks,
    variance_removed_by_pairing,
    with_failures,
)
from .testing import Equivalence, Told, equivalence, holm, sign_flip_test, sign_test, told

__all__ = [
    "MOST_SEEDS",
    "BestOf",
    "Comparison",
    "Decision",
    "Equivalence",
    "Interval",
    "Look",
    "Part",
    "Region",
    "Told",
    "best_of",
    "compare_all",
    "compare_middle",
    "decide",
    "detectable",
    "detectable_difference",
    "equivalence",
    "holm",
    "interquartile_mean",
    "least_p",
    "left_out",
    "lie_apart",
    "looks",
    "mean_interval",
    "median_interval",
    "noise_parts",
    "paired_difference",
    "pairs_of",
    "performance_profile",
    "prediction_interval",
    "prediction_region",
    "probability_of_improvement",
    "seeds_for",
    "seeds_for_power",
    "seeds_to_attain",
    "sign_flip_interval",
    "sign_flip_test",
    "sign_test",
    "signed_ranks",
    "told",
    "variance_removed_by_pairing",
    "variances_of",
    "with_failures",
]
