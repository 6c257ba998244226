"""tuned.md: the defaults beside the tuned configurations, in tables and sentences."""

import math

import pandas as pd

from .. import stats
from ..formats import plain
from ..metrics import METRICS
from ..tables.verdicts import NOT_EQUAL
from ..words import NONE, count, duration, number, span
from . import tables
from .protocol import text_of
from .tables import Tuned

ANSWERS = {
    "yes": "The ranking of the defaults survives equal tuning",
    "no": "The ranking of the defaults does not survive equal tuning",
    "cannot tell": "Whether the ranking of the defaults survives equal tuning cannot be told",
}
CHANGES = {
    "kept": "told apart both times, in the same order",
    "reversed": "told apart both times, in opposite order",
    "lost": "no longer told apart",
    "new": "told apart once tuned",
    "none": "told apart neither time",
}


def text(found: Tuned) -> str:
    """The whole page, as Markdown."""
    pairs, gained = tables.survival(found), tables.gains(found)
    title = METRICS[found.rows["metric"].iloc[0]].title
    return "\n\n".join(
        [
            f"# Equal tuning on {found.protocol.dataset}",
            headline(found, pairs),
            budget(found),
            "## Defaults and tuned configurations",
            "\n".join(_gains(gained, title)),
            f"{title}, lower is better: means over {len(found.protocol.plan.seeds)} reporting "
            "seeds, which no choice saw. The interval of each ratio holds for all pairs of this "
            f"report at once. {NOT_EQUAL}",
            "## What was chosen",
            "\n".join(_chosen(gained, title)),
            f"{title} here is of the selection split and seeds, so it cannot be compared with the "
            "table above. That of the chosen configuration is the lowest of many, and so too low "
            "by its luck. `better` counts the drawn configurations that beat the defaults.",
            "![What a search of k configurations finds](best_of_k.png)",
            "## The pairs",
            _pairs(pairs) if len(pairs) else "There are no two contestants to compare.",
            "## The spaces",
            "\n".join(_spaces(found)),
            "",
        ]
    )


def headline(found: Tuned, pairs: pd.DataFrame) -> str:
    """The answer in two or three sentences."""
    if len(found.contestants) < 2:
        return "There is one contestant, so no ranking."
    counts = pairs["change"].value_counts() if len(pairs) else pd.Series(dtype=int)
    told = "; ".join(
        f"{counts[name]} {'is' if counts[name] == 1 else 'are'} {text}"
        for name, text in CHANGES.items()
        if name in counts
    )
    said = tables.answer(list(pairs["change"]) if len(pairs) else [])
    many = f"{len(pairs)} pair{'s' * (len(pairs) != 1)} of contestants"
    lines = [f"{ANSWERS[said]}: of {many}, {told or 'none is compared'}."]
    shifted = pairs[pairs["shifted"] != ""] if len(pairs) else pairs
    named = [f"{row['first']} / {row['second']}" for row in shifted.to_dict("records")]
    if named and len(named) == len(pairs):
        lines.append("Tuning changes the ratio of every pair.")
    elif named:
        lines.append(f"Tuning changes the ratio of {len(named)}: {', '.join(named)}.")
    elif len(pairs):
        lines.append("Of no pair can it be told that tuning changes the ratio.")
    taus = [tau for tau in tables.rank_correlation(found) if math.isfinite(tau)]
    if len(taus) > 1:
        mean = stats.mean_interval(taus)
        lines.append(
            f"Within a seed the two rankings correlate by {number(mean.estimate)} "
            f"{span(mean.low, mean.high)} (Kendall's tau, mean with its 95 % t interval, "
            f"{mean.n} seeds)."
        )
    untuned = [name for name in found.contestants if name not in found.tuned]
    if untuned:
        lines.append(f"All configurations of {', '.join(untuned)} were lost.")
    return " ".join(lines)


def budget(found: Tuned) -> str:
    """What every contestant was given, and what was kept apart."""
    one, rows = found.protocol, found.rows
    drawn = f"{one.configs} configurations, each on {len(one.seeds)} selection seeds"
    took = float(rows["seconds"].sum() + rows["evaluating_seconds"].sum())
    left = "".join(f" {name} is left out: {why}." for name, why in one.left_out.items())
    return (
        f"Every contestant was given the same search: {drawn} with "
        f"{count(found.analysis.results.trials['images'].max())} images a trial in batches of "
        f"{one.plan.batch_size}, drawn at random, the same draws for the fields that contestants "
        f"share. A configuration was trained on four fifths of the training split and measured "
        f"on the rest ({rows['reference'].max()}). The lowest mean of "
        f"{METRICS[rows['metric'].iloc[0]].title} was chosen. Neither the held-out split nor the "
        f"reporting seeds ({', '.join(map(str, one.plan.seeds))}) had a part in it. The search "
        f"took {duration(took)} of training and measuring, {len(rows)} trials.{left}"
    )


def _gains(table: pd.DataFrame, title: str) -> list[str]:
    heads = ["contestant", f"default, {title} [95 % t]", "tuned [95 % t]", "tuned / default"]
    rows = [
        [
            row["contestant"],
            _mean(row, "default"),
            _mean(row, "tuned"),
            _ratio(row, "ratio"),
            row.get("verdict") if isinstance(row.get("verdict"), str) else NONE,
        ]
        for row in table.to_dict("records")
    ]
    return plain([*heads, "verdict"], rows)


def _mean(row: dict[str, float], kind: str) -> str:
    ends = span(row[f"{kind}_low"], row[f"{kind}_high"])
    return f"{number(row[f'{kind}_mean'])} {ends}".strip()


def _chosen(table: pd.DataFrame, title: str) -> list[str]:
    heads = ["contestant", "values", f"{title}, chosen", f"{title}, defaults", "better", "lost"]
    rows = []
    for row in table.to_dict("records"):
        values = row.get("values")
        rows.append(
            [
                row["contestant"],
                values if isinstance(values, str) else NONE,
                number(row["selection_chosen"]),
                number(row["selection_default"]),
                f"{row['better']} of {row['configurations']}",
                str(row["lost"]),
            ]
        )
    return plain(heads, rows)


def _pairs(table: pd.DataFrame) -> str:
    heads = ["pair", "defaults: ratio", "tuned: ratio", "told apart?", "tuned / defaults"]
    rows = [
        [
            f"{row['first']} / {row['second']}",
            _ratio(row, "default_ratio"),
            _ratio(row, "tuned_ratio"),
            CHANGES[row["change"]],
            _ratio(row, "shift"),
        ]
        for row in table.to_dict("records")
    ]
    lines = "\n".join(plain(heads, rows))
    return (
        f"{lines}\n\nThe last ratio is the tuned one divided by that of the defaults, within each "
        "seed: 1 where tuning helps both alike. Its intervals hold for all these pairs at once."
    )


def _ratio(row: dict[str, float], name: str) -> str:
    return f"{number(row[name])} {span(row[f'{name}_low'], row[f'{name}_high'])}".strip()


def _spaces(found: Tuned) -> list[str]:
    own = found.protocol.spaces
    fields = list(dict.fromkeys(name for spaces in own.values() for name in spaces))
    rows = [
        [
            name,
            *(
                text_of(spaces[name]) if name in spaces else "not searched"
                for spaces in own.values()
            ),
        ]
        for name in fields
    ]
    return plain(["field", *own], rows)
