"""What a folder names and a report does not have, since its code may not run. Runs none of it."""

from collections.abc import Iterator

from ..analysis import Analysis
from ..records.extensions import recorded


def left_out(analysis: Analysis) -> Iterator[str]:
    """A sentence for each part of the folder's record that this report does not have."""
    here = {*analysis.own_figures, *analysis.own_claims}
    for part in recorded(analysis.results.path):
        if part.page and part.name not in here:
            command = f"bench report DIR --with {part.name}"
            yield f"{part.name}, a {part.kind} of one's own, is left out: {command} runs its code."
