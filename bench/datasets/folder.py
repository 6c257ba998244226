"""The data set `folder:PATH`: a user's own images, decoded once, with a fixed held-out part."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_zoo.base import DataSpec
from gan_zoo.streams import Streams

from ..errors import InputError
from ..files import read_json, write_bytes, write_json
from . import FOLDER_PREFIX, dataset_name
from .dataset import Dataset, Split, require_side
from .images import RECIPE, SUFFIXES, Picture, Progress, decode, is_grey, luma, scan
from .storage import Bytes, arrays_dir, as_tensor, digest, scratch, writing

SIDE = 64  # pixels, if no other size is asked for
LEAST = 5  # readable images: with fewer, none would be held out
NAMED = 5  # unreadable files whose names are shown; the others are counted
TOGETHER = 1024  # images copied at once
IMAGES, LABELS, FACTS = "images.npy", "labels.int64", "facts.json"
SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation"}


@dataclass(frozen=True)
class Options:
    """How the images are read, beside their size."""

    channels: int | None = None  # 1: grey, 3: colour, None: grey if all files are
    progress: Progress | None = None
    notice: Callable[[str], None] | None = None  # is given one line on the unreadable files


def folder(
    path: str | Path,
    size: int | None = None,
    data_dir: Path | None = None,
    options: Options = Options(),
) -> Dataset:
    """The images of a folder and its subfolders (PNG, JPEG, WebP), a fixed fifth held out.

    train and holdout [n, channels, size, size], in random order; size None: 64.
    Subfolders are the classes if there are at least two and no image lies beside them. Images are
    decoded once, then read from a cache that is named after all file names, sizes and times.
    `path` may be written "folder:PATH". Raises ValueError for a size outside SIDES, and InputError
    if there is no such folder or it has fewer than 5 readable images.
    """
    size = SIDE if size is None else size
    require_side(size)
    root = _existing(path)
    files = scan(root)
    cached = arrays_dir(data_dir) / f"folder-{digest([*files, size, options.channels, RECIPE])}"
    facts = read_json(cached / FACTS)
    if not facts or not (cached / IMAGES).exists():
        facts = _prepare(root, files, size, cached, options)
    if facts["readable"] < LEAST:
        raise InputError(
            f"{root} has {facts['readable']} readable images, fewer than {LEAST}"
            f"{_unreadable(facts)}"
        )
    if options.notice and (unreadable := _unreadable(facts)):
        options.notice(f"{root}{unreadable}")
    # Without times: a copy of the folder is the same data.
    content = digest([(file.name, file.size) for file in files])
    return _loaded(cached, dataset_name(f"folder:{root}"), facts, content)


def _loaded(cached: Path, name: str, facts: dict[str, Any], content: str) -> Dataset:
    labels = torch.from_numpy(np.fromfile(cached / LABELS, np.int64))
    samples, n, classes = as_tensor(cached / IMAGES), facts["train"], tuple(facts["classes"])
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
) -> dict[str, Any]:
    opened = [file.name for file in files if file.size > 0]
    if not opened:
        raise InputError(f"{root} has no PNG, JPEG or WebP images ({', '.join(SUFFIXES)})")
    pictures = scratch(cached.parent, (len(opened), 3, size, size))
    readable = decode([root / name for name in opened], pictures, options.progress)
    rows = torch.from_numpy(readable).nonzero()[:, 0]
    good = {opened[row] for row in rows.tolist()}
    unreadable = [file.name for file in files if file.name not in good]
    labels, classes = _labels(root, [opened[row] for row in rows.tolist()])
    train, holdout = split_rows(labels)
    order = torch.cat([train, holdout])
    if len(rows):
        _write(cached / IMAGES, pictures, rows[order], options.channels)
    write_bytes(cached / LABELS, labels[order].numpy().tobytes())
    facts = {"readable": len(rows), "train": len(train), "classes": classes}
    facts |= {"unreadable": len(unreadable), "named": unreadable[:NAMED]}
    write_json(cached / FACTS, facts)  # last, as it shows that the other files are complete
    return facts


def _write(path: Path, pictures: Bytes, rows: Tensor, channels: int | None) -> None:
    channels = channels or (1 if is_grey(pictures) else 3)
    size = pictures.shape[-1]
    with writing(path, (len(rows), channels, size, size)) as images:
        for start in range(0, len(rows), TOGETHER):
            part = pictures[rows[start : start + TOGETHER].numpy()]
            images[start : start + len(part)] = luma(part) if channels == 1 else part


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


def _unreadable(facts: dict[str, Any]) -> str:
    if not facts["unreadable"]:
        return ""
    names = ", ".join(repr(name)[1:-1] for name in facts["named"])  # one line, whatever the names
    more = ", ..." if facts["unreadable"] > len(facts["named"]) else ""
    return f"; {facts['unreadable']} files could not be read: {names}{more}"
