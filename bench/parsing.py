"""What users write (models, seeds, budgets, settings) into what the plan is made of.

Each function raises InputError, in one line that says what would be right.
"""

import re

from gan_zoo import catalog as zoo

from .catalog import require
from .errors import InputError, shown
from .limits import COUNTS
from .trial import Contestant


def parse_models(text: str) -> list[Contestant]:
    """ "gan,dcgan@paper,mine=wgangp" -> contestants; a name alone is its own label."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, named, reference = part.rpartition("=")
        model, _, preset = reference.partition("@")
        if model in zoo.MODELS:
            if preset:
                require(preset, zoo.MODELS[model].presets, f"{model} preset")
        elif ":" not in model:
            raise InputError(zoo.unknown("model", model, zoo.MODELS))
        default = reference if model in zoo.MODELS else model.rpartition(":")[2].lower()
        found.append(Contestant(label if named else default, model, preset or None))
    return found


def parse_seeds(text: str) -> tuple[int, ...]:
    """ "3" -> (0, 1, 2); "0,4,7" -> (0, 4, 7)."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise InputError(f"seeds are a number of them (3) or a list (0,4,7), not {shown(text)}")
    numbers = tuple(int(part) for part in parts)
    if len(numbers) == 1 and numbers[0] > COUNTS["seeds"]:
        raise InputError(f"seeds are at most {COUNTS['seeds']:,}, not {numbers[0]:,} of them")
    seeds = tuple(range(numbers[0])) if len(numbers) == 1 else numbers
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError(f"seeds must be at least one, each named once, not {shown(text)}")
    return seeds


def parse_images(text: str) -> int:
    """ "256k" -> 256,000; k = 1,000, M = 1,000,000."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([kM]?)", text.strip())
    images = round(float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]) if match else 0
    if images < 1:
        raise InputError(f"images are a count such as 25600, 256k or 1.5M, not {shown(text)}")
    return images


def short(images: int) -> str:
    """256,000 -> "256k"."""
    return f"{images // 1000}k" if images % 1000 == 0 else str(images)


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
