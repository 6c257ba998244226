"""How to read a figure, in words."""

from typing import NamedTuple

from ..tables.protocol import title, unit


class Reading(NamedTuple):
    """What a figure shows, for those who cannot see it, and how to read it, for those who can.

    {unit} stands for "images" or "points", and {metric} for the title of the primary metric.
    """

    shows: str
    how: str

    def on(self, dataset: str) -> "Reading":
        """The words for one data set."""
        words = {"unit": unit(dataset), "metric": title(dataset)}
        return Reading(*(text.format(**words) for text in self))
