"""What a test says of a pair of contestants, in words."""

from .. import stats


def verdict(told: stats.Told, first: str, second: str, n: int) -> str:
    """The sentence of `stats.told` on a pair of n seeds: "a lower than b", or "cannot tell"."""
    if told:
        return f"{first} {told} than {second}"
    return f"cannot tell with {n} seed{'s' * (n != 1)}"


def by_sign_flips(told: stats.Told, first: str, second: str, n: int, comparisons: int) -> str:
    """The same for a sign-flip test after Holm, which needs a number of seeds to say anything.

    comparisons: in the family. ValueError: no comparisons.
    """
    needed = stats.seeds_to_attain(comparisons)
    if told or n >= needed:
        return verdict(told, first, second, n)
    return f"cannot tell with {n} seed{'s' * (n != 1)} (needs {needed})"
