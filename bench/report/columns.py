"""What stands beside the primary metric in a table, and what has to be said of it."""

from collections.abc import Iterable

from ..metrics import METRICS

CAVEAT = {  # primary metric -> what its numbers cannot be compared with
    "fid": "FID under another extractor or number of samples is another quantity: these values "
    "stand beside each other, not beside published ones.",
    "emd": "EMD is in the unit of the plane and falls with the number of samples: these values "
    "stand beside each other and beside their floor, not beside those of other data sets.",
}
SECONDARY = {  # primary metric -> what a terminal shows beside it
    "fid": ("kid", "modes", "label_accuracy"),
    "emd": ("high_quality", "modes", "mode_kl"),
}
COLUMNS = {  # primary metric -> what the page's table has beside it
    "fid": (
        *("kid", "precision", "recall", "modes"),
        *("mode_kl", "label_accuracy", "memorisation"),
    ),
    "emd": ("high_quality", "modes", "mode_kl", "label_accuracy"),
}
NOTES = {  # primary metric -> what those columns say
    "fid": "FID, KID and mode KL: lower is better. Precision (samples that look real) and recall "
    "(real images that the samples reach): higher is better. IQM (interquartile mean) from 8 seeds "
    "on. † handed its labels: not comparable.",
    "emd": "EMD and mode KL: lower is better. High quality: the share of the samples within three "
    "sigma of a mode, 0.989 for true samples. Mode KL is near 0 for a blob around the centre too: "
    "look at both. IQM (interquartile mean) from 8 seeds on. † handed its labels: not comparable.",
}
COPYING = (  # what the table's column `memorisation` says, where there is one
    "§ data-copying statistic: near 0 like held-out images, strongly negative copies training "
    "images, strongly positive stays away from them."
)


def with_own(columns: tuple[str, ...], metrics: Iterable[str]) -> tuple[str, ...]:
    """Columns, and after them the metrics that are a user's own."""
    return (*columns, *(name for name in metrics if name not in METRICS))
