"""Where a log axis has its numbers."""

import math
from typing import cast

import numpy as np
from matplotlib.axis import Axis, XAxis
from matplotlib.ticker import Locator, MaxNLocator

APART = {"x": 0.4, "y": 0.2}  # inches between two numbers, at least


class PlainTicks(Locator):
    """Four to eight round numbers of a log axis, whatever its span; fewer where it is short."""

    FEWEST, MOST = 4, 8
    WITHIN = ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9))

    def __call__(self) -> list[float]:
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        """The ticks between two positive ends."""
        low, high = sorted((max(vmin, 1e-300), max(vmax, 1e-300)))
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        fewest, most = self._room()
        fitting: list[float] = []
        for digits in self.WITHIN:
            found = [float(f"{digit}e{decade}") for decade in decades for digit in digits]
            found = [tick for tick in found if low <= tick <= high]
            if len(found) <= most:
                fitting = found
            if len(found) >= fewest:
                return fitting if len(fitting) > 1 else found[:: math.ceil(len(found) / most)]
        return [tick for tick in MaxNLocator(most).tick_values(low, high) if low <= tick <= high]

    def _room(self) -> tuple[int, int]:
        """The fewest and the most ticks of an axis as long as this one."""
        if self.axis is None:
            return self.FEWEST, self.MOST
        axis = cast(Axis, self.axis)
        name = "x" if isinstance(axis, XAxis) else "y"
        box, dpi = axis.axes.get_window_extent(), axis.axes.figure.dpi
        length = (box.width if name == "x" else box.height) / dpi
        most = int(np.clip(length / APART[name], 2, self.MOST))
        return min(self.FEWEST, most), most
