"""The folder of a study: settings.toml, environment.json, rows.parquet and other tables."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from ..digests import toml_with_digest
from ..environment import environment
from ..errors import Damaged, InputError
from ..files import read_toml, write_text
from ..records.parquet import whole_table
from ..records.writing import write_facts, write_parquet
from . import STUDIES
from .settings import Settings, from_file, resolved

MARK = "settings.toml"


def merged(name: str, settings: Settings, root: Path) -> Settings:
    """`settings` with the seeds of the folder added.

    Raises InputError if the folder holds another study, or the same with other settings.
    """
    path = root / MARK
    if not path.exists():
        return settings
    there = resolved(name, type(settings), from_file(name, path, read_toml(path)))
    old, new = asdict(there), asdict(settings)
    changed = [
        f"{field} {_text(old[field])} there, {_text(new[field])} here"
        for field in new
        if field != "seeds" and old[field] != new[field]
    ]
    if changed:
        raise InputError(
            f"{root} was made with other settings ({'; '.join(changed)}): name another with --out"
        )
    return replace(settings, seeds=tuple(sorted({*there.seeds, *settings.seeds})))


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def begin(name: str, settings: Settings, root: Path) -> None:
    """Write the settings and the environment, before there are any rows."""
    facts = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(settings).items()}
    if not settings.seeded:
        del facts["seeds"]
    write_text(root / MARK, toml_with_digest(tomli_w.dumps({"study": name, **facts})))
    write_facts(root / "environment.json", environment())


def seeds_done(settings: Settings, root: Path) -> set[int]:
    """The seeds whose rows are complete; none if the rows cannot be read."""
    try:
        rows = whole_table(root / "rows.parquet").to_pandas()
    except Exception:  # absent or damaged: pyarrow raises many kinds
        return set()
    return set(rows["seed"].unique().tolist()) if settings.seeded else {0}


def add_seed(
    name: str, settings: Settings, root: Path, seed: int, found: Mapping[str, Any]
) -> None:
    """Add the rows of a seed to every table: to rows.parquet last, so a seed in it is complete."""
    done = seeds_done(settings, root) - {seed}
    for table in sorted(found, key=lambda name: name == "rows"):
        path, new = root / f"{table}.parquet", pd.DataFrame(found[table])
        if done:  # rows of other seeds are left over from a run that was killed: drop them
            old = _read(path)
            new = pd.concat([old[old["seed"].isin(done)], new])
        if settings.seeded:
            new = new.sort_values("seed", kind="stable")
        float32 = {c: "float32" for c in STUDIES[name].float32 if c in new}
        write_parquet(path, new.astype(float32))


def read_tables(root: Path) -> dict[str, pd.DataFrame]:
    """Every table of the folder by its name; raises Damaged for one that cannot be read."""
    return {path.stem: _read(path) for path in sorted(root.glob("*.parquet"))}


def _read(path: Path) -> pd.DataFrame:
    try:
        found: pd.DataFrame = whole_table(path).to_pandas()
        return found
    except Exception as error:  # whatever pyarrow makes of a damaged file
        again = path.parent / "rows.parquet"
        raise Damaged(
            f"{path} cannot be read; delete {again} to compute everything again"
        ) from error
