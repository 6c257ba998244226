"""What a test says of a pair of contestants, in words."""

from .. import stats

NOT_EQUAL = "A pair that cannot be told apart has not been shown to be equal."


def verdict(told: stats.Told, first: str, second: str, n: int, warning: str = "") -> str:
    """The sentence of `stats.told` on a pair of n seeds: "a lower than b", or "cannot tell".

    warning: of `warnings`, why the middle of the scores is not all that there is to say.
    """
    if told:
        return f"{first} {told} than {second}" + f" in the middle, but {warning}" * bool(warning)
    return f"cannot tell with {n} seed{'s' * (n != 1)}" + f": {warning}" * bool(warning)
