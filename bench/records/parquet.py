"""Parquet tables, read with care: a file may be cut off, emptied, overwritten or gone."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..digests import require_whole
from ..errors import Damaged

if TYPE_CHECKING:
    import pandas as pd

TEXTS = (  # columns of text; all others hold numbers
    *("dataset", "model", "metric", "features", "reference", "level"),
    *("network", "kind", "text"),
)


def tables_in(
    folder: Path,
    key: Mapping[str, Any],
    tables: Mapping[str, list[str]],
    optional: Mapping[str, list[str]],
    complete: bool,
) -> dict[str, pa.Table]:
    """The tables that the trial in `folder` has left so far, by name; raises Damaged.

    Every row must hold the values of `key`. `tables` and `optional` give the columns of each file;
    a `complete` trial must have those of `tables`. Every byte is read: some milliseconds.
    """
    found = {}
    for name, columns in {**tables, **optional}.items():
        table = table_in(folder / f"{name}.parquet", columns)
        if table is None:
            if complete and name in tables:
                raise Damaged(f"{name}.parquet is missing")
            continue
        if any(set(table[k].unique().to_pylist()) - {v} for k, v in key.items()):
            raise Damaged(f"{name}.parquet is of another trial")
        found[name] = table
    return found


def table_in(path: Path, columns: list[str]) -> pa.Table | None:
    """The table in a parquet file, or None where there is none; raises Damaged."""
    try:
        table = whole_table(path)
        table = table.select(columns).replace_schema_metadata(None)
        table.validate()
    except FileNotFoundError:
        return None
    except Exception as error:  # the reader raises almost anything on broken bytes
        raise Damaged(f"{path.name} cannot be read") from error
    for name in columns if len(table) else ():
        kind = table.schema.field(name).type
        if name in TEXTS and not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise Damaged(f"{path.name} has no text in its column {name}")
        if name not in TEXTS and not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            raise Damaged(f"{path.name} has no numbers in its column {name}")
    return table


def whole_table(path: Path) -> pa.Table:
    """All of a parquet file, with every checksum verified; raises almost anything."""
    content = path.read_bytes()
    require_whole(content)
    source = pa.BufferReader(content)
    return pq.ParquetFile(source, page_checksum_verification=True).read(use_threads=False)


def frame_of(tables: Iterable[pa.Table], columns: list[str]) -> "pd.DataFrame":
    """The rows of all tables in one DataFrame."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return no_rows(columns)
    whole = pa.concat_tables(filled, promote_options="permissive")
    frame: pd.DataFrame = whole.to_pandas(use_threads=False)
    return frame


def no_rows(columns: list[str]) -> "pd.DataFrame":
    """A table without rows whose columns still have types that one can calculate with."""
    import pandas as pd  # here, so that the live page reads rows without it

    kinds = {name: "str" if name in TEXTS else "float64" for name in columns}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
