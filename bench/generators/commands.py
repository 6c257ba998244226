"""What `bench sample`, `interpolate`, `arithmetic` and `neighbours` do: load, make, write, tell."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..extractors import saw_training_images, without_hash
from ..files import write_json
from . import neighbours
from .arithmetic import CONTROLS, MOVED, NOISE, Arithmetic, arithmetic
from .figures import arithmetic_figure, neighbours_figure, planar_figure, write_figure
from .load import Trained
from .output import columns_for, place, write_arrays, write_each, write_gif, write_grid
from .paths import path
from .sampling import Codes, codes_of, images_of, require_labels
from .smoothness import pairs_of, smoothness
from .text import carried_lines, smoothness_lines

Say = Callable[[str], None]
IMAGES, POINTS = 64, 2500  # samples, where no number is asked for
STRIP, MOVIE, SQUARE = 11, 24, 9  # samples a leg of a strip and of an animation, a side of a grid
MOST_STEPS = 1000


def sample(
    trained: Trained,
    n: int | None,
    seed: int,
    labels: list[int],
    truncation: float | None,
    each: bool,
    out: Path | None,
    say: Say,
) -> None:
    """Samples as one PNG, single ones (`each`), or arrays (`out` in .npy or .npz)."""
    images = len(trained.model.spec.shape) == 3
    to = place(trained, out, "sample", ("",) if each else (".png", ".npy", ".npz"))
    if each and not images:
        raise InputError("--each writes pictures, and these are points: --out FILE.npy has them")
    codes = codes_of(trained, n or (IMAGES if images else POINTS), seed, labels, truncation)
    samples = images_of(trained, codes)
    if each:
        write_each(to, samples, codes, trained.model.conditional)
    elif to.suffix.lower() != ".png":
        write_arrays(to, samples, codes)
    elif images:
        write_grid(to, samples, columns_for(trained, len(codes), len(labels)))
    else:
        note = f"n = {len(codes):,} samples (blue) over training points (grey); latent seed {seed}."
        write_figure(to, planar_figure(trained, samples, f"Samples, {trained.trial.key}", note))
    say(f"{len(codes):,} samples of {trained.trial.key}: {to}")


def interpolate(
    trained: Trained,
    between: list[int],
    labels: list[int],
    way: str,
    form: str | None,
    steps: int | None,
    pairs: int,
    seed: int,
    out: Path | None,
    say: Say,
) -> None:
    """A path through samples as a strip, a square or an animation; how smooth such paths are."""
    if form is None:
        form = "gif" if out is not None and out.suffix.lower() == ".gif" else "strip"
    if form != "strip" and len(trained.model.spec.shape) != 3:
        raise InputError(f"of points there is no {form}: --format strip draws the paths")
    if steps is not None and not 2 <= steps <= MOST_STEPS:
        raise InputError(f"--steps must be from 2 to {MOST_STEPS:,}, not {steps:,}")
    to = place(trained, out, "interpolate", (".gif" if form == "gif" else ".png",))
    stops = stops_of(trained, between, labels, seed)
    if form == "grid":
        images = images_of(trained, square(trained, stops, steps or SQUARE, way))
        write_grid(to, images, steps or SQUARE)
    else:
        ends = stops[list(range(1, len(stops)))]
        if form == "gif":  # back to where it began
            stops, ends = stops, stops[[*range(1, len(stops)), 0]]
        points = steps or (MOVIE if form == "gif" else STRIP)
        codes = path(stops[list(range(len(ends)))], ends, points, way, trained.model.spec.classes)
        _write_path(trained, images_of(trained, codes), points, form, to)
    say(f"{way} path of {trained.trial.key}: {to}")
    if pairs:
        rows = smoothness(trained, *pairs_of(trained, pairs, seed, tuple(labels[:2])))
        write_json(to.with_suffix(".json"), {"smoothness": [asdict(row) for row in rows]})
        for line in smoothness_lines(rows):
            say(line)
        say(f"As numbers: {to.with_suffix('.json')}")


def stops_of(trained: Trained, between: list[int], labels: list[int], seed: int) -> Codes:
    """The samples that a path passes: by their number in `bench sample`, with their own labels.

    One label holds for all; two or more with one sample are a path of labels at its latent.
    Raises InputError for fewer than two stops, and labels that do not fit.
    """
    require_labels(trained, labels)
    if not between or min(between) < 0:
        raise InputError("--between takes numbers of samples, from 0: --between 3,17")
    codes = codes_of(trained, max(between) + 1, seed)[between]
    if not labels:
        stops = codes
    elif len(labels) == 1:
        stops = Codes(codes.latents, torch.full_like(codes.labels, labels[0]))
    elif len(between) in (1, len(labels)):
        rows = torch.arange(len(labels)) if len(between) > 1 else torch.zeros(len(labels)).long()
        stops = Codes(codes.latents[rows], torch.tensor(labels))
    else:
        raise InputError(f"--labels are one, {len(between)}, or several with one --between")
    if len(stops) < 2:
        raise InputError("a path has two ends: --between 3,17, or --labels 3,8 of one sample")
    return stops


def square(trained: Trained, corners: Codes, side: int, way: str) -> Codes:
    """side x side codes between four corners, row by row; InputError for other than four."""
    if len(corners) != 4:
        raise InputError(f"a grid has four corners, not {len(corners)}: --between 0,1,2,3")
    classes = trained.model.spec.classes
    left, right = (
        path(corners[[a]], corners[[b]], side, way, classes) for a, b in ((0, 2), (1, 3))
    )
    return path(left, right, side, way, classes)


def _write_path(trained: Trained, images: Tensor, points: int, form: str, to: Path) -> None:
    if form == "gif":
        legs = images.unflatten(0, (-1, points))[:, :-1]  # a leg begins where the last one ended
        write_gif(to, legs.flatten(0, 1))
    elif images.ndim == 4:
        write_grid(to, images, points)
    else:
        paths = images.unflatten(0, (-1, points))
        note = f"{len(paths)} paths of {points} samples over training points (grey); ends as discs."
        title = f"Paths through the latent space, {trained.trial.key}"
        write_figure(to, planar_figure(trained, paths, title, note))


def add_up(
    trained: Trained, groups: tuple[str, str, str], n: int, seed: int, out: Path | None, say: Say
) -> Arithmetic:
    """A - B + C as a figure and as numbers."""
    to = place(trained, out, "arithmetic", (".png",))
    found = arithmetic(trained, *groups, n=n, seed=seed)
    lines = carried_lines(found.carried)
    sizes = ", ".join(
        f"{k}: {v} (n = {len(found.groups[k].codes):,})" for k, v in found.expressions.items()
    )
    note = (
        f"Groups of {n:,} samples. {lines[-1]} 95 % intervals over samples. By chance: the middle "
        f"95 % of {CONTROLS} random directions of the same length."
    )
    write_figure(to, arithmetic_figure(trained, found, note))
    facts = {"groups": {k: [v, len(found.groups[k].codes)] for k, v in found.expressions.items()}}
    carried = [asdict(each) for each in found.carried]
    write_json(to.with_suffix(".json"), {**facts, "length": found.length, "carried": carried})
    say(f"A - B + C in the latent space of {trained.trial.key}: {to}")
    for line in (sizes, *lines):
        say(line)
    say(
        f"measured: up to {MOVED} samples of C, each moved; around: pictures around the mean of C, "
        f"noise +-{NOISE}"
    )
    say(f"As numbers: {to.with_suffix('.json')}")
    return found


def show_neighbours(
    trained: Trained, n: int, seed: int, labels: list[int], pixels: bool, out: Path | None, say: Say
) -> None:
    """n samples held against the training set, as a figure and as numbers."""
    to = place(trained, out, "neighbours", (".png",))
    images = images_of(trained, codes_of(trained, n, seed, labels))
    found = neighbours.neighbours(trained, images, pixels)
    share, low, high = found.close
    median, held = (float(d.median()) for d in (found.distances, found.held))
    lines = [
        f"Median distance to the nearest of {found.train:,} training images, by {found.space}: "
        f"{median:.3g} for {n:,} samples, {held:.3g} for {len(found.held):,} held-out images.",
        f"A sample is nearer than a held-out image in {100 * found.nearer:.1f} % of pairs (50 %: "
        "alike; near 100 %: copies).",
        f"Nearer than the closest 1 % of held-out images: {100 * share:.1f} % of the samples "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f}); exact copies: {found.copies}.",
    ]
    if saw_training_images(without_hash(found.space), trained.trial.dataset):
        lines.append(
            "That extractor was trained on these training images, so it sees held-out ones farther "
            "from them than they are: --pixels compares without it."
        )
    write_figure(to, neighbours_figure(trained, found, " ".join(lines)))
    say(f"Nearest training images of {trained.trial.key}: {to}")
    for line in lines:
        say(line)
