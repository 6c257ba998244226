"""What a test says of a pair of contestants, in words."""

from .. import stats


def verdict(told: stats.Told, first: str, second: str, n: int, comparisons: int) -> str:
    """The sentence of `stats.told` on a pair: "a lower than b", or why that cannot be told.

    n: the seeds of the pair; comparisons: in the family. ValueError: no comparisons.
    """
    needed = stats.seeds_to_attain(comparisons)
    if told:
        return f"{first} {told} than {second}"
    if n < needed:
        return f"cannot tell with {n} seed{'s' * (n != 1)} (needs {needed})"
    return f"cannot tell (not significant at n = {n})"
