"""What `bench sample`, `interpolate`, `arithmetic` and `neighbours` compute, write and say."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from ..errors import InputError
from ..extractors import saw_training_images, without_hash
from ..files import write_json
from . import neighbours
from .arithmetic import CONTROLS, MOVED, NOISE, arithmetic
from .figures import arithmetic_figure, neighbours_figure, planar_figure, write_figure
from .load import Trained
from .paths import path
from .printed_tables import carried_lines, reached_line, smoothness_lines
from .sample_files import columns_for, place, write_arrays, write_each, write_gif, write_grid
from .sampling import Codes, codes_of, images_of, require_labels
from .smoothness import pairs_of, smoothness

Say = Callable[[str], None]
IMAGES, POINTS = 64, 2500  # samples by default
STRIP, MOVIE, SQUARE = 11, 24, 9  # --steps by default: of a strip, an animation and a grid
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
    """Write samples as one PNG, as a folder of PNGs (`each`), or as arrays (.npy, .npz)."""
    images = len(trained.model.spec.shape) == 3
    to = place(trained, out, "sample", ("",) if each else (".png", ".npy", ".npz"))
    if each and not images:
        raise InputError(
            "--each writes images, but these are points: write them with --out FILE.npy"
        )
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
    _warn(trained, say)


def _warn(trained: Trained, say: Say) -> None:
    if trained.learnt_nothing:
        say(trained.learnt_nothing)


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
    """Write a path through samples as a strip, grid or animation, and measure random paths."""
    if form is None:
        form = "gif" if out is not None and out.suffix.lower() == ".gif" else "strip"
    if form != "strip" and len(trained.model.spec.shape) != 3:
        raise InputError(f"there is no {form} of points: --format strip draws their paths")
    if steps is not None and not 2 <= steps <= MOST_STEPS:
        raise InputError(f"--steps must be from 2 to {MOST_STEPS:,}, not {steps:,}")
    to = place(trained, out, "interpolate", (".gif" if form == "gif" else ".png",))
    stops = stops_of(trained, between, labels, seed)
    if form == "grid":
        images = images_of(trained, square(trained, stops, steps or SQUARE, way))
        write_grid(to, images, steps or SQUARE)
    else:
        ends = stops[list(range(1, len(stops)))]
        if form == "gif":  # the last leg returns to the start
            ends = stops[[*range(1, len(stops)), 0]]
        points = steps or (MOVIE if form == "gif" else STRIP)
        codes = path(stops[list(range(len(ends)))], ends, points, way, trained.model.spec.classes)
        _write_path(trained, images_of(trained, codes), points, form, to)
    say(f"{way} path of {trained.trial.key}: {to}")
    _warn(trained, say)
    if pairs:
        rows = smoothness(trained, *pairs_of(trained, pairs, seed, tuple(labels[:2])))
        write_json(to.with_suffix(".json"), {"smoothness": [asdict(row) for row in rows]})
        for line in smoothness_lines(rows):
            say(line)
        say(f"As numbers: {to.with_suffix('.json')}")


def stops_of(trained: Trained, between: list[int], labels: list[int], seed: int) -> Codes:
    """The codes that a path passes.

    between: numbers of samples as `bench sample` draws them, each with its label. labels: one for
    all of them, or one for each; several with a single sample are a path of labels at its latent.
    Raises InputError for fewer than two stops, and for labels that do not fit.
    """
    require_labels(trained, labels)
    if not between or min(between) < 0:
        raise InputError("--between takes numbers of samples from 0, such as --between 3,17")
    codes = codes_of(trained, max(between) + 1, seed)[between]
    if not labels:
        stops = codes
    elif len(labels) == 1:
        stops = Codes(codes.latents, torch.full_like(codes.labels, labels[0]))
    elif len(between) in (1, len(labels)):
        rows = torch.arange(len(labels)) if len(between) > 1 else torch.zeros(len(labels)).long()
        stops = Codes(codes.latents[rows], torch.tensor(labels))
    else:
        raise InputError(
            f"--labels takes one label, one for each of the {len(between)} samples of --between, "
            "or several at a single sample"
        )
    if len(stops) < 2:
        raise InputError("a path needs two ends: --between 3,17, or --labels 3,8 at one sample")
    return stops


def square(trained: Trained, corners: Codes, side: int, way: str) -> Codes:
    """side x side codes between four corners, row by row; raises InputError for other numbers."""
    if len(corners) != 4:
        raise InputError(f"a grid needs four corners, not {len(corners)}: --between 0,1,2,3")
    classes = trained.model.spec.classes
    left, right = (
        path(corners[[a]], corners[[b]], side, way, classes) for a, b in ((0, 2), (1, 3))
    )
    return path(left, right, side, way, classes)


def _write_path(trained: Trained, images: Tensor, points: int, form: str, to: Path) -> None:
    if form == "gif":
        # The last sample of a leg is the first of the next.
        legs = images.unflatten(0, (-1, points))[:, :-1]
        write_gif(to, legs.flatten(0, 1))
    elif images.ndim == 4:
        write_grid(to, images, points)
    else:
        paths = images.unflatten(0, (-1, points))
        note = f"{len(paths)} paths of {points} samples over training points (grey); discs: ends."
        title = f"Paths through the latent space, {trained.trial.key}"
        write_figure(to, planar_figure(trained, paths, title, note))


def write_arithmetic(
    trained: Trained,
    groups: tuple[str, str, str],
    wanted: str | None,
    n: int,
    seed: int,
    out: Path | None,
    say: Say,
) -> None:
    """Write A - B + C of three expressions as a figure and as numbers."""
    to = place(trained, out, "arithmetic", (".png",))
    found = arithmetic(trained, *groups, n=n, seed=seed, wanted=wanted)
    lines = carried_lines(found.carried)
    told = lines[-1]
    if found.reached:
        lines.append(reached_line(found.reached))
        told += f" {lines[-1]}"
    sizes = ", ".join(
        f"{k}: {v} (n = {len(found.groups[k].codes):,})" for k, v in found.expressions.items()
    )
    note = (
        f"Groups among {n:,} samples. {told} 95 % intervals over samples. By chance: the "
        f"middle 95 % of {CONTROLS} random directions of the same length."
    )
    write_figure(to, arithmetic_figure(trained, found, note))
    facts = {"groups": {k: [v, len(found.groups[k].codes)] for k, v in found.expressions.items()}}
    both = {"wanted": asdict(found.reached)} if found.reached else {}
    rest = {"length": found.length, "carried": [asdict(each) for each in found.carried]}
    write_json(to.with_suffix(".json"), {**facts, **both, **rest})
    say(f"A - B + C in the latent space of {trained.trial.key}: {to}")
    _warn(trained, say)
    for line in (sizes, *lines):
        say(line)
    say(
        f"measured: up to {MOVED} samples of C, each moved; around: samples around the mean of C, "
        f"noise +-{NOISE}"
    )
    say(f"As numbers: {to.with_suffix('.json')}")


def write_neighbours(
    trained: Trained, n: int, seed: int, labels: list[int], pixels: bool, out: Path | None, say: Say
) -> None:
    """Write n samples beside their nearest training images, and say how near they are."""
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
            "That extractor was trained on these training images, which makes held-out images seem "
            "farther from them: --pixels compares without it."
        )
    write_figure(to, neighbours_figure(trained, found, " ".join(lines)))
    say(f"Nearest training images of {trained.trial.key}: {to}")
    _warn(trained, say)
    for line in lines:
        say(line)
