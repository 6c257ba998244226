"""TensorBoard's event files, written from the records by the package tensorboard's own writer.

DIR/tensorboard/<dataset>/<label>/s<seed>/: steps are images shown to the discriminator, and the
clock is seconds of training, so that TensorBoard's "relative" axis is the cost of a trial.
"""

import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from ..errors import InputError
from ..files import write_bytes
from ..records.layout import KEY
from ..records.results import Results
from ..tables.protocol import own_extractor

NAME = "events.out.tfevents.bench"  # TensorBoard looks for "tfevents"; one name, so no file is left
VERSION = "brain.Event:2"  # of the format; the first record of every file


def require_package() -> None:
    """Raises InputError if tensorboard, an optional package, is not installed."""
    if find_spec("tensorboard") is None:
        raise InputError("--tensorboard needs a package: pip install tensorboard")


def write_events(results: Results) -> Path:
    """One file a trial: curves, evaluations and pictures of samples. Returns their folder."""
    require_package()
    root = results.path / "tensorboard"
    rows = pd.concat([_curves(results), _evaluations(results)], ignore_index=True)
    for (dataset, label, seed), own in rows.groupby(KEY, sort=False):
        pictures = results.samples(label, dataset, seed)
        write_bytes(root / dataset / label / f"s{seed}" / NAME, _file(own, pictures))
    return root


def _curves(results: Results) -> pd.DataFrame:
    return results.curves[[*KEY, "images", "seconds", "metric", "value"]]


def _evaluations(results: Results) -> pd.DataFrame:
    """As curves, their metrics below evaluation/; those of another extractor by its name too."""
    rows = results.evaluations
    own = pd.Series(False, index=rows.index)
    for dataset, part in rows.groupby("dataset"):
        own[part.index] = own_extractor(results, part, str(dataset))
    others = " (" + rows["features"].astype(str).str.partition(":")[0] + ")"
    names = "evaluation/" + rows["metric"] + others.where(~own, "")
    return rows.assign(metric=names)[[*KEY, "images", "seconds", "metric", "value"]]


def _file(rows: pd.DataFrame, pictures: dict[int, Path]) -> bytes:
    """The records of one trial, in the order of training."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    content = io.BytesIO()
    writer = RecordWriter(content)
    writer.write(Event(wall_time=0, file_version=VERSION).SerializeToString())
    for images, now in rows.sort_values("images", kind="stable").groupby("images"):
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
