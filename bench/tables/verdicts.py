"""What a test says of a pair of contestants, in words."""

from .. import stats

NOT_EQUAL = "A pair that cannot be told apart has not been shown to be equal."


def verdict(
    told: stats.Told, first: str, second: str, n: int, warning: str = "", middle: bool = True
) -> str:
    """The sentence of `stats.told` on a pair of n seeds: "a lower than b", or "cannot tell".

    warning: of `warnings`, why that is not all that there is to say. middle: is it said of the
    middle of the scores, and not of their ranks?
    """
    if told:
        joined = " in the middle, but " if middle else ": "
        return f"{first} {told} than {second}" + f"{joined}{warning}" * bool(warning)
    return f"cannot tell with {n} seed{'s' * (n != 1)}" + f": {warning}" * bool(warning)
