"""What a results folder says, in sentences."""

import json
import math

import pandas as pd

from gan_zoo.catalog import BASELINES

from ..analysis import Analysis
from ..datasets import primary_metric
from ..extractors.trust import is_judge, weakness
from ..records.results import Results
from ..tables.pairs import by_seed
from ..tables.protocol import UNTRAINED, metrics, title, undeclared, unit
from ..tables.verdicts import NOT_EQUAL
from ..words import NONE, count, number
from .cells import done, estimate
from .columns import CAVEAT
from .left_out import left_out
from .looked import looked, looks

HELD_OUT = "held-out real"  # the level of the scale that stands on all held-out images
COUNTED = 3  # seeds: "the lowest in 1 of 2" says nothing
NO_GAME = (
    "no game. Its images are those shown to its encoder, and where a discriminator would be "
    "measured it has no value."
)
KNOWN = 4  # degrees of freedom: with fewer, the sd may be off by more than a factor of 3
RANKED = 4  # contestants: two extractors rank 3 alike by chance in 1 of 6 cases, 4 in 1 of 24


def budget(results: Results) -> str:
    """The images of the plan, as 256k or 2.56M."""
    return count(int(results.experiment["images"]))


def headline(analysis: Analysis, dataset: str) -> str:
    """The answer in one sentence or two, with what it stands on."""
    table = analysis.models(dataset)
    table = table[table["rank"].notna()]
    if table.empty:
        text = f"On {dataset}, no trial has finished with an {title(dataset)}"
        reason = unmeasured(analysis, dataset).get(primary_metric(dataset))
        return f"{text}: {reason}." if reason else f"{text}."
    metric, where = primary_metric(dataset), f"On {dataset} after {budget(analysis.results)}"
    where += f" {unit(dataset)},"
    if reason := no_judge(analysis, dataset):
        return f"{where} nothing is said of who is better: {reason}."
    best = table.iloc[0]
    value = number(best[f"{metric}_mean"])
    if len(table) == 1:
        text = f"{where} {best['model']}'s {title(dataset)} is {value}."
    else:
        what = f"mean {title(dataset)}" if best["finished"] > 1 else title(dataset)
        text = f"{where} {lead(analysis, dataset)}{best['model']} has the lowest {what}, "
        text += f"{value}{_wins(analysis, best)}."
    lost = (
        f" {done(best, ' of its trials finished')}." if best["finished"] < best["started"] else ""
    )
    return f"{text}{lost} {separation(analysis, dataset)}"


def no_judge(analysis: Analysis, dataset: str) -> str:
    """Why the classifier that looks at the samples is no judge; "" if it is one, or none is."""
    right, floor = accuracy(analysis, dataset), analysis.scale
    floor = floor[(floor["dataset"] == dataset) & (floor["level"] == HELD_OUT)]["samples"].dropna()
    if right is None or floor.empty or is_judge(right, held_out := int(floor.iloc[0])):
        return ""
    return f"the classifier that {title(dataset)} looks through is {weakness(right, held_out)}"


def accuracy(analysis: Analysis, dataset: str) -> float | None:
    """The share of held-out images that the extractor classifies rightly, where it is known."""
    trials = analysis.results.trials
    trials = trials[trials["dataset"] == dataset].reindex(columns=["extractor_accuracy"])
    right = trials["extractor_accuracy"].dropna()
    return float(right.iloc[0]) if len(right) else None


def lead(analysis: Analysis, dataset: str) -> str:
    """By how much the best model is ahead of the second, and whether that can be told."""
    pairs = analysis.pairs(dataset)
    pairs = pairs[pairs["ratio"].notna()] if len(pairs) else pairs
    if pairs.empty:
        return ""
    pair = pairs.iloc[0]
    n = int(pair["n"])
    text = f"{pair['model_a']}'s {title(dataset)} is {change(pair['ratio'])} than "
    text += f"{pair['model_b']}'s"
    if n > 1:
        ends = [change(pair["ratio_high"]), change(pair["ratio_low"])]
        if pair["ratio_high"] < 1:  # both are lower, as the sentence says
            ends = [ends[0].removesuffix(" % lower"), ends[1].removesuffix(" lower")]
        text += f" [{ends[0]} to {ends[1]}]"
    warning = f" in the middle, but {pair['warning']}" * bool(pair["warning"])
    told = f"told apart{warning}" if pair["told"] else "which cannot be told from no difference"
    return f"{text}, {told} ({seeds(n)}). "


def change(ratio: float) -> str:
    """A ratio as a change: .78 -> "22 % lower", 1.03 -> "3 % higher", 3.1 -> "3.1 times higher"."""
    if ratio >= 2:
        return f"{number(ratio, 2)} times higher"
    percent = 100 * abs(1 - ratio)
    shown = f"{percent:.0f}" if percent >= 1 else number(percent, 1)
    return f"{shown} % {'lower' if ratio < 1 else 'higher'}"


def seeds(n: int) -> str:
    return count_of(n, "seed")


def count_of(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def agreement(analysis: Analysis, dataset: str) -> list[str]:
    """Does the ranking of RANKED contestants or more survive other extractors? A sentence each."""
    table = analysis.agreement
    table = table[(table["dataset"] == dataset) & (table["n"] >= RANKED)]
    return [str(sentence) for sentence in table["sentence"]]


def _wins(analysis: Analysis, best: pd.Series) -> str:
    """In how many seeds the best model is the best, where several models have several seeds."""
    values, _ = by_seed(analysis.results, primary_metric(best["dataset"]), best["dataset"])
    values = values.dropna()
    if len(values) < COUNTED or values.shape[1] < 2:
        return ""
    wins = int((values.idxmin(axis="columns") == best["model"]).sum())
    return f", the lowest in {wins} of {seeds(len(values))}"


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
    told, one = int((pairs["told"] != "").sum()), len(pairs) == 1
    if one:
        text = f"The pair {'is' if told else 'cannot be'} told apart"
    else:
        text = f"{told or 'None'} of {len(pairs)} pairs {'is' if told == 1 else 'are'} told apart"
    if equal := int((pairs["equivalent"] == True).sum()):  # noqa: E712, absent is NaN
        within = 100 * analysis.results.experiment["margin"]
        text += f", {equal} equal within {within:g} %"
    rule = "paired t" if one else "partly pooled t over seeds, all pairs at once"
    if analysis.results.experiment.get("looks"):
        rule = looked(pairs)
    more = " Pairs that are not told apart have not been shown to be equal."
    return f"{text} ({rule}).{more * (told + equal < len(pairs))}"


def reach(analysis: Analysis, dataset: str) -> str:
    """How small a difference this number of seeds can tell; nothing of fewer than 3."""
    smallest = analysis.detectable.get(dataset)
    if analysis.results.experiment.get("looks"):
        return ""
    if smallest is None or (analysis.pairs(dataset)["told"] != "").all():
        return ""
    percent = change(math.exp(-smallest.difference)).removesuffix(" lower")
    return f"With {seeds(smallest.n)}, a difference of {percent} is told apart in 4 of 5 runs."


def model_sentence(row: pd.Series) -> str:
    """One contestant: rank, primary metric, its interval, what finished, what it cost."""
    metric, name = primary_metric(row["dataset"]), title(row["dataset"])
    if pd.isna(row["rank"]):
        return f"{row['model']} has no final {name}: {done(row, ' seeds finished')}."
    text = f"{row['rank']}. {row['model']}: {name} {estimate(row, metric)}"
    if (n := int(row[f"{metric}_n"])) < row["finished"]:
        text += f" over {seeds(n)}"  # those that all contestants have
    text += f", {done(row, ' seeds finished')}"
    start = number(row[f"{metric}_to_untrained"], 2)
    text += f", {start} of its untrained {name}" * (start != NONE)
    return text + f", {number(row['seconds'])} s of training a trial."


def limits(analysis: Analysis, dataset: str) -> list[str]:
    """What this run cannot tell, a sentence each."""
    table, pairs = analysis.models(dataset), analysis.pairs(dataset)
    found = [text] if (text := reach(analysis, dataset)) else []
    found += looks(analysis)
    if (pairs["told"] == "").any():
        found.append(NOT_EQUAL)
    found += [*learnt_nothing(table, dataset), *alarmed(table)]
    lost = table[table["finished"] < table["started"]]
    for _, row in lost.iterrows():
        found.append(f"{row['model']}: {done(row, ' seeds finished')}; means leave the others out.")
    for metric, reason in unmeasured(analysis, dataset).items():
        found.append(
            f"{metrics(analysis.results)[metric].title} was not measured everywhere: {reason}."
        )
    for name in undeclared(analysis.results):
        found.append(f"{name} is left out: no trial says what it means.")
    found += left_out(analysis)
    found += _warnings(pairs)
    if others := no_games(analysis, table):
        found.append(f"{others}: {NO_GAME}")
    if conditional := ", ".join(table.loc[table["conditional"], "model"]):
        text = f"† {conditional}: handed the labels"
        found.append(f"{text}, so modes and mode KL are not comparable.")
    return [*found, CAVEAT[primary_metric(dataset)]]


def no_games(analysis: Analysis, table: pd.DataFrame) -> str:
    """The contestants on a data set that are baselines of another kind; "" if there are none."""
    named = {str(c["label"]): str(c["model"]) for c in analysis.results.experiment["contestants"]}
    return ", ".join(label for label in table["model"] if named.get(label) in BASELINES)


def learnt_nothing(table: pd.DataFrame, dataset: str) -> list[str]:
    """The contestants that end at the level of their untrained networks: a sentence each."""
    metric = primary_metric(dataset)
    level = table[table[f"{metric}_to_untrained"] >= UNTRAINED]
    return [
        f"{row['model']} has learnt nothing that {title(dataset)} sees: it ends at "
        f"{number(row[f'{metric}_to_untrained'], 2)} of its untrained network. Raise --images."
        for _, row in level.iterrows()
    ]


def alarmed(table: pd.DataFrame) -> list[str]:
    """The contestants that raised an alarm while training: one sentence or none."""
    raised = [
        f"{row['model']} of {kind} in {row[f'{kind}_alarms']:.0f} of {row['started']} trials"
        for _, row in table.iterrows()
        for kind in ("collapse", "divergence")
        if row[f"{kind}_alarms"] > 0
    ]
    return [f"Alarms while training: {'; '.join(raised)}."] if raised else []


def _warnings(pairs: pd.DataFrame) -> list[str]:
    """What rare collapses and lost trials leave open: a sentence each."""
    warned = sorted({part for text in pairs["warning"] for part in text.split("; ") if part})
    found = [f"Verdicts speak of the middle, but {'; '.join(warned)}."] if warned else []
    if (n := int(pairs["n"].max()) if len(pairs) else 0) >= 3:
        rate = 100 * (1 - 0.05 ** (1 / n))
        found.append(
            f"Collapses that no seed shows are not excluded: one run in 20 of {n} seeds misses a "
            f"collapse that befalls {rate:.0f} % of the trials."
        )
    return found


def noise(analysis: Analysis, dataset: str) -> str:
    """How much a single value of the primary metric varies, and which share has which source."""
    table, name = analysis.noise, title(dataset)
    parts = table[(table["dataset"] == dataset) & table["model"].isna()]
    if parts.empty:
        return f"The noise in a single {name} is not known: no model has two finished seeds."
    df = int(parts["df"].iloc[0])
    if df < KNOWN:
        return f"The noise in a single {name} is not known: {count_of(df, 'degree')} of freedom."
    sd = number(100 * (parts["sd"] ** 2).sum() ** 0.5, 2)
    stands = f"({sd} % sd within a model, {df} degrees of freedom)"
    if len(parts) == 1:
        return f"The noise in a single {name} {stands} is not told apart into seed and sample."
    if parts["share"].isna().any():
        return (
            f"The noise in a single {name} {stands} is not split into its sources: that needs "
            "three contestants with three finished seeds each."
        )
    names = list("the " + parts["part"].str.replace(" and ", " and the "))
    names[0] = f"is {names[0]}"
    ends = [
        "" if pd.isna(low) else f" [{100 * low:.0f} to {100 * high:.0f}]"
        for low, high in zip(parts["share_low"], parts["share_high"], strict=True)
    ]
    shares = [
        f"{100 * x:.0f}{span} % {name}"
        for x, span, name in zip(parts["share"], ends, names, strict=True)
    ]
    text = f"Of the noise in a single {name} {stands}, {', '.join(shares)}."
    below = ", ".join(parts.loc[parts["negative"].astype(bool), "part"])
    return text + f" ({below}: estimated below 0, set to 0.)" * bool(below)


def protocol(analysis: Analysis, dataset: str) -> str:
    """How the primary metric was measured."""
    rows = analysis.models(dataset)
    rows = rows[rows["features"].notna()]
    if rows.empty:
        return "not measured"
    row, right = rows.iloc[0], accuracy(analysis, dataset)
    known = f" (classifies {right:.1%} of held-out images rightly)" if right is not None else ""
    return f"{row['features']}{known}, {row['samples']:,} samples against {row['reference']}"
