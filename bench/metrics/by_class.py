"""FID within each class: a conditional model can match the whole and miss its parts."""

from torch import Tensor

from .frechet import fid


def fid_within_classes(
    generated: Tensor, labels: Tensor, reference: Tensor, reference_labels: Tensor, classes: int
) -> float:
    """The mean over the classes of `fids_by_class`, each class with the same weight."""
    found = fids_by_class(generated, labels, reference, reference_labels, classes)
    return sum(found.values()) / classes


def fids_by_class(
    generated: Tensor, labels: Tensor, reference: Tensor, reference_labels: Tensor, classes: int
) -> dict[int, float]:
    """FID of the generated samples of a class to the reference samples of that class, by class.

    generated [n, d] with labels [n] (the classes asked for), reference [m, d] with labels [m];
    labels in 0 .. classes - 1, any integer type. A class has few samples, so the bias of each FID
    is larger than that of the whole: compare at equal counts only.

    ValueError: another shape, a label out of range, a class with fewer than 2 samples on either
    side (named), and what `fid` refuses, with the class.
    Source: Benny et al. 2021, the "within class FID".
    """
    _check(generated, labels, classes, "generated")
    _check(reference, reference_labels, classes, "reference")
    found = {}
    for k in range(classes):
        x = generated[labels.to(generated.device) == k]
        y = reference[reference_labels.to(reference.device) == k]
        for rows, side in [(x, "generated"), (y, "reference")]:
            if len(rows) < 2:
                raise ValueError(f"class {k} has {len(rows)} {side} samples, its FID needs 2")
        try:
            found[k] = fid(x, y)
        except ValueError as error:
            raise ValueError(f"class {k}: {error}") from error
    return found


def _check(features: Tensor, labels: Tensor, classes: int, side: str) -> None:
    if classes < 1:
        raise ValueError(f"FID within classes needs at least 1 class, got {classes}")
    if labels.ndim != 1 or len(labels) != len(features):
        raise ValueError(
            f"FID within classes needs a label for each of {len(features)} {side} samples, "
            f"got shape {list(labels.shape)}"
        )
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(
            f"{side} labels lie in 0 .. {classes - 1}, "
            f"got {int(labels.min())} .. {int(labels.max())}"
        )
