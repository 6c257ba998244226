"""A results folder as one page of text, to be read in a terminal."""

import pandas as pd

from ..analysis import Analysis
from ..datasets import primary_metric
from ..formats import plain, safe
from ..tables.protocol import datasets, title, unit
from ..tables.reported_losses import sentences
from ..tables.scale import UNTRAINED
from ..words import number
from .cells import model_table, pair_table
from .looked import looks
from .prose import (
    agreement,
    alarmed,
    budget,
    headline,
    learnt_nothing,
    model_sentence,
    noise,
    protocol,
    reach,
)

ROWS = 12  # the most models or pairs that a terminal shows; the rest is in the .csv files


def text_of(analysis: Analysis) -> str:
    """summary.md: at most some 60 lines a data set."""
    sections = [_section(analysis, dataset) for dataset in datasets(analysis.results)]
    return "\n".join(line for section in sections for line in section)


def _section(analysis: Analysis, dataset: str) -> list[str]:
    table = analysis.models(dataset)
    shown = f"{budget(analysis.results)} {unit(dataset)}"
    lines = [f"# {safe(dataset)}, {shown}", "", safe(headline(analysis, dataset)), ""]
    lines += [f"- {safe(model_sentence(row))}" for _, row in table.head(ROWS).iterrows()]
    lines += ["", *plain(*model_table(analysis, dataset, table.head(ROWS))), ""]
    if len(table) > ROWS:
        lines[-1:] = [f"and {len(table) - ROWS} more in summary.csv", ""]
    lines += [*_pairs(analysis.pairs(dataset), title(dataset)), ""]
    lines += [f"Scale ({title(dataset)}): {_scale(analysis, dataset)}."]
    lines += map(safe, agreement(analysis, dataset))
    lines += [noise(analysis, dataset)]
    lines += map(safe, sentences(analysis.reported, dataset))
    lines += map(
        safe,
        [
            *filter(None, [reach(analysis, dataset)]),
            *looks(analysis),
            *learnt_nothing(table, dataset),
        ],
    )
    lines += [f"Matched: {_matched(analysis, dataset)}.", *map(safe, alarmed(table))]
    return [*lines, f"Protocol of {title(dataset)}: {safe(protocol(analysis, dataset))}.", ""]


def _pairs(pairs: pd.DataFrame, title: str) -> list[str]:
    if pairs.empty:
        return ["No pairs to compare."]
    rest = len(pairs) - ROWS
    lines = plain(*pair_table(pairs.head(ROWS), title))
    return lines + [f"and {rest} more in comparisons.csv"] * (rest > 0)


def _scale(analysis: Analysis, dataset: str) -> str:
    levels = analysis.scale
    levels = levels[levels["dataset"] == dataset]
    usual = levels["samples"].mode()
    texts = []
    for _, row in levels.iterrows():
        other = len(usual) and row["samples"] != usual.iloc[0]
        note = f" ({row['samples']:,} samples)" * bool(other)
        ends = f" ({number(row['low'])} to {number(row['high'])})" * (row["level"] == UNTRAINED)
        texts.append(f"{safe(row['level'])} {number(row[primary_metric(dataset)])}{ends}{note}")
    return " < ".join(texts) or "not measured"


def _matched(analysis: Analysis, dataset: str) -> str:
    streams = analysis.matched
    streams = streams[streams["dataset"] == dataset]
    return "; ".join(safe(f"{s.stream} {s.drawn}") for s in streams.itertuples()) or "unknown"
