"""The answers of docs/questions.md, computed from the published folders."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from bench import stats
from bench.analysis import Analysis
from bench.datasets import primary_metric
from bench.formats import plain
from bench.metrics import METRICS
from bench.records.results import Results
from bench.report import prose
from bench.tables.pairs import by_seed
from bench.tables.protocol import datasets, final, title
from bench.words import number, span

from . import tuned
from .marks import ROOT

IMAGES = {  # how the page calls a published folder -> the folder
    "mnist5k": "reference-mnist5k",
    "mnist5k, until decided": "reference-mnist5k-decided",
    "MNIST": "reference-mnist",
    "Fashion-MNIST": "reference-fashion",
}
POINTS = {"ring8": "reference-ring8", "grid25": "reference-grid25"}
DECIDED = "reference-mnist5k-decided"
SEEDS = (3, 5, 8, 12, 20)
LEVELS = {  # what the page says of a level of the scale
    "held-out real": "held-out real images",
    "noise 0.1": "noise 0.1",
    "noise 0.4": "noise 0.4",
    "uniform noise": "uniform noise",
}


@cache
def analysed(folder: str) -> tuple[Analysis, str]:
    """The tables of a published folder, and its data set."""
    results = Results(ROOT / "results" / folder)
    found = Analysis(results)
    # As published: they need not be computed again.
    vars(found)["summary"] = results.summary
    vars(found)["comparisons"] = results.comparisons.fillna({"told": "", "verdict": ""})
    return found, datasets(results)[0]


def table(heads: list[str], rows: list[list[str]]) -> str:
    return "\n".join(plain(heads, rows))


def which_is_better() -> str:
    """The headline of each folder."""
    rows = []
    for name, folder in (IMAGES | POINTS).items():
        analysis, dataset = analysed(folder)
        models = analysis.models(dataset)
        best, second = models.iloc[0], models.iloc[1]["model"]
        lowest = best[f"{primary_metric(dataset)}_mean"]
        pairs = analysis.pairs(dataset)
        pair = pairs.iloc[0]
        assert (pair["model_a"], pair["model_b"]) == (best["model"], second)
        told = int((pairs["told"] != "").sum())
        ratio = f"{number(pair['ratio'])} {span(pair['ratio_low'], pair['ratio_high'])}"
        rows.append(
            [
                name,
                f"{best['model']}, {title(dataset)} {number(lowest)}",
                f"{ratio} of {second}'s",
                str(pair["verdict"]),
                f"{told} of {len(pairs)}",
            ]
        )
    heads = ["data", "lowest mean", "ratio to the second", "verdict on these two", "pairs told"]
    return table(heads, rows)


def wgangp_or_dcgan() -> str:
    """One pair on all image sets."""
    rows = []
    for name, folder in IMAGES.items():
        analysis, dataset = analysed(folder)
        pair = turned(analysis.pairs(dataset), "wgangp", "dcgan")
        ratio = f"{number(pair['ratio'])} {span(pair['ratio_low'], pair['ratio_high'])}"
        needed = pair["seeds_for_power"]
        most = f"more than {stats.MOST_SEEDS}"
        rows.append(
            [
                *(name, ratio, str(int(pair["n"])), number(pair["adjusted_p"], 2)),
                str(pair["verdict"]),
                most if np.isnan(needed) or needed > stats.MOST_SEEDS else f"{needed:.0f}",
            ]
        )
    heads = ["data", "FID ratio wgangp / dcgan", "seeds", "p", "verdict", "seeds for power .8"]
    return table(heads, rows)


def turned(pairs: pd.DataFrame, a: str, b: str) -> pd.Series:
    """The row of a pair, as a compared with b."""
    found = pairs[(pairs["model_a"] == a) & (pairs["model_b"] == b)]
    if len(found):
        return found.iloc[0]
    (row,) = (r for _, r in pairs.iterrows() if (r["model_a"], r["model_b"]) == (b, a))
    row = row.copy()
    row["ratio"], row["ratio_low"], row["ratio_high"] = (
        *(1 / row["ratio"], 1 / row["ratio_high"], 1 / row["ratio_low"]),
    )
    return row


def how_many_seeds() -> str:
    """The smallest difference that n seeds tell, at the spreads of published folders."""
    columns = []
    for folder in (*IMAGES.values(), *POINTS.values()):
        if folder == DECIDED:  # its contestants have unlike numbers of seeds
            continue
        analysis, dataset = analysed(folder)
        values, log = by_seed(analysis.results, primary_metric(dataset), dataset)
        assert log
        layout = values.dropna(axis="columns").to_numpy(float)
        usual = np.full(layout.shape[1], stats.variances_of(layout).mean())
        family = layout.shape[1] * (layout.shape[1] - 1) // 2
        columns.append([stats.detectable_difference(usual, n, family) for n in SEEDS])
    names = [name for name, folder in (IMAGES | POINTS).items() if folder != DECIDED]
    rows = [
        [str(n), *(f"{100 * -np.expm1(-column[i]):.0f} %" for column in columns)]
        for i, n in enumerate(SEEDS)
    ]
    return table(["seeds", *names], rows)


def how_much_the_seed() -> str:
    """The parts of the noise in a single value, and the widest spread."""
    rows = []
    for name, folder in (IMAGES | POINTS).items():
        analysis, dataset = analysed(folder)
        noise = analysis.noise[analysis.noise["dataset"] == dataset]
        ends = final(analysis.results, primary_metric(dataset), dataset)
        apart = ends.groupby("model")["value"].agg(lambda x: x.max() / x.min())
        parts = noise[noise["model"].isna()].set_index("part")
        total = float((parts["sd"] ** 2).sum() ** 0.5)
        rows.append(
            [
                *(name, title(dataset), f"{number(100 * total, 2)} %"),
                f"{number(apart.max())} ({apart.idxmax()})",
                *(share(parts, part) for part in ("seed", "sample", "extractor")),
            ]
        )
    heads = ["data", "metric", "sd within a model", "worst seed / best, at most"]
    return table([*heads, "of it the seed", "the sample", "the extractor"], rows)


def share(parts: pd.DataFrame, part: str) -> str:
    """The share of a part of the noise; a dash where it was not told apart."""
    if part not in parts.index or pd.isna(parts.loc[part, "share"]):
        return number(None)
    row = parts.loc[part]
    ends = f"[{100 * row['share_low']:.0f}, {100 * row['share_high']:.0f}]"
    return f"{100 * row['share']:.0f} {ends} %"


def few_samples() -> str:
    """FID on the samples of an evaluation, on others, at infinity, and by another judge."""
    analysis, dataset = analysed("reference-mnist5k")
    results = analysis.results
    models = analysis.models(dataset)
    infinite = final(results, "fid_infinity", dataset).groupby("model")["value"].mean()
    again = final(results, "fid_again", dataset).groupby("model")["value"].mean()
    rows = [
        [
            *(str(row["model"]), number(row["fid_mean"]), number(again[row["model"]])),
            *(
                number(infinite[row["model"]]),
                f"{100 * (infinite[row['model']] / row['fid_mean'] - 1):+.1f} %",
            ),
        ]
        for _, row in models.iterrows()
    ]
    samples = f"{int(models['samples'].iloc[0]):,}"
    heads = ["model", f"FID of {samples} samples", "of as many others", "at infinity", "bias"]
    tau = kendalltau(models["fid_mean"], models["fid_infinity_mean"]).statistic
    told = f"Kendall's tau between FID and FID at infinity: {tau:.2f} over {len(models)} models."
    return f"{table(heads, rows)}\n\n{told}"


def other_data() -> str:
    """The rank of each model on each image set."""
    folders = {name: folder for name, folder in IMAGES.items() if folder != DECIDED}
    ranks = {}
    for name, folder in folders.items():
        analysis, dataset = analysed(folder)
        ranks[name] = analysis.models(dataset).set_index("model")["rank"].astype(int)
    first = next(iter(ranks.values()))
    rows = [[model, *(str(ranks[name][model]) for name in ranks)] for model in first.index]
    taus = [kendalltau(first, ranks[name][first.index]).statistic for name in ranks]
    rows.append(["Kendall's tau to the first column", *(f"{tau:.2f}" for tau in taus)])
    return table(["rank by mean FID", *ranks], rows)


def other_metrics() -> str:
    """The mean and the rank of each model by other metrics."""
    analysis, dataset = analysed("reference-mnist5k")
    models = analysis.models(dataset).set_index("model")
    rows = []
    for metric in ("fid", "kid", "fid_infinity", "precision", "recall", "density", "coverage"):
        values = models[f"{metric}_mean"]
        lower = METRICS[metric].better == "lower"
        ranks = values.rank(ascending=lower, method="min").astype(int)
        tau = kendalltau(ranks, models["rank"].astype(int)).statistic
        cells = [f"{number(values[model])} ({ranks[model]})" for model in models.index]
        rows.append([METRICS[metric].title, METRICS[metric].better, *cells, f"{tau:.2f}"])
    heads = ["metric", "better", *models.index, "tau to FID"]
    told = " ".join(prose.agreement(analysis, dataset))
    return f"{table(heads, rows)}\n\n{told}"


def claims_on(*numbers: int) -> str:
    """Rows of published claims."""
    found = pd.read_csv(ROOT / "results" / "reference-claims" / "claims.csv")
    rows = [
        [
            *(str(row["statement"]), str(row["dataset"]), str(row["verdict"])),
            f"{number(row['effect'])} {span(row['low'], row['high'])} {row['unit']}",
            *(str(row["claimed"]), str(row["n"])),
        ]
        for _, row in found[found["claim"].isin(numbers)].iterrows()
    ]
    return table(["what was said", "data", "verdict", "effect [95 %]", "claimed", "n"], rows)


def what_it_costs() -> str:
    """Seconds and generator steps of a trial, and seconds to two qualities."""
    analysis, dataset = analysed("reference-mnist5k")
    trials = analysis.results.trials
    reaching = analysis.reaching[analysis.reaching["dataset"] == dataset]
    levels = sorted(reaching["level"].unique())[:2]
    rows = []
    for _, row in analysis.models(dataset).iterrows():
        own = trials[trials["model"] == row["model"]]
        cells = [f"{own['generator_steps'].max():,.0f}", number(row["seconds"])]
        cells += [number(row["images_per_second"])]
        for level in levels:
            (found,) = reaching[
                (reaching["model"] == row["model"]) & (reaching["level"] == level)
            ].itertuples()
            cells.append(number(found.seconds) if np.isfinite(found.seconds) else number(None))
        rows.append([str(row["model"]), *cells])
    heads = ["model", "generator steps", "seconds a trial", "images a second"]
    return table([*heads, *(f"seconds to FID {level:g}" for level in levels)], rows)


def collapse() -> str:
    """Modes at the first evaluation and at the end, on points."""
    rows = []
    for name, folder in POINTS.items():
        analysis, dataset = analysed(folder)
        found = analysis.results.evaluations
        found = found[(found["metric"] == "modes") & (found["images"] > 0)]
        quality = final(analysis.results, "high_quality", dataset).groupby("model")["value"].mean()
        for model, own in found.groupby("model"):
            first = own[own["images"] == own["images"].min()]["value"]
            last = own[own["images"] == own["images"].max()]["value"]
            rows.append(
                [
                    *(name, str(model)),
                    f"{number(first.mean())} [{first.min():.0f} to {first.max():.0f}]",
                    f"{number(last.mean())} [{last.min():.0f} to {last.max():.0f}]",
                    *(number(quality[model]), str(len(last))),
                ]
            )
    heads = ["data", "model", "modes, first evaluation", "modes, end", "high quality, end", "seeds"]
    return table(heads, rows)


def copies() -> str:
    """The data-copying statistic of each model."""
    rows = []
    for name, folder in IMAGES.items():
        analysis, dataset = analysed(folder)
        models = analysis.models(dataset).set_index("model")
        if not (models["memorisation_n"] > 0).any():
            continue
        ends = final(analysis.results, "memorisation", dataset).groupby("model")["value"]
        rows += [
            [name, model, number(own.mean()), f"{number(own.min())} to {number(own.max())}"]
            for model, own in ((m, ends.get_group(m)) for m in models.index)
        ]
    return table(["data", "model", "C_T, mean", "over the seeds"], rows)


def papers() -> str:
    """The same images under two extractors."""
    rows = []
    for name in ("mnist5k", "MNIST", "Fashion-MNIST"):
        analysis, _ = analysed(IMAGES[name])
        scale = analysis.results.scale
        for features, own in scale[scale["metric"] == "fid"].groupby("features", sort=False):
            values = own.set_index("level")["value"]
            cells = [number(values[level]) for level in LEVELS]
            rows.append([name, str(features).partition(":")[0], *cells])
    return table(["FID on", "extractor", *LEVELS.values()], rows)


ANSWERS: dict[str, Callable[[], str]] = {
    "which": which_is_better,
    "wgangp-dcgan": wgangp_or_dcgan,
    "seeds": how_many_seeds,
    "noise": how_much_the_seed,
    "samples": few_samples,
    "papers": papers,
    "data": other_data,
    "metrics": other_metrics,
    "loss": lambda: claims_on(6),
    "rates": lambda: claims_on(16),
    "tuning": tuned.answer,
    "batch-norm": lambda: claims_on(12),
    "cost": what_it_costs,
    "collapse": collapse,
    "copies": copies,
}


def answers() -> dict[str, str]:
    """Block -> what stands in it on docs/questions.md."""
    return {name: answer() for name, answer in ANSWERS.items()}
