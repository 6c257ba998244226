"""TensorBoard's event files, written from the records by the package tensorboard's own writer.

DIR/tensorboard/<dataset>/<label>/s<seed>/: steps are images shown to the discriminator, and the
clock is seconds of training, so that TensorBoard's "relative" axis is the cost of a trial.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from ..files import write_bytes
from ..records.results import Results
from . import tracked

NAME = "events.out.tfevents.bench"  # TensorBoard looks for "tfevents"; one name, so no file is left
VERSION = "brain.Event:2"  # of the format; the first record of every file


def require_package() -> None:
    """Raises InputError if tensorboard, an optional package, is not installed."""
    tracked.require_package("tensorboard", "tensorboard", "--tensorboard")


def write_events(results: Results) -> Path:
    """One file a trial: curves, evaluations and pictures of samples. Returns their folder."""
    require_package()
    root = results.path / "tensorboard"
    for trial in tracked.tracked(results):
        path = root / trial.dataset / trial.label / f"s{trial.seed}" / NAME
        write_bytes(path, _file(trial.rows, trial.pictures))
    return root


def _file(rows: pd.DataFrame, pictures: dict[int, Path]) -> bytes:
    """The records of one trial, in the order of training."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    content = io.BytesIO()
    writer = RecordWriter(content)
    writer.write(Event(wall_time=0, file_version=VERSION).SerializeToString())
    for images, now in rows.groupby("images"):
        values = [*_scalars(now), *_picture(pictures.get(int(images)))]
        event = Event(wall_time=now["seconds"].max(), step=int(images), summary={"value": values})
        writer.write(event.SerializeToString())
    return content.getvalue()


def _scalars(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.itertuples():
        yield {"tag": row.metric, "simple_value": row.value}


def _picture(path: Path | None) -> Iterator[dict[str, Any]]:
    """The samples as they were saved: a PNG is what an event holds."""
    if path is None:
        return
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        shape = {"width": picture.width, "height": picture.height}
        shape["colorspace"] = len(picture.getbands())
    yield {"tag": "samples", "image": {**shape, "encoded_image_string": content}}
