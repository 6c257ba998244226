"""The data set `folder:PATH`: a user's own images, decoded once, with a fixed held-out part."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_zoo.base import DataSpec
from gan_zoo.streams import Streams

from ..errors import InputError
from ..files import read_json, write_bytes, write_json
from . import FOLDER_PREFIX, dataset_name
from .dataset import Dataset, Split, require_side
from .images import RECIPE, WHITE, Picture, Progress, Source, decode, is_grey, luma, scan
from .notices import NAMED, FolderFacts, left_out, notices, white_of
from .storage import Bytes, arrays_dir, as_tensor, digest, scratch, writing

SIDE = 64  # pixels, if no other size is asked for
LEAST = 5  # readable images: with fewer, none would be held out
TOGETHER = 1024  # images copied at once
LAYOUT = 2  # of what the cache holds, beside the pixels
IMAGES, LABELS, FACTS = "images.npy", "labels.int64", "facts.json"
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True)
class Options:
    """How the images are read, beside their size."""

    channels: int | None = None  # 1: grey, 3: colour, None: grey if all files are
    progress: Progress | None = None
    notice: Callable[[str], None] | None = None  # is given lines on what was left out or changed


def folder(
    path: str | Path,
    size: int | None = None,
    data_dir: Path | None = None,
    options: Options = Options(),
) -> Dataset:
    """The images of a folder and its subfolders, a fixed fifth held out.

    train and holdout [n, channels, size, size], in random order; size None: 64. Subfolders are the
    classes if there are at least two and no image lies beside them. Images are decoded once, then
    read from a cache that is named after the files' names, sizes and times. Files of more than 8
    bits a channel are scaled by what the largest value of all of them needs (`white_of`). `path`
    may be written "folder:PATH". Raises ValueError for a size outside SIDES, and InputError if
    there is no such folder or it has fewer than 5 readable images.
    """
    size = SIDE if size is None else size
    require_side(size)
    root = _existing(path)
    files, others = scan(root)
    key = digest([*files, size, options.channels, RECIPE, LAYOUT])
    cached = arrays_dir(data_dir) / f"folder-{key}"
    kept = read_json(cached / FACTS)
    if kept and (cached / IMAGES).exists():
        facts = FolderFacts(**kept)
    else:
        facts = _prepare(root, files, size, cached, options)
    if facts.readable < LEAST:
        raise InputError(
            f"{root} has {facts.readable} readable images, fewer than {LEAST}"
            f"{left_out(facts, others)}"
        )
    if options.notice:
        for line in notices(facts, others, size):
            options.notice(f"{root}{line}")
    # Without times: a copy of the folder is the same data.
    known: list[object] = [(file.name, file.size) for file in files]
    content = digest([*known, *([facts.white] if facts.white != WHITE else [])])
    return _loaded(cached, dataset_name(f"folder:{root}"), facts, content)


def _loaded(cached: Path, name: str, facts: FolderFacts, content: str) -> Dataset:
    labels = torch.from_numpy(np.fromfile(cached / LABELS, np.int64))
    samples, n, classes = as_tensor(cached / IMAGES), facts.train, tuple(facts.classes)
    spec = DataSpec(shape=tuple(samples.shape[1:]), classes=len(classes))
    train, holdout = Split(samples[:n], labels[:n]), Split(samples[n:], labels[n:])
    return Dataset(name, spec, train, holdout, classes, content=content)


def split_rows(labels: Tensor) -> tuple[Tensor, Tensor]:
    """The rows to train on and the rows held out, given labels [n] int64; the same every time.

    Every fifth row, counted class by class, is held out, so that each class has its share to
    within one row. Both are in a random order, drawn from the stream split/folder.
    """
    generator = Streams(0).generator("split/folder")
    order = torch.randperm(len(labels), generator=generator)
    by_class = order[labels[order].argsort(stable=True)]
    held = torch.zeros(len(labels), dtype=torch.bool)
    held[by_class[4::5]] = True
    shuffled = torch.randperm(len(labels), generator=generator)
    return shuffled[~held[shuffled]], shuffled[held[shuffled]]


def _existing(path: str | Path) -> Path:
    given = Path(str(path).removeprefix(FOLDER_PREFIX)).expanduser()
    root = Path(os.path.realpath(given))  # resolve() raises on a loop of links
    if not os.path.isdir(root):
        what = "is not a folder" if os.path.exists(root) else "does not exist"
        # `--dataset folder:cats,mnist6k` may mean two data sets, of which one is misspelt.
        rule = ", and a comma ends PATH only before a data set's name" * ("," in root.name)
        raise InputError(f"{root} {what}; folder:PATH names a folder of images{rule}")
    return root


def _prepare(
    root: Path, files: list[Picture], size: int, cached: Path, options: Options
) -> FolderFacts:
    """Decode the files, write the arrays into the folder `cached`, and say what became of them."""
    opened = [file.name for file in files if file.size > 0]
    pictures = scratch(cached.parent, (max(1, len(opened)), 3, size, size))
    sources, white = _decoded([root / name for name in opened], pictures, options.progress)
    rows = [row for row, source in enumerate(sources) if source.readable]
    names = [opened[row] for row in rows]
    labels, classes = _labels(root, names)
    train, holdout = split_rows(labels)
    order = torch.cat([train, holdout])
    brightest = 0
    if rows:
        ordered = torch.tensor(rows)[order]
        brightest = _write(cached / IMAGES, pictures, ordered, options.channels)
    write_bytes(cached / LABELS, labels[order].numpy().tobytes())
    read = [sources[row] for row in rows]
    unreadable = sorted({file.name for file in files} - set(names))
    facts = FolderFacts(
        readable=len(rows),
        train=len(train),
        classes=classes,
        unreadable=unreadable[:NAMED],
        unreadable_count=len(unreadable),
        resized=sum(min(image.width, image.height) != size for image in read),
        enlarged=sum(min(image.width, image.height) < size for image in read),
        cut=sum(image.width != image.height for image in read),
        frames=sum(image.frames for image in read),
        wide=sum(image.wide for image in read),
        least=min((image.least for image in read), default=0.0),
        largest=max((image.largest for image in read), default=0.0),
        white=white,
        brightest=brightest,
        small=_small([file.name for file in files], names),
    )
    write_json(cached / FACTS, asdict(facts))  # last, as it shows that the other files are complete
    return facts


def _decoded(
    paths: list[Path], pictures: Bytes, progress: Progress | None
) -> tuple[list[Source], float]:
    """Fill `pictures`; returns what each file was, and what is white in those of over 8 bits."""
    sources = decode(paths, pictures, progress)
    wide = [row for row, source in enumerate(sources) if source.wide]
    white = white_of(max((sources[row].largest for row in wide), default=0))
    if white != WHITE:  # the first pass told; only from the files are all bits to be had
        decode([paths[row] for row in wide], pictures, progress, wide, white)
    return sources, white


def _write(path: Path, pictures: Bytes, rows: Tensor, channels: int | None) -> int:
    """Write the pictures of these rows; returns their brightest value."""
    channels = channels or (1 if is_grey(pictures) else 3)
    size, brightest = pictures.shape[-1], 0
    with writing(path, (len(rows), channels, size, size)) as images:
        for start in range(0, len(rows), TOGETHER):
            part = pictures[rows[start : start + TOGETHER].numpy()]
            images[start : start + len(part)] = luma(part) if channels == 1 else part
            brightest = max(brightest, int(part.max()))
    return brightest


def _small(names: list[str], readable: list[str]) -> dict[str, int]:
    """Class subfolders with fewer than two readable images, and how many they have."""
    tops = sorted({name.split("/")[0] for name in names if "/" in name})
    if len(tops) < 2 or not all("/" in name for name in readable):
        return {}
    counts = Counter(name.split("/")[0] for name in readable)
    return {name: counts[name] for name in tops if counts[name] < 2}


def _labels(root: Path, names: list[str]) -> tuple[Tensor, list[str]]:
    tops = [name.split("/")[0] if "/" in name else "" for name in names]
    classes = sorted(set(tops))
    if len(classes) < 2 or "" in classes:
        return torch.zeros(len(names), dtype=torch.int64), ["image"]
    if {name.lower() for name in classes} <= SPLITS:
        raise InputError(
            f"{', '.join(classes)} in {root} look like splits, not classes: name one of them, "
            f"such as folder:{root / classes[0]}"
        )
    number = {name: k for k, name in enumerate(classes)}
    return torch.tensor([number[top] for top in tops]), classes
