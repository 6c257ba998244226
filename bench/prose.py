"""What a results folder says, in sentences, and as the page of text that a terminal shows."""

import math

import pandas as pd

from .catalog import METRICS, primary_metric
from .checks import UNTRAINED
from .errors import printable
from .findings import Findings
from .protocol import datasets, final, title, unit
from .reading import CAVEAT, SECONDARY
from .records import Results
from .stats import seeds_to_attain
from .tables import HANDED_LABELS, IQM_FROM

NONE = "\u2013"  # an en dash: there is no such number
ROWS = 12  # the most models or pairs that a terminal shows; the rest is in the .csv files


def number(value: object, digits: int = 3) -> str:
    """A number to three significant digits, without exponent where it can be read without."""
    try:
        x = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return NONE
    if math.isnan(x):
        return NONE
    if math.isinf(x):
        return "∞" if x > 0 else "-∞"
    if x == 0:
        return "0"
    if abs(x) < 1e-4 or abs(x) >= 1e7:
        return f"{x:.{digits - 1}e}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    return f"{x:,.{decimals}f}"


def span(low: object, high: object) -> str:
    """An interval in brackets, nothing where there is none."""
    ends = [number(low), number(high)]
    return "" if ends == [NONE, NONE] else f"[{ends[0]}, {ends[1]}]"


def budget(results: Results) -> str:
    """The images of the plan, as 256k or 2.56M."""
    images = int(results.experiment["images"])
    if images >= 1_000_000:
        return f"{images / 1e6:g}M"
    return f"{images / 1000:g}k" if images >= 1000 else str(images)


def done(row: pd.Series, what: str = "") -> str:
    """Finished of started, and what became of the others: "2 of 3 seeds finished (1 diverged)"."""
    ends = ("diverged", "failed", "unsuited", "interrupted", "damaged")
    lost = ", ".join(f"{row[end]} {end}" for end in ends if row[end] > 0)
    return f"{row['finished']} of {row['started']}" + what + f" ({lost})" * bool(lost)


def headline(findings: Findings, dataset: str) -> str:
    """The answer in one sentence or two, with what it stands on."""
    table = findings.models(dataset)
    table = table[table["rank"].notna()]
    if table.empty:
        return f"On {dataset}, no trial has finished with an {title(dataset)}."
    best, value = table.iloc[0], number(table[f"{primary_metric(dataset)}_mean"].iloc[0])
    text = f"On {dataset} after {budget(findings.results)} {unit(dataset)}, {best['model']} has "
    text += f"the lowest mean {title(dataset)}: {value}, {done(best, ' seeds')}."
    return text + " " + separation(findings, dataset)


def separation(findings: Findings, dataset: str) -> str:
    """How many pairs can be told apart, and why not more."""
    pairs = findings.pairs(dataset)
    if pairs.empty:
        return "There is no other to compare it with."
    told = int((~pairs["verdict"].str.startswith("cannot")).sum())
    family = int(pairs["p"].notna().sum())
    if len(pairs) == 1:
        text = f"The pair {'can' if told else 'cannot'} be told apart"
    else:
        text = f"{told or 'None'} of {len(pairs)} pairs can be told apart"
    text += " (sign-flip test over seeds, Holm)."
    n, needed = int(pairs["n"].max()), seeds_to_attain(max(family, 1))
    if n < needed:
        text += f" {n} seed{'s' * (n != 1)} can never show a difference; {needed} could."
    return text


def estimate(row: pd.Series, metric: str) -> str:
    """The mean of a metric and its interval, as far as there are any."""
    interval = span(row[f"{metric}_low"], row[f"{metric}_high"])
    return f"{number(row[f'{metric}_mean'])} {interval}".strip()


def secondary(row: pd.Series, metric: str) -> str:
    """The mean of a metric, with a dagger where a model was handed what it measures."""
    told = bool(row["conditional"]) and metric in HANDED_LABELS
    return number(row[f"{metric}_mean"]) + "†" * told


def model_sentence(row: pd.Series) -> str:
    """One contestant: rank, primary metric, its interval, what finished, what it cost."""
    metric, name = primary_metric(row["dataset"]), title(row["dataset"])
    if pd.isna(row["rank"]):
        return f"{row['model']} has no final {name}: {done(row, ' seeds finished')}."
    text = f"{row['rank']}. {row['model']}: {name} {estimate(row, metric)}"
    text += f", {done(row, ' seeds finished')}"
    start = number(row[f"{metric}_to_untrained"], 2)
    text += f", {start} of its untrained {name}" * (start != NONE)
    return text + f", {number(row['seconds'])} s a trial."


def power(pair: pd.Series) -> str:
    """How many seeds would show a difference like this one, as far as these can tell."""
    seeds = pair["seeds_for_power"]
    if seeds < 100:
        return f"{seeds:.0f}"
    return "100 or more" if pair["n"] > 1 else NONE


def limits(findings: Findings, dataset: str) -> list[str]:
    """What this run cannot tell, a sentence each."""
    table, pairs = findings.models(dataset), findings.pairs(dataset)
    found = []
    family = int(pairs["p"].notna().sum())
    n, needed = int(pairs["n"].max()) if family else 0, seeds_to_attain(max(family, 1))
    if 0 < n < needed:
        least = min(1.0, family * 2.0 ** (1 - n))
        text = f"Of {n} seed{'s' * (n > 1)} the least p that {family} pair{'s' * (family > 1)} can "
        text += f"reach is {number(least, 2)} after Holm; {needed} seeds could reach 0.05, "
        found.append(text + "if the difference is large beside its spread.")
    apart = int(pairs["verdict"].str.contains(" than ", regex=False).sum())
    if apart < len(pairs):
        found.append("A pair that cannot be told apart has not been shown to be equal.")
    lost = table[table["finished"] < table["started"]]
    for _, row in lost.iterrows():
        found.append(f"{row['model']}: {done(row, ' seeds finished')}; means leave the others out.")
    told = list(table.loc[table["conditional"], "model"])
    if told:
        names = ", ".join(told)
        found.append(f"† {names}: handed the labels, so modes and mode KL are not comparable.")
    return [*found, CAVEAT[primary_metric(dataset)]]


def protocol(findings: Findings, dataset: str) -> str:
    """How the primary metric was measured."""
    rows = findings.models(dataset)
    rows = rows[rows["features"].notna()]
    if rows.empty:
        return "not measured"
    row = rows.iloc[0]
    return f"{row['features']}, {row['samples']:,} samples against {row['reference']}"


def markdown(results: Results) -> str:
    """summary.md: at most some 60 lines a data set, to be read in a terminal."""
    return text_of(Findings(results))


def text_of(findings: Findings) -> str:
    """`markdown` from tables that are there already."""
    sections = [_section(findings, dataset) for dataset in datasets(findings.results)]
    return "\n".join(line for section in sections for line in section)


def _section(findings: Findings, dataset: str) -> list[str]:
    table = findings.models(dataset)
    shown = f"{budget(findings.results)} {unit(dataset)}"
    lines = [f"# {_safe(dataset)}, {shown}", "", _safe(headline(findings, dataset)), ""]
    lines += [f"- {_safe(model_sentence(row))}" for _, row in table.head(ROWS).iterrows()]
    lines += ["", *_models(findings, dataset, table.head(ROWS)), ""]
    if len(table) > ROWS:
        lines[-1:] = [f"and {len(table) - ROWS} more in summary.csv", ""]
    lines += [*_pairs(findings.pairs(dataset), title(dataset)), ""]
    lines += [f"Scale ({title(dataset)}): {_scale(findings, dataset)}."]
    agreement = findings.agreement
    lines += map(_safe, agreement.loc[agreement["dataset"] == dataset, "sentence"])
    lines += [f"Matched: {_matched(findings, dataset)}."]
    return [*lines, f"Protocol of {title(dataset)}: {_safe(protocol(findings, dataset))}.", ""]


def _models(findings: Findings, dataset: str, table: pd.DataFrame) -> list[str]:
    metric = primary_metric(dataset)
    beside = findings.measured(dataset, SECONDARY[metric])
    values = final(findings.results, metric, dataset)
    heads = ["rank", "model", f"{title(dataset)}, mean [95 % t]", "every seed", "finished"]
    seeds = int(max(table["finished"].max(), 0))
    heads += ["IQM"] * (seeds >= IQM_FROM)
    heads += [METRICS[name].title for name in beside] + ["s a trial"]
    rows = []
    for _, row in table.iterrows():
        own = values.loc[values["model"] == row["model"], "value"]
        every = " ".join(number(v) for v in own)
        cells = [NONE if pd.isna(row["rank"]) else str(row["rank"]), _safe(str(row["model"]))]
        cells += [estimate(row, metric), every, done(row)]
        cells += [number(row[f"{metric}_iqm"])] * (seeds >= IQM_FROM)
        cells += [secondary(row, name) for name in beside]
        rows.append([*cells, number(row["seconds"])])
    return _table(heads, rows)


def _pairs(pairs: pd.DataFrame, title: str) -> list[str]:
    if pairs.empty:
        return ["No pairs to compare."]
    heads = ["pair", f"{title} ratio [interval]", "n", "Holm p", "verdict", "seeds for power .8"]
    rows = [
        [
            _safe(f"{row['model_a']} / {row['model_b']}"),
            f"{number(row['ratio'])} {span(row['ratio_low'], row['ratio_high'])}".strip(),
            str(row["n"]),
            number(row["holm_p"], 2),
            _safe(row["verdict"]),
            power(row),
        ]
        for _, row in pairs.head(ROWS).iterrows()
    ]
    rest = len(pairs) - ROWS
    return _table(heads, rows) + [f"and {rest} more in comparisons.csv"] * (rest > 0)


def _scale(findings: Findings, dataset: str) -> str:
    levels = findings.scale
    levels = levels[levels["dataset"] == dataset]
    usual = levels["samples"].mode()
    texts = []
    for _, row in levels.iterrows():
        other = len(usual) and row["samples"] != usual.iloc[0]
        note = f" ({row['samples']:,} samples)" * bool(other)
        ends = f" ({number(row['low'])} to {number(row['high'])})" * (row["level"] == UNTRAINED)
        texts.append(f"{_safe(row['level'])} {number(row[primary_metric(dataset)])}{ends}{note}")
    return " < ".join(texts) or "not measured"


def _matched(findings: Findings, dataset: str) -> str:
    streams = findings.matched
    streams = streams[streams["dataset"] == dataset]
    return "; ".join(_safe(f"{s.stream} {s.verdict}") for s in streams.itertuples()) or "unknown"


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    padded = [[c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in lines]
    return ["| " + " | ".join(line) + " |" for line in padded]


def _safe(text: str) -> str:
    """Text that is no markup in Markdown or HTML, on one line."""
    for mark, escaped in (("|", "\\|"), ("<", "&lt;"), ("`", "\\`"), ("*", "\\*"), ("](", "]\\(")):
        text = text.replace(mark, escaped)
    return printable(text)
