"""The plans behind published results: experiments/NAME.toml, in a clone or as installed."""

from importlib import metadata
from pathlib import Path

FOLDER = "experiments"
BESIDE = Path(__file__).parents[2] / FOLDER  # in a clone


def published(text: str) -> Path | None:
    """The file of a plan called "experiments/NAME.toml" or "NAME.toml"; None if there is none."""
    asked = Path(text)
    if asked.suffix != ".toml" or str(asked.parent) not in (".", FOLDER):
        return None
    if (BESIDE / asked.name).is_file():
        return BESIDE / asked.name
    try:
        files = metadata.files("gan-bench") or []
    except metadata.PackageNotFoundError:
        return None
    ending = f"gan-bench/{FOLDER}/{asked.name}"
    found = (Path(str(file.locate())) for file in files if file.as_posix().endswith(ending))
    return next((path.resolve() for path in found if path.is_file()), None)
