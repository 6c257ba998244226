"""The page: one file that needs no network, escaped throughout, since labels come from users.

Its pictures are inside it, and so are its scripts: the page says to the browser by hash that no
other may run, and that nothing may be loaded.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..analysis import Analysis
from ..claims import text
from ..datasets import primary_metric
from ..errors import printable
from ..metrics import METRICS, Metric
from ..plots import figures as plots
from ..records.origins import origins
from ..records.results import Results
from ..tables.protocol import datasets, final, metrics, title, unit
from ..tables.reported_losses import sentences
from ..tables.scale import BESIDE
from ..words import NONE, number
from . import assets, page_charts, page_events, page_pairs, page_pictures, prose
from .cells import done, estimate, secondary
from .columns import COLUMNS, COPYING, NOTES, with_own
from .literature import published

FILES = ("summary.csv", "comparisons.csv", "claims.csv")  # tables that lie beside the page


def page(analysis: Analysis, figures: dict[tuple[str, str], Path]) -> str:
    """The HTML page; `figures` as `write_plots` gives them, (dataset, figure) -> path."""
    results = analysis.results
    template = templates(assets.TEMPLATES).get_template("report.html.j2")
    style, head, script = (assets.text_of(n) for n in (["style.css"], assets.HEAD, assets.PAGE))
    labels = [str(entry["label"]) for entry in results.experiment["contestants"]]
    return template.render(
        style=assets.inline(style),
        head=assets.inline(head),
        script=assets.inline(script),
        policy=assets.policy([style], [head, script]),
        palette=assets.data(page_charts.palette(labels)),
        labels=labels,
        files=FILES,
        name=results.path.resolve().name,
        budget=prose.budget(results),
        sections=[_section(analysis, dataset, figures) for dataset in datasets(results)],
        claims=_claims(analysis),
        plan=_plan(results),
        contestants=origins(results.experiment),
        environment={key: _cell(value) for key, value in results.environment.items()},
    )


def templates(*folders: Path) -> Environment:
    """Templates that escape all they are given, and refuse a name that they are not given."""
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        finalize=_plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "cell": _cell}
    environment.filters |= {"value": _value, "whole": _whole}
    return environment


def _section(
    analysis: Analysis, dataset: str, figures: dict[tuple[str, str], Path]
) -> dict[str, Any]:
    results, table = analysis.results, analysis.models(dataset)
    metric = primary_metric(dataset)
    values = final(results, metric, dataset)
    known = metrics(results)
    columns = analysis.measured(dataset, with_own(COLUMNS[metric], known))
    rows = [_model(row, values, metric, columns) for _, row in table.iterrows()]
    drawn = {name: path for (of, name), path in figures.items() if of == dataset}
    charts = {name: assets.data(c) for name, c in page_charts.charts(analysis, dataset).items()}
    own = {key: frame[frame["dataset"] == dataset] for key, frame in _frames(analysis).items()}
    return {
        **_words(dataset),
        "note": NOTES[metric] + f" {COPYING}" * ("memorisation" in columns),
        "headline": prose.headline(analysis, dataset),
        "sentences": [prose.model_sentence(row) for _, row in table.iterrows()],
        "limits": prose.limits(analysis, dataset),
        "models": rows,
        "columns": [{"head": _head(known, name), "help": known[name].help} for name in columns],
        "many_seeds": bool(table[f"{metric}_iqm"].notna().any()),
        "slides": page_pictures.slides(results, dataset),
        "slides_note": page_pictures.NOTE[unit(dataset)],
        "clock_reading": plots.FIGURES["quality"].reading(dataset).how,
        "clocks": page_pictures.clocks(analysis.matched_seeds, dataset),
        "quality_chart": charts.get("quality"),
        "pairs": page_pairs.pairs(analysis, dataset),
        "matrix": page_pairs.matrix(analysis, dataset),
        "separation": prose.separation(analysis, dataset),
        "noise": prose.noise(analysis, dataset),
        "unfinished": page_events.unfinished(analysis, dataset),
        "alarms": page_events.alarms(analysis, dataset),
        "alarm_rules": page_events.RULES,
        "collapsed": page_events.collapsed(analysis, dataset),
        "protocol": prose.protocol(analysis, dataset),
        "published": _published(table, dataset),
        "reported_sentences": sentences(analysis.reported, dataset),
        "figures": page_pictures.figures(analysis, dataset, drawn, charts),
        **{key: frame.to_dict("records") for key, frame in own.items()},
    }


def _claims(analysis: Analysis) -> dict[str, Any]:
    """Rows, how many of each verdict, and what the other claims would need."""
    table = analysis.claims
    rows = [
        {
            **row.to_dict(),
            "shown": text.effect(row),
            "mark": text.mark(row),
            "kind": {"supported": "lower", "contradicted": "higher"}.get(row["verdict"], "open"),
            "power": number(row["planned_power"], 2),
        }
        for _, row in table.iterrows()
    ]
    return {
        "rows": rows,
        "tally": text.tally(table) if rows else "",
        "unspoken": text.unspoken(table),
        "reading": text.READING.replace("*", "").replace("`", ""),
    }


def _words(dataset: str) -> dict[str, Any]:
    """What is called by another name on points than on images."""
    metric = primary_metric(dataset)
    return {
        "dataset": dataset,
        "unit": unit(dataset),
        "metric": metric,
        "title": title(dataset),
        "beside": BESIDE[metric],
        "beside_title": METRICS[BESIDE[metric]].title,
    }


def _published(table: pd.DataFrame, dataset: str) -> dict[str, Any] | None:
    """Published rows, then ours in the same columns; None where nothing was published."""
    if not (known := published(dataset)):
        return None
    rows = [(row.method, row.source, *row.values) for row in known.rows]
    ours = [
        (f"{row['model']}", f"here, mean of {row['finished']} seeds", *values)
        for _, row in table.iterrows()
        if row["finished"]
        for values in [[secondary(row, metric) for metric in known.metrics]]
    ]
    return {"titles": known.titles, "setup": known.setup, "rows": rows, "ours": ours}


def _frames(analysis: Analysis) -> dict[str, pd.DataFrame]:
    return {
        "scale": analysis.scale,
        "agreement": analysis.agreement[analysis.agreement["n"] >= prose.RANKED],
        "matched": analysis.matched,
        "reported": analysis.reported,
        "reaching": analysis.reaching,
    }


def _model(row: pd.Series, values: pd.DataFrame, metric: str, columns: list[str]) -> dict[str, Any]:
    own = values.loc[values["model"] == row["model"], "value"]
    cells: dict[str, Any] = row.to_dict()
    cells |= {"every_seed": ", ".join(number(value) for value in own)}
    cells |= {
        "mean": row[f"{metric}_mean"],
        "done": done(row),
        "estimate": estimate(row, metric),
    }
    cells |= {"iqm": row[f"{metric}_iqm"], "best": row[f"best_{metric}_mean"]}
    beside = [{"value": row[f"{name}_mean"], "shown": secondary(row, name)} for name in columns]
    return cells | {"secondary": beside}


def _head(known: Mapping[str, Metric], metric: str) -> str:
    return known[metric].title + " §" * (metric == "memorisation")


def _plan(results: Results) -> dict[str, str]:
    known = {k: v for k, v in results.experiment.items() if not isinstance(v, dict | list)}
    seeds = ", ".join(str(seed) for seed in results.experiment["seeds"])
    return {**{key: _cell(value) for key, value in known.items()}, "seeds": seeds}


def _plain(value: object) -> object:
    """Without control characters; what is markup already stays as it is."""
    return printable(value) if type(value) is str else value


def _cell(value: object) -> str:
    """A value as a cell of a table; large counts with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, float) else str(value)


def _whole(value: object) -> str:
    """A count with commas, a dash where there is none."""
    number = _value(value)
    return f"{float(number):,.0f}" if number else NONE


def _value(value: object) -> str:
    """What a table is sorted by: the number in full, "" where there is none."""
    x = pd.to_numeric(str(value), errors="coerce")
    return "" if pd.isna(x) else f"{x:.17g}".replace("inf", "Infinity")
