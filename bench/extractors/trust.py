"""How far a classifier can be trusted as a judge, by its accuracy on held-out images.

Their number is asked too: a high share of few images is not enough, nor is a low one of many.
"""

GOOD_JUDGE = 0.8  # the share of images that a good judge is surely right on
JUDGE = 0.5  # and any judge: below, its features may know as little as its answers


def surely_right(accuracy: float, held_out: int) -> tuple[float, float]:
    """The 95 % interval of the share that it is right on (Wilson 1927)."""
    from scipy.stats import binomtest  # half a second, which training need not wait for

    share = binomtest(round(accuracy * held_out), held_out).proportion_ci(0.95, "wilson")
    return share.low, share.high


def is_judge(accuracy: float, held_out: int) -> bool:
    """Can a headline stand on what it sees?"""
    return surely_right(accuracy, held_out)[0] > JUDGE


def weakness(accuracy: float, held_out: int) -> str:
    """Why a classifier of such a held-out accuracy is no good judge; "" if it is one."""
    low, high = surely_right(accuracy, held_out)
    if low > GOOD_JUDGE:
        return ""
    return (
        f"right on {accuracy:.0%} of {held_out:,} held-out images, so on {low:.0%} to "
        f"{high:.0%} of others (95 % interval)"
    )
