"""The claims as text: a table for the terminal, and claims.md."""

import pandas as pd

from ..formats import Table, plain, safe
from ..stats import seeds_to_attain
from ..words import number, span
from . import NEEDS, looked_at, missing

HEADS = ["claim", "what was said", "data set", "verdict", "effect [95 %]", "claimed", "n"]
MARKS = {
    "supported": "✔ supported",
    "contradicted": "✘ contradicted",
    "cannot tell": "? cannot tell",
}


def board(table: pd.DataFrame) -> Table:
    """The table of `claims.judged` as a person reads it."""
    return Table("What was said, and what these runs say of it", HEADS, _rows(table), table)


def _rows(table: pd.DataFrame) -> list[list[str]]:
    return [
        [
            str(row["claim"]),
            str(row["statement"]),
            str(row["dataset"]) or "–",
            mark(row),
            effect(row),
            str(row["claimed"]) if row["n"] or isinstance(row["claimed"], str) else "–",
            str(row["n"]),
        ]
        for _, row in table.iterrows()
    ]


def mark(row: pd.Series) -> str:
    """The verdict, with what a warning leaves of it."""
    warned = bool(row["warning"]) and row["verdict"] != "cannot tell"
    return MARKS[row["verdict"]] + " in the middle" * warned


def effect(row: pd.Series) -> str:
    """The effect with its unit and interval; the note where there is no effect."""
    if pd.isna(row["effect"]):
        return str(row["note"]) or "–"
    factor = "×" * (row["unit"] == "ratio")
    name = "" if factor else f" {row['unit']}"
    return f"{factor}{number(row['effect'])} {span(row['low'], row['high'])}".strip() + name


def tally(table: pd.DataFrame) -> str:
    """The numbers of claims, of rows and of each verdict, and how many also have q < 0.05."""
    looked = looked_at(table)
    counts = looked["verdict"].value_counts()
    parts = [f"{counts.get(name, 0)} {name}" for name in MARKS]
    decided = looked[looked["verdict"] != "cannot tell"]
    sure = int((decided["q"] < 0.05).sum())
    rows = f"{len(looked)} row{'s' * (len(looked) != 1)}"
    every = len({*NEEDS, *table["claim"]})  # ours, and those of one's own
    text = f"{looked['claim'].nunique()} of {every} claims, {rows}: {', '.join(parts)}. "
    text += f"{sure} of the {len(decided)} that are decided also have q < 0.05."
    return text


def unspoken(table: pd.DataFrame) -> str:
    """The claims that no folder answers, with what they need; "" where there is none."""
    absent = missing(table)
    if not absent:
        return ""
    listed = "; ".join(f"{number} ({NEEDS[number]})" for number in absent)
    return f"These runs cannot speak to claim{'s' * (len(absent) > 1)} {listed}."


READING = (
    "One row for each part of a claim and data set. Each seed gives one number; the effect is "
    "their mean, of ratios the geometric mean. A verdict is given only where the whole interval "
    "lies on one side of the margin, which was fixed before the runs (but for the second scale "
    "of claim 14, added after the first had been seen): *supported* on the claimed side, "
    "*contradicted* on the other, else *cannot tell*. The interval inverts the sign-flip test "
    f"over seeds, so that fewer than {seeds_to_attain(1)} seeds can never decide; from 9 "
    'seeds on the interval of the median must say the same. A verdict speaks of the middle: "in '
    'the middle" is added where a seed lies apart, or where the seeds take so few values that rare '
    "exceptions are not excluded. *Cannot tell* does not mean that there is no effect. Claim 16 is "
    "judged by the median and its exact interval. Each row is "
    "decided by itself at 95 %: where the true effect is the margin itself, one row in twenty "
    "gets a verdict by chance. `q` (Benjamini and Hochberg, over the rows) is about the whole "
    "table: of the rows with q < 0.05, at most one in twenty is expected to be wrong. Where "
    "final quality is compared (claims 1, 2, 4, 9, 12, 15, 16), a diverged or failed trial "
    "counts as worse than any finished one, or as one without a mode or label; in claim 13 a "
    "diverged trial counts as an explosion. All else is measured on finished trials, and the "
    "number of lost ones is given beside it. `planned_power` is the effect, in standard "
    "deviations over seeds, that n seeds show with 80 % power."
)


def markdown(table: pd.DataFrame) -> str:
    """claims.md: the table, how to read it, and each claim's source, rule and runs."""
    lines = ["# What was said, and what the runs say of it", "", tally(table), ""]
    lines += [*plain(HEADS, _rows(table)), "", READING, ""]
    if absent := unspoken(table):
        lines += [safe(absent), ""]
    lines += ["## Sources, rules, runs", ""]
    for (claim, part), own in table.groupby(["claim", "part"], sort=False):
        first = own.iloc[0]
        name = f"**{claim}**" + f" ({safe(part)})" * bool(part)
        lines += [f"- {name}: {safe(first['statement'])}.", f"  Source: {safe(first['source'])}."]
        lines += [f"  Rule: {safe(first['rule'])}."]
        for _, row in looked_at(own).iterrows():
            note = f"; {safe(row['note'])}" * bool(row["note"])
            lines += [f"  On {safe(row['dataset'])}: {safe(row['runs'])}{note}."]
    return "\n".join([*lines, ""])
