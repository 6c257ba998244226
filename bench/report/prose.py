"""What a results folder says, in sentences, and as the page of text that a terminal shows."""

import json

import pandas as pd

from ..analysis import Analysis
from ..datasets import primary_metric
from ..formats import plain, safe
from ..metrics import METRICS
from ..records.origins import presets
from ..records.results import Results
from ..stats import seeds_to_attain
from ..tables.protocol import datasets, final, title, unit
from ..tables.reported_losses import sentences
from ..tables.scale import UNTRAINED
from ..tables.summary import HANDED_LABELS, IQM_FROM
from ..words import NONE, count, number, span
from .columns import CAVEAT, SECONDARY

ROWS = 12  # the most models or pairs that a terminal shows; the rest is in the .csv files


def budget(results: Results) -> str:
    """The images of the plan, as 256k or 2.56M."""
    return count(int(results.experiment["images"]))


def done(row: pd.Series, what: str = "") -> str:
    """Finished of started, and what became of the others: "2 of 3 seeds finished (1 diverged)"."""
    ends = ("diverged", "failed", "unsuited", "interrupted", "damaged")
    lost = ", ".join(f"{row[end]} {end}" for end in ends if row[end] > 0)
    return f"{row['finished']} of {row['started']}" + what + f" ({lost})" * bool(lost)


def headline(analysis: Analysis, dataset: str) -> str:
    """The answer in one sentence or two, with what it stands on."""
    table = analysis.models(dataset)
    table = table[table["rank"].notna()]
    if table.empty:
        text = f"On {dataset}, no trial has finished with an {title(dataset)}"
        reason = unmeasured(analysis, dataset).get(primary_metric(dataset))
        return f"{text}: {reason}." if reason else f"{text}."
    best, value = table.iloc[0], number(table[f"{primary_metric(dataset)}_mean"].iloc[0])
    text = f"On {dataset} after {budget(analysis.results)} {unit(dataset)}, {best['model']} has "
    text += f"the lowest mean {title(dataset)}: {value}, {done(best, ' seeds')}."
    return text + " " + separation(analysis, dataset)


def unmeasured(analysis: Analysis, dataset: str) -> dict[str, str]:
    """Metric -> why it could not be measured, in a trial at least."""
    trials = analysis.results.trials.reindex(columns=["dataset", "not_measured"])
    found: dict[str, str] = {}
    for text in trials.loc[trials["dataset"] == dataset, "not_measured"].dropna():
        found |= json.loads(text)
    return found


def separation(analysis: Analysis, dataset: str) -> str:
    """How many pairs can be told apart, and why not more."""
    pairs = analysis.pairs(dataset)
    if pairs.empty:
        return "There is no other to compare it with."
    told = int((pairs["told"] != "").sum())
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


def limits(analysis: Analysis, dataset: str) -> list[str]:
    """What this run cannot tell, a sentence each."""
    table, pairs = analysis.models(dataset), analysis.pairs(dataset)
    found = []
    family = int(pairs["p"].notna().sum())
    n, needed = int(pairs["n"].max()) if family else 0, seeds_to_attain(max(family, 1))
    if 0 < n < needed:
        least = min(1.0, family * 2.0 ** (1 - n))
        text = f"Of {n} seed{'s' * (n > 1)} the least p that {family} pair{'s' * (family > 1)} can "
        text += f"reach is {number(least, 2)} after Holm; {needed} seeds could reach 0.05, "
        found.append(text + "if the difference is large beside its spread.")
    if (pairs["told"] == "").any():
        found.append("A pair that cannot be told apart has not been shown to be equal.")
    found += _alarmed(table)
    lost = table[table["finished"] < table["started"]]
    for _, row in lost.iterrows():
        found.append(f"{row['model']}: {done(row, ' seeds finished')}; means leave the others out.")
    for metric, reason in unmeasured(analysis, dataset).items():
        found.append(f"{METRICS[metric].title} was not measured everywhere: {reason}.")
    found += _with_failures(pairs)
    told = list(table.loc[table["conditional"], "model"])
    if told:
        names = ", ".join(told)
        found.append(f"† {names}: handed the labels, so modes and mode KL are not comparable.")
    return [*found, CAVEAT[primary_metric(dataset)]]


def _alarmed(table: pd.DataFrame) -> list[str]:
    """Who gave an alarm while training, in a sentence, if anyone did."""
    told = [
        f"{row['model']} of {kind} in {row[f'{kind}_alarms']:.0f} of {row['started']} trials"
        for _, row in table.iterrows()
        for kind in ("collapse", "divergence")
        if row[f"{kind}_alarms"] > 0
    ]
    return [f"Alarms while training: {'; '.join(told)}."] if told else []


def _with_failures(pairs: pd.DataFrame) -> list[str]:
    """What becomes of the verdicts where lost trials count, in a sentence, if any was lost."""
    counted = pairs[pairs["verdict_with_failures"].notna()]
    if counted.empty:
        return []
    changed = counted[counted["told"] != counted["told_with_failures"]]
    text = "Diverged and failed trials counted as worse than any finished one (signed ranks, Holm) "
    if changed.empty:
        return [text + "change no verdict."]
    listed = "; ".join(
        f"{row['model_a']} / {row['model_b']}: {row['verdict_with_failures']}"
        for _, row in changed.iterrows()
    )
    return [f"{text}change {len(changed)} of {len(pairs)} verdicts: {listed}."]


def noise(analysis: Analysis, dataset: str) -> str:
    """What a single value of the primary metric varies by, and how much of that is what."""
    table, name = analysis.noise, title(dataset)
    parts = table[(table["dataset"] == dataset) & table["model"].isna()]
    if parts.empty:
        return f"The noise in a single {name} is not known: no model has two finished seeds."
    sd = number(100 * (parts["sd"] ** 2).sum() ** 0.5, 2)
    stands = f"({sd} % sd within a model, {parts['df'].iloc[0]} degrees of freedom)"
    if len(parts) == 1:
        return f"The noise in a single {name} {stands} is not told apart into seed and sample."
    names = list("the " + parts["part"].str.replace(" and ", " and the "))
    names[0] = f"is {names[0]}"
    shares = [f"{100 * x:.0f} % {name}" for x, name in zip(parts["share"], names, strict=True)]
    text = f"Of the noise in a single {name} {stands}, {', '.join(shares)}."
    below = ", ".join(parts.loc[parts["negative"].astype(bool), "part"])
    return text + f" ({below}: estimated below 0, set to 0.)" * bool(below)


def protocol(analysis: Analysis, dataset: str) -> str:
    """How the primary metric was measured."""
    rows = analysis.models(dataset)
    rows = rows[rows["features"].notna()]
    if rows.empty:
        return "not measured"
    row, trials = rows.iloc[0], analysis.results.trials
    trials = trials[trials["dataset"] == dataset].reindex(columns=["extractor_accuracy"])
    right = trials["extractor_accuracy"].dropna()
    known = f" (classifies {right.iloc[0]:.1%} of held-out images rightly)" if len(right) else ""
    return f"{row['features']}{known}, {row['samples']:,} samples against {row['reference']}"


def markdown(results: Results) -> str:
    """summary.md: at most some 60 lines a data set, to be read in a terminal."""
    return text_of(Analysis(results))


def text_of(analysis: Analysis) -> str:
    """`markdown` from tables that are there already."""
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
    agreement = analysis.agreement
    lines += map(safe, agreement.loc[agreement["dataset"] == dataset, "sentence"])
    lines += [noise(analysis, dataset)]
    lines += map(safe, sentences(analysis.reported, dataset))
    lines += [f"Matched: {_matched(analysis, dataset)}.", *map(safe, _alarmed(table))]
    return [*lines, f"Protocol of {title(dataset)}: {safe(protocol(analysis, dataset))}.", ""]


def model_table(
    analysis: Analysis, dataset: str, table: pd.DataFrame
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of text, a row a row of `Analysis.models`."""
    metric = primary_metric(dataset)
    beside = analysis.measured(dataset, SECONDARY[metric])
    values = final(analysis.results, metric, dataset)
    named = presets(analysis.results.experiment)
    apart = any(label != reference for label, reference in named.items())  # of a name of its own
    heads = ["rank", "model", *["preset"] * apart]
    heads += [f"{title(dataset)}, mean [95 % t]", "every seed", "finished"]
    seeds = int(max(table["finished"].max(), 0))
    heads += ["IQM"] * (seeds >= IQM_FROM)
    heads += [METRICS[name].title for name in beside] + ["s a trial"]
    rows = []
    for _, row in table.iterrows():
        own = values.loc[values["model"] == row["model"], "value"]
        every = " ".join(number(v) for v in own)
        cells = [NONE if pd.isna(row["rank"]) else str(row["rank"]), str(row["model"])]
        cells += [named.get(str(row["model"]), NONE)] * apart
        cells += [estimate(row, metric), every, done(row)]
        cells += [number(row[f"{metric}_iqm"])] * (seeds >= IQM_FROM)
        cells += [secondary(row, name) for name in beside]
        rows.append([*cells, number(row["seconds"])])
    return heads, rows


def _pairs(pairs: pd.DataFrame, title: str) -> list[str]:
    if pairs.empty:
        return ["No pairs to compare."]
    rest = len(pairs) - ROWS
    lines = plain(*pair_table(pairs.head(ROWS), title))
    return lines + [f"and {rest} more in comparisons.csv"] * (rest > 0)


def pair_table(pairs: pd.DataFrame, title: str) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of text, a row a row of `Analysis.pairs`."""
    heads = ["pair", f"{title} ratio [interval]", "n", "Holm p", "verdict", "seeds for power .8"]
    counted = bool(pairs["verdict_with_failures"].notna().any())
    heads += ["verdict with failures"] * counted
    rows = []
    for _, row in pairs.iterrows():
        cells = [f"{row['model_a']} / {row['model_b']}"]
        cells += [f"{number(row['ratio'])} {span(row['ratio_low'], row['ratio_high'])}".strip()]
        cells += [str(row["n"]), number(row["holm_p"], 2), row["verdict"], power(row)]
        other = row["verdict_with_failures"]
        rows.append(cells + [other if isinstance(other, str) else NONE] * counted)
    return heads, rows


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
    return "; ".join(safe(f"{s.stream} {s.verdict}") for s in streams.itertuples()) or "unknown"
