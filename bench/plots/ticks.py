"""Where a log axis has its numbers."""

import math

from matplotlib.ticker import Locator, MaxNLocator


class PlainTicks(Locator):
    """Four to eight round numbers of a log axis, whatever its span."""

    FEWEST, MOST = 4, 8
    WITHIN = ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9))

    def __call__(self) -> list[float]:
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        """The ticks between two positive ends."""
        low, high = sorted((max(vmin, 1e-300), max(vmax, 1e-300)))
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digits in self.WITHIN:
            found = [float(f"{digit}e{decade}") for decade in decades for digit in digits]
            found = [tick for tick in found if low <= tick <= high]
            if len(found) >= self.FEWEST:
                return found[:: math.ceil(len(found) / self.MOST)]
        return [tick for tick in MaxNLocator(6).tick_values(low, high) if low <= tick <= high]
