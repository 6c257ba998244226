"""The charts of the page, from the tables of an analysis: figures that answer to the pointer."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..analysis import Analysis
from ..datasets import primary_metric
from ..plots import colours, pairs, quality
from ..plots.lines import ended, of_curves, trained_on
from ..tables.protocol import contestants, final, primary, title, unit
from ..words import number, span
from .charts import (
    CLOCKS,
    LOSSES,
    NORMS,
    Chart,
    Curve,
    Level,
    by_model,
    by_network,
    pair_rows,
    rounded,
)
from .charts import through_training as chart_of

SEEDS = "Thin: one seed; thick: the mean of finished seeds"


def charts(analysis: Analysis, dataset: str) -> dict[str, Chart]:
    """The charts of a data set by the name of their figure; those with something to show."""
    curves = analysis.matched_seeds  # as the figures have them
    made = {
        "quality": quality_chart(curves, dataset),
        "final_quality": final_chart(curves, dataset),
        "pairs": pairs_chart(analysis, dataset),
        "losses": losses_chart(curves, dataset),
        "scores": scores_chart(curves, dataset),
        "gradient_norms": norms_chart(curves, dataset),
    }
    return {name: chart for name, chart in made.items() if _shows(chart)}


def palette(labels: list[str]) -> dict[str, list[str]]:
    """Contestant -> its colour on white and on dark."""
    return {label: [c, colours.on_dark(c)] for label, c in colours.colours(labels).items()}


def quality_chart(analysis: Analysis, dataset: str) -> Chart:
    results = analysis.results
    rows = primary(results, primary_metric(dataset), dataset)
    levels = analysis.scale[analysis.scale["dataset"] == dataset].set_index("level")
    found = [
        Level(f"{words}: {number(value)}", value)
        for level, words in quality.LEVELS.items()
        if level in levels.index
        for value in [float(levels.loc[level, primary_metric(dataset)])]
        if value > 0
    ]
    curves = curves_of(analysis, dataset, rows[rows["value"] > 0])
    words = f"{title(dataset)} (log scale, lower is better)"
    chart = chart_of(curves, contestants(results, dataset), unit(dataset), words, found)
    return chart | {
        "title": f"Quality through training, {dataset}{quality.best(analysis, dataset)}",
        "note": "Thick: the mean of finished seeds; band: their range (lowest to highest seed); "
        f"thin: every seed; {trained_on(results, dataset)}.",
    }


def final_chart(analysis: Analysis, dataset: str) -> Chart:
    """Every seed, and the mean with its interval, a row a model."""
    metric = primary_metric(dataset)
    values, rows = final(analysis.results, metric, dataset), []
    for _, row in analysis.models(dataset).iterrows():
        own = values[values["model"] == row["model"]]
        mean = row[f"{metric}_mean"]
        done = f"({row['finished']} of {row['started']})"
        interval = span(row[f"{metric}_low"], row[f"{metric}_high"])
        rows.append(
            {
                "name": row["model"],
                "models": [row["model"]],
                "dots": [[int(r.seed), rounded(r.value)] for r in own.itertuples()],
                "mid": rounded(mean),
                "low": rounded(row[f"{metric}_low"]),
                "high": rounded(row[f"{metric}_high"]),
                "text": " ".join(filter(None, [number(mean), interval, done])),
            }
        )
    return {
        "kind": "rows",
        "x": f"final {title(dataset)} (log scale, lower is better)",
        "rows": rows,
        "title": f"Final quality, {dataset}{quality.best(analysis, dataset)}",
        "note": "Dots: the seeds; below them a bar, the mean, and a line, its 95 % t interval. "
        "Right: mean, interval (trials finished of started).",
    }


def pairs_chart(analysis: Analysis, dataset: str) -> Chart:
    rows = analysis.pairs(dataset).query("ratio > 0")
    few = rows if len(rows) <= pairs.MOST else rows[rows["model_a"] == rows["model_a"].iloc[0]]
    told = [_pair(row) for _, row in few.iterrows()]
    rest = f" The {len(few)} pairs of the best model of {len(rows)}." * (len(few) < len(rows))
    return pair_rows(told, title(dataset)) | {
        "title": f"Pairs, seed against seed, {dataset}",
        "note": "Dot: the ratio of a pair; line: its 95 % interval, simultaneous over all pairs. "
        "Hollow, grey: cannot tell, which does not mean equal." + rest,
    }


def _pair(row: pd.Series) -> dict[str, Any]:
    cells: dict[str, Any] = row.to_dict()
    text = f"{number(row['ratio'])} {span(row['ratio_low'], row['ratio_high'])}  n = {row['n']}"
    return cells | {"text": text.strip()}


def losses_chart(analysis: Analysis, dataset: str) -> Chart:
    results = analysis.results
    curves = curves_of(analysis, dataset, of_curves(results, dataset, *LOSSES))
    chart = by_model(curves, contestants(results, dataset), unit(dataset), "loss", LOSSES)
    return chart | {
        "title": f"Losses while training, {dataset}",
        "note": f"{SEEDS}; {trained_on(results, dataset)}. Scales differ from panel to panel: "
        "losses are not comparable between models, and a lower one is no better generator.",
    }


def scores_chart(analysis: Analysis, dataset: str) -> Chart:
    results, what = analysis.results, unit(dataset)
    names = {"score/real": f"score on real {what}", "score/fake": f"score on generated {what}"}
    curves = curves_of(analysis, dataset, of_curves(results, dataset, *names))
    y = "mean score (logit or critic value)"
    return by_model(curves, contestants(results, dataset), what, y, names) | {
        "title": f"What the discriminator says, {dataset}",
        "note": f"{SEEDS}; {trained_on(results, dataset)}. The gap is what the discriminator can "
        "still tell apart; its scale differs from model to model.",
    }


def norms_chart(analysis: Analysis, dataset: str) -> Chart:
    results = analysis.results
    curves = curves_of(analysis, dataset, of_curves(results, dataset, *NORMS))
    y = "norm of the gradient of all parameters"
    return by_network(curves, contestants(results, dataset), unit(dataset), y) | {
        "title": f"Gradient norms, {dataset}",
        "note": f"Thin: one seed; thick: the geometric mean of finished seeds; "
        f"{trained_on(results, dataset)}. Compare trends, not heights: Adam and RMSProp divide a "
        "gradient by its usual size.",
    }


def curves_of(analysis: Analysis, dataset: str, rows: pd.DataFrame) -> list[Curve]:
    """The rows of a data set as curves, in the order of training."""
    ends = ended(analysis.results, dataset)
    rows = rows.sort_values("images", kind="stable")
    return [
        Curve(
            str(model),
            int(seed),
            str(metric),
            ends.get((str(model), int(seed)), ""),
            {clock: own[clock].to_numpy(float) for clock in CLOCKS},
            own["value"].to_numpy(float),
        )
        for (model, seed, metric), own in rows.groupby(["model", "seed", "metric"])
    ]


def _shows(chart: Chart) -> bool:
    """Is there anything to draw?"""
    panels: Iterable[Chart] = chart.get("panels", ())
    return bool(chart.get("rows")) or any(panel["lines"] for panel in panels)
