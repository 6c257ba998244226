"""extensions.json: the figures and claims of a user's own that a folder was reported with.

They change no record, only what is made of the records, so they stand beside the trials: for each
its reference, the hash of its code, and whether the page has it.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import Damaged, InputError
from ..extensions import portable
from ..files import read_json
from .writing import write_facts

NAME = "extensions.json"


@dataclass(frozen=True)
class Recorded:
    """A figure or a claim of a user's own."""

    reference: str
    kind: str  # figure or claim
    code: dict[str, str] = field(default_factory=dict)
    page: bool = True  # is it for the page too, and not only drawn by itself?

    @property
    def name(self) -> str:
        return portable(self.reference)


def recorded(folder: Path) -> list[Recorded]:
    """What a folder names; raises Damaged."""
    told = f"{folder / NAME} cannot be read: remove it, and name them again with --with"
    try:
        found = read_json(folder / NAME).get("parts", [])
        parts = [Recorded(**entry) for entry in found]
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(told) from error
    for part in parts:
        texts = (part.reference, part.kind, *part.code, *part.code.values())
        if not all(isinstance(text, str) and text.isprintable() for text in texts):
            raise Damaged(told)
    return parts


def record(folder: Path, parts: list[Recorded]) -> None:
    """Write those anew; others of the folder stay. Raises Damaged, InputError for two of a name."""
    known = {part.name: part for part in recorded(folder)}
    for part in parts:
        before = known.get(part.name)
        if before is not None and before.kind != part.kind:
            raise InputError(f"{folder} has a {before.kind} {part.name} already: rename this one")
        page = part.page or (before is not None and before.page)
        known[part.name] = Recorded(part.reference, part.kind, part.code, page)
    if parts:
        write_facts(folder / NAME, {"parts": [asdict(part) for part in known.values()]})
