"""The colour of each contestant, on paper and on a dark screen. Imports nothing heavy."""

# Okabe and Ito's colours, told apart with every common colour blindness.
OWN = {
    "gan": "#E69F00",
    "cgan": "#CC79A7",
    "dcgan": "#009E73",
    "wgan": "#56B4E9",
    "wgangp": "#0072B2",
}
# For further labels: what is left of Okabe and Ito's, then Tol's muted ones.
REST = [
    *("#D55E00", "#332288", "#882255", "#999933", "#117733", "#88CCEE", "#AA4499", "#661100"),
    *("#6699CC", "#44AA99", "#888888", "#DDCC77"),
    # Beyond 17 labels no palette is safe for all eyes: seaborn's color_palette("husl", 9).
    *("#f77189", "#d58c32", "#a4a031", "#50b131", "#34ae91", "#37abb5", "#3ba3ec", "#bb83f4"),
    "#f564d4",
]
INK = "#222222"
DARK = "#1f2124"  # what a figure of the page lies on in its dark mode
SEEN = 3.0  # the least contrast of a line: WCAG 2.2, 1.4.11


def colours(labels: list[str]) -> dict[str, str]:
    """One colour a contestant: the five names keep theirs, others take the rest in order."""
    others = [label for label in labels if label not in OWN]
    extra = {label: REST[i % len(REST)] for i, label in enumerate(others)}
    return {label: OWN.get(label, extra.get(label, INK)) for label in labels}


def on_dark(colour: str) -> str:
    """The colour, mixed with as little white as makes it SEEN on DARK."""
    for share in range(0, 101, 5):
        mixed = [round(c + (255 - c) * share / 100) for c in _channels(colour)]
        found = "#" + "".join(f"{channel:02x}" for channel in mixed)
        if contrast(found, DARK) >= SEEN:
            return found
    return "#ffffff"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    shares = (channel / 255 for channel in _channels(colour))
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
