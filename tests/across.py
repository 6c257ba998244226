"""The same five models on several data sets, and for longer: what holds on all (docs/sets.md)."""

from pathlib import Path

import pandas as pd

import bench
from bench.formats import plain
from bench.words import number

ROOT = Path(__file__).parent.parent
SETS = {
    "mnist5k": "reference-mnist5k",
    "mnist5k, until decided": "reference-mnist5k-decided",
    "MNIST": "reference-mnist",
    "Fashion-MNIST": "reference-fashion",
}
LONG = "reference-mnist5k-long"
AT = (256_000, 512_000, 1_024_000)  # images
STAND = ("Told both times", "Told the other way round", "Told only now", "Told only before")


def table() -> str:
    """A row a pair, a column a folder: the ratio of FIDs a / b, its seeds, and whether it is told.

    a is the one that ranks first in the first folder.
    """
    found = {name: _pairs(ROOT / "results" / folder) for name, folder in SETS.items()}
    rows = [
        [f"{a} / {b}", *(_cell(pairs, a, b) for pairs in found.values())]
        for a, b in next(iter(found.values()))
    ]
    return "\n".join(plain(["FID of", *SETS], rows))


def longer() -> str:
    """A row a model: its mean FID after each of AT images, and its rank among them."""
    fid = _fid(LONG)
    means = fid.groupby(["model", "images"])["value"].mean().unstack().loc[:, list(AT)]
    ranks = means.rank().astype(int)
    names = means.sort_values(AT[-1]).index
    rows = [
        [str(name), *(f"{number(means.at[name, at])} ({ranks.at[name, at]})" for at in AT)]
        for name in names
    ]
    return "\n".join(plain(["model", *(f"{at:,} images" for at in AT)], rows))


def against_longer() -> str:
    """Which verdicts of the default budget stand after LONG, turn round, or are new."""
    before = _pairs(ROOT / "results" / SETS["mnist5k, until decided"])
    after = _pairs(ROOT / "results" / LONG)
    found: dict[str, list[str]] = {name: [] for name in STAND}
    for pair, (_, told, _) in before.items():
        now = _turned(after, *pair)[1]
        stands, turned, new, lost = STAND
        name = new if not told else lost if not now else turned
        first = pair if (now or told) == "lower" else pair[::-1]
        found[stands if now == told else name].append(" below ".join(first))
    return "\n".join(f"- {name}: {', '.join(sorted(of)) or 'none'}." for name, of in found.items())


def the_same() -> tuple[int, int]:
    """Of how many trials the FID at the default budget is the default run's, bit for bit."""
    keys = ["model", "seed", "images"]
    short = _fid(SETS["mnist5k"]).query(f"images == {AT[0]}").set_index(keys)["value"]
    found = _fid(LONG).set_index(keys)["value"].reindex(short.index)
    return int((found == short).sum()), len(short)


def _fid(folder: str) -> pd.DataFrame:
    return bench.load(ROOT / "results" / folder).curve("fid")


def held() -> str:
    """The pairs that are told apart in the same direction in every folder, in a sentence."""
    found = [_pairs(ROOT / "results" / folder) for folder in SETS.values()]
    same = [
        f"{a} / {b}"
        for a, b in found[0]
        if {_turned(pairs, a, b)[1] for pairs in found} in ({"lower"}, {"higher"})
    ]
    return f"Told apart in every column: {', '.join(same)} ({len(same)} of {len(found[0])})."


Pairs = dict[tuple[str, str], tuple[float, str, int]]
MIRRORED = {"lower": "higher", "higher": "lower", "": ""}


def _pairs(folder: Path) -> Pairs:
    rows = bench.load(folder).comparisons
    rows = rows[rows["outcome"] == "primary"].fillna({"told": ""})
    return {
        (row["model_a"], row["model_b"]): (row["ratio"], row["told"], int(row["n"]))
        for _, row in rows.iterrows()
    }


def _turned(pairs: Pairs, a: str, b: str) -> tuple[float, str, int]:
    if (a, b) in pairs:
        return pairs[a, b]
    ratio, told, n = pairs[b, a]
    return 1 / ratio, MIRRORED[told], n


def _cell(pairs: Pairs, a: str, b: str) -> str:
    ratio, told, n = _turned(pairs, a, b)
    return f"{number(ratio)}, {told or 'cannot tell'} ({n})"
