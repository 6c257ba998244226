"""Parses what users write (models, seeds, budgets, settings), and holds it to sensible limits.

Each function raises InputError, in one line that says what would be right.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_zoo import catalog as zoo

from ..datasets import DATASETS, FOLDER_PREFIX
from ..errors import InputError, require, shown
from ..extensions import entry_points, resolve
from .trial import Contestant

# A value outside these is a slip of the keyboard: it is refused before it costs anything.
RANGES = {  # whole numbers: the least and the most
    "images": (1, 10**12),
    "batch_size": (1, 65_536),
    "evaluations": (1, 10_000),
    "samples": (2, 100_000),  # 5 GB of 64 pixels in colour
    "threads": (1, 1_024),
    "stack": (1, 256),
}
SEEDS = (0, 10**9 - 1)
COUNTS = {"contestants": 1_000, "datasets": 100, "seeds": 1_000}
TRIALS = 20_000
MARGIN = 10.0  # the largest of equivalence
TEXTS = ("features", "device", "precision", "probes", "metrics")


def parse_models(text: str) -> list[Contestant]:
    """ "gan,dcgan@paper,mine=wgangp" -> contestants. Without `label=` the name is the label.

    A file that holds one model need not name it: "mine.py" is then "mine.py:Mine".
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, named, reference = part.rpartition("=")
        model, _, preset = reference.partition("@")
        if model.rstrip(":").endswith(".py") and model not in zoo.ENTRIES:
            model = _only_model(model.rstrip(":"))
            reference = model
        if model in zoo.ENTRIES:
            if preset:
                require(preset, zoo.ENTRIES[model].presets, f"{model} preset")
        elif preset and ":" in model:
            raise InputError(f"{model} has no preset {preset!r}: only the zoo's models have some")
        default = reference if model in zoo.ENTRIES else model.rpartition(":")[2].lower()
        if os.path.isfile(f"{model}.py") and model not in (*zoo.ENTRIES, *entry_points("model")):
            raise InputError(f"{model}.py is a file: write {model}.py")
        model = resolve("model", model, zoo.ENTRIES)
        found.append(Contestant(label if named else default, model, preset or None))
    return found


def _only_model(file: str) -> str:
    """ "mine.py" -> "mine.py:Mine", if that is its only model; raises InputError."""
    try:
        names = zoo.models_in(Path(file))
    except LookupError as error:
        raise InputError(str(error)) from error
    if len(names) == 1:
        return f"{file}:{names[0]}"
    several = f"{file} holds {len(names)} models: say which, {' or '.join(names)}, as in "
    one = names[0] if names else "Class"
    none = f"{file} holds no class that is clearly a model: name it, as in "
    raise InputError((several if names else none) + f"{file}:{one}")


def parse_datasets(text: str) -> tuple[str, ...]:
    """ "mnist5k,folder:a,b,ring8" -> ("mnist5k", "folder:a,b", "ring8").

    Within a folder's path a comma ends the path only before a name of DATASETS or `folder:`.
    """
    found: list[str] = []
    for part in text.split(","):
        name = part.strip()
        begins = name in DATASETS or name.startswith(FOLDER_PREFIX)
        if found and found[-1].startswith(FOLDER_PREFIX) and not begins:
            found[-1] += f",{part}"
        else:
            found.append(part.lstrip())
    return tuple(map(str.rstrip, found))


def parse_seeds(text: str) -> tuple[int, ...]:
    """ "3" -> (0, 1, 2); "0,4,7" -> (0, 4, 7); "5," and "=5" -> (5,)."""
    named = text.strip()
    count = "," not in named and not named.startswith("=")
    parts = [part.strip() for part in named.removeprefix("=").removesuffix(",").split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError(
            "seeds are a number of them (3) or a list (0,4,7; 5, is seed 5 alone), "
            f"not {shown(text)}"
        )
    numbers = tuple(int(part) for part in parts)
    if count and numbers[0] > COUNTS["seeds"]:
        raise InputError(
            f"seeds are at most {COUNTS['seeds']:,}, not {numbers[0]:,} of them; "
            f"seed {numbers[0]} alone is --seeds {numbers[0]},"
        )
    seeds = tuple(range(numbers[0])) if count else numbers
    if not seeds:
        raise InputError("no seeds at all: --seeds 1 is one of them, --seeds 0, is seed 0")
    if len(set(seeds)) < len(seeds):
        raise InputError(f"seeds must be named once each, not {shown(text)}")
    return seeds


def parse_images(text: str) -> int:
    """ "256k" -> 256,000; k = 1,000, M = 1,000,000."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([kM]?)", text.strip())
    images = round(float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]) if match else 0
    if images < 1:
        raise InputError(f"images are a count such as 25600, 256k or 1.5M, not {shown(text)}")
    return images


def parse_set(texts: tuple[str, ...]) -> list[tuple[str | None, str, str]]:
    """("wgangp.penalty=1", "width=16") -> [("wgangp", "penalty", "1"), (None, "width", "16")]."""
    found = []
    for text in texts:
        target, equals, value = text.partition("=")
        label, dot, name = target.strip().rpartition(".")
        if not equals or not name or not value.strip() or (dot and not label):
            raise InputError(f"--set takes model.field=value or field=value, not {shown(text)}")
        found.append((label or None, name, value.strip()))
    return found


def require_whole(name: str, value: Any, least: int, most: int) -> None:
    """Raises InputError for what is not a whole number from `least` to `most`."""
    if type(value) is not int or not least <= value <= most:
        raise InputError(
            f"{name} must be a whole number from {least:,} to {most:,}, not {shown(value)}"
        )


def require_text(name: str, value: Any) -> None:
    """Raises InputError for what is not text, or holds control characters."""
    if not isinstance(value, str) or not value.isprintable():
        raise InputError(f"{name} must be text without control characters, not {shown(value)}")


def require_several(name: str, values: Sequence[Any]) -> None:
    """Raises InputError for no value, for too many, and for one that is named twice."""
    if not 1 <= len(values) <= COUNTS[name]:
        raise InputError(f"{name} must be 1 to {COUNTS[name]:,}, not {len(values):,}")
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise InputError(f"{name} must be named once each, and {shown(twice)} is there twice")


def require_looks(looks: Sequence[Any], margin: Any, seeds: int) -> None:
    """Raises InputError for looks that do not rise up to `seeds`, and for a margin that is none."""
    for count in looks:
        require_whole("a look", count, 1, seeds)
    if list(looks) != sorted(set(looks)):
        raise InputError(f"looks must rise, not {shown(list(looks))}")
    if margin is not None and not (isinstance(margin, int | float) and 0 < margin <= MARGIN):
        raise InputError(f"margin lies between 0 and {MARGIN:g}, not {shown(margin)}")
