"""The picture of the packages, drawn from the imports as tests/test_layers.py reads them."""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from tests.test_layers import LAYERS, imported, layer, module_name

from .marks import ROOT

PICTURE = ROOT / "docs" / "packages.svg"
ZOO = "gan_zoo"
WIDTH, ROW, BOX, GAP, TOP = 780, 60, 28, 40.0, 14
SWEEPS = 12  # over the rows, each time ordered by where their neighbours stand
LETTER, PAD = 7.4, 22  # pixels: of a letter of the type below, and of a box beside its name
STYLE = """\
    text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #222 }
    .row { fill: #f4f6fa }
    .box { fill: #fff; stroke: #3949ab; stroke-width: 1.2 }
    .zoo { fill: #fff8e1; stroke: #c77800; stroke-width: 1.2 }
    .arrow { fill: none; stroke: #7986cb; stroke-width: 1.1; opacity: .75 }
    .far { fill: none; stroke: #c77800; stroke-width: 1; opacity: .5 }"""

Graph = dict[str, set[str]]
Place = tuple[float, float, float]  # middle, top and width of a box or of a free place


@cache
def graph() -> Graph:
    """Package or module at the top of `bench` -> those that it imports, also inside functions."""
    known = {name for row in LAYERS for name in row}
    found: Graph = {name: set() for name in (*known, ZOO)}
    for path in (ROOT / "bench").rglob("*.py"):
        parts = module_name(path).split(".")
        if len(parts) == 1:
            continue
        for name in imported(path):
            first, *rest = name.split(".")
            if first == ZOO:
                found[parts[1]].add(ZOO)
            elif first == "bench" and rest and rest[0] in known - {parts[1]}:
                found[parts[1]].add(rest[0])
    return found


def reduced(edges: Graph) -> Graph:
    """The edges without those that a longer way implies (the transitive reduction)."""
    below: Graph = {}

    def reach(name: str) -> set[str]:
        if name not in below:
            below[name] = set().union(*({n} | reach(n) for n in edges[name]))
        return below[name]

    for name in edges:
        reach(name)
    return {
        name: {n for n in wanted if not any(n in below[m] for m in wanted - {n})}
        for name, wanted in edges.items()
    }


def routed(edges: Graph) -> tuple[list[list[str]], list[list[str]]]:
    """Rows of names, the lowest first, and for each edge the names that its arrow passes.

    An arrow over several rows passes a free place, "name>other", in each row between.
    """
    rows = [[ZOO], *(sorted(row) for row in LAYERS)]
    at = {name: number for number, row in enumerate(rows) for name in row}
    ways = []
    for name in sorted(edges):
        for other in sorted(edges[name]):
            between = range(at[name] - 1, at[other], -1)
            for row in between:
                rows[row].append(f"{name}>{other}")
            ways.append([name, *(f"{name}>{other}" for _ in between), other])
    return rows, ways


def places(rows: list[list[str]], ways: list[list[str]]) -> dict[tuple[int, str], Place]:
    """(row, name) -> where it stands, ordered within each row so that few arrows cross."""
    level = {name: number for number, row in enumerate(rows) for name in row if ">" not in name}
    beside: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for way in ways:
        steps = [(level[way[0]] - n, name) for n, name in enumerate(way)]
        for upper, lower in pairwise(steps):
            beside.setdefault(upper, []).append(lower)
            beside.setdefault(lower, []).append(upper)
    found = {(n, name): placed for n, row in enumerate(rows) for name, placed in spread(row)}

    def middle(key: tuple[int, str]) -> tuple[float, str]:
        ends = [found[other][0] for other in beside.get(key, [])]
        return (sum(ends) / len(ends) if ends else WIDTH / 2, key[1])

    for sweep in range(SWEEPS):
        for n in range(len(rows)) if sweep % 2 == 0 else reversed(range(len(rows))):
            rows[n] = [name for _, name in sorted(((n, name) for name in rows[n]), key=middle)]
            found |= {(n, name): placed for name, placed in spread(rows[n])}
    tops = [TOP + (len(rows) - 1 - n) * ROW for n in range(len(rows))]
    return {(n, name): (x, tops[n], width) for (n, name), (x, width) in found.items()}


def spread(row: list[str]) -> Iterable[tuple[str, tuple[float, float]]]:
    """The middle and the width of each name of a row, over the whole width of the picture."""
    widths = [12.0 if ">" in name else len(name) * LETTER + PAD for name in row]
    gap = min(GAP, (WIDTH - 40 - sum(widths)) / max(1, len(row) - 1))
    left = (WIDTH - sum(widths) - gap * (len(row) - 1)) / 2
    for name, width in zip(row, widths, strict=True):
        yield name, (left + width / 2, width)
        left += width + gap


def svg() -> str:
    """The picture as text."""
    rows, ways = routed(reduced(graph()))
    at = places(rows, ways)
    height = TOP + len(rows) * ROW
    title = "The packages of gan-bench; an arrow leads from a package to one that it imports"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{title}">',
        f"  <title>{title}</title>",
        f"  <style>\n{STYLE}\n  </style>",
        f'  <rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>',
        *(f"  {band(TOP + row * ROW)}" for row in range(len(rows))),
        *(f"  {arrow(way, rows, at)}" for way in ways),
        *(
            f"  {line}"
            for (_, name), place in sorted(at.items())
            if ">" not in name
            for line in box(name, place)
        ),
    ]
    return "\n".join([*lines, "</svg>", ""])


def band(top: float) -> str:
    return (
        f'<rect class="row" x="10" y="{top - 6}" width="{WIDTH - 20}" height="{BOX + 12}" rx="6"/>'
    )


def arrow(way: list[str], rows: list[list[str]], at: dict[tuple[int, str], Place]) -> str:
    """A curve from the lower edge of a box, through free places, to the upper edge of another."""
    start = next(n for n, row in enumerate(rows) if way[0] in row)
    points = [at[start - n, name][:2] for n, name in enumerate(way)]
    x, y = points[0]
    path = f"M{x:.0f} {y + BOX:.0f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        half = (to_y - y - BOX) / 2
        path += f" C{x:.0f} {y + BOX + half:.0f} {to_x:.0f} {to_y - half:.0f} {to_x:.0f} {to_y:.0f}"
        path += f" V{to_y + BOX:.0f}" * ((to_x, to_y) != points[-1])
    x, y = points[-1]
    kind = "far" if way[-1] == ZOO else "arrow"
    head = f"M{x - 3:.0f} {y - 6:.0f} L{x:.0f} {y:.0f} L{x + 3:.0f} {y - 6:.0f}"
    return f'<path class="{kind}" d="{path} {head}"/>'


def box(name: str, place: Place) -> Iterable[str]:
    x, y, width = place
    kind = "zoo" if name == ZOO else "box"
    yield (
        f'<rect class="{kind}" x="{x - width / 2:.0f}" y="{y:.0f}" width="{width:.0f}" '
        f'height="{BOX}" rx="5"/>'
    )
    yield f'<text x="{x:.0f}" y="{y + BOX / 2 + 4.5:.1f}" text-anchor="middle">{name}</text>'


def listed() -> str:
    """The rows of the picture as a list, the uppermost first, for readers who cannot see it."""
    assert all(layer(name) == n for n, names in enumerate(LAYERS) for name in names)
    lines = [", ".join(f"`{name}`" for name in sorted(row)) for row in reversed(LAYERS)]
    return "\n".join(f"{n}. {line}" for n, line in enumerate([*lines, f"`{ZOO}`"], start=1))
