"""Tables, figures and one self-contained page, written from the records alone.

The page needs no network: its pictures are inside it. Labels come from users, so everything is
escaped.
"""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from . import exports, prose
from .catalog import METRICS, primary_metric
from .checks import BESIDE
from .files import write_text
from .findings import Findings
from .plots import write_plots
from .protocol import datasets, final, title, unit
from .published import published
from .reading import COLUMNS, NOTES, reading
from .records import Results, write_index

LARGE = 150_000  # bytes; a picture above it goes into the page with fewer pixels


def rebuild(root: Path, say: Callable[[str], None]) -> None:
    """Index, tables, plots and page of a results folder; `say` is told the summary."""
    results = Results(root)
    write_index(results)
    write_report(results)
    say((root / "summary.md").read_text(encoding="utf-8"))
    say(f"The page: {root / 'report.html'}")


def write_report(results: Results) -> None:
    """summary and comparisons as .csv and .tex, summary.md, report.md, plots/, report.html.

    Each is written to a temporary name and renamed, so that a reader never meets half a file.
    """
    findings = Findings(results)
    for name in ("summary", "comparisons"):
        write_text(results.path / f"{name}.csv", getattr(findings, name).to_csv(index=False))
    write_text(results.path / "summary.md", prose.text_of(findings))
    write_text(results.path / "summary.tex", exports.summary_tex(findings))
    write_text(results.path / "comparisons.tex", exports.comparisons_tex(findings))
    figures = write_plots(findings, results.path / "plots")
    write_text(results.path / "report.md", exports.markdown(findings, figures))
    write_text(results.path / "report.html", page(findings, figures))


def page(findings: Findings, figures: dict[tuple[str, str], Path]) -> str:
    """The HTML page; `figures` as `write_plots` gives them, (dataset, figure) -> path."""
    results = findings.results
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": prose.number, "cell": _cell}
    template = environment.get_template("report.html.j2")
    sections = [_section(findings, dataset, figures) for dataset in datasets(results)]
    return template.render(
        name=results.path.resolve().name,
        budget=prose.budget(results),
        sections=sections,
        plan=_plan(results),
        contestants=_contestants(results),
        environment={key: _cell(value) for key, value in results.environment.items()},
    )


def _section(
    findings: Findings, dataset: str, figures: dict[tuple[str, str], Path]
) -> dict[str, Any]:
    results, table = findings.results, findings.models(dataset)
    trials = results.trials[results.trials["dataset"] == dataset]
    metric = primary_metric(dataset)
    values = final(results, metric, dataset)
    columns = findings.measured(dataset, COLUMNS[metric])
    rows = [_model(row, values, metric, columns) for _, row in table.iterrows()]
    drawn = {name: path for (of, name), path in figures.items() if of == dataset}
    own = {key: frame[frame["dataset"] == dataset] for key, frame in _frames(findings).items()}
    return {
        **_words(dataset),
        "headline": prose.headline(findings, dataset),
        "sentences": [prose.model_sentence(row) for _, row in table.iterrows()],
        "limits": prose.limits(findings, dataset),
        "models": rows,
        "columns": [_head(name) for name in columns],
        "many_seeds": bool(table[f"{metric}_iqm"].notna().any()),
        "pairs": [_pair(row) for _, row in findings.pairs(dataset).iterrows()],
        "separation": prose.separation(findings, dataset),
        "unfinished": trials[trials["status"] != "finished"].to_dict("records"),
        "protocol": prose.protocol(findings, dataset),
        "published": _published(table, dataset),
        "figures": {name: _figure(name, dataset, path, table) for name, path in drawn.items()},
        **{key: frame.to_dict("records") for key, frame in own.items()},
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
        "note": NOTES[metric],
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
        for values in [[prose.secondary(row, metric) for metric in known.metrics]]
    ]
    return {"titles": known.titles, "setup": known.setup, "rows": rows, "ours": ours}


def _frames(findings: Findings) -> dict[str, pd.DataFrame]:
    return {
        "scale": findings.scale,
        "agreement": findings.agreement,
        "matched": findings.matched,
    }


def _model(row: pd.Series, values: pd.DataFrame, metric: str, columns: list[str]) -> dict[str, Any]:
    own = values.loc[values["model"] == row["model"], "value"]
    cells: dict[str, Any] = row.to_dict()
    cells |= {"every_seed": ", ".join(prose.number(value) for value in own)}
    cells |= {"done": prose.done(row), "estimate": prose.estimate(row, metric)}
    cells |= {"iqm": row[f"{metric}_iqm"], "best": row[f"best_{metric}_mean"]}
    return cells | {"secondary": [prose.secondary(row, name) for name in columns]}


def _pair(row: pd.Series) -> dict[str, Any]:
    cells: dict[str, Any] = row.to_dict()
    cells["interval"] = prose.span(row["ratio_low"], row["ratio_high"])
    cells["power"] = prose.power(row) if row["n"] else prose.NONE
    cells["told"] = " than " in str(row["verdict"])
    return cells


def _figure(name: str, dataset: str, path: Path, table: pd.DataFrame) -> dict[str, str]:
    shows, words = reading(name, unit(dataset))
    models = ", ".join(str(model) for model in table["model"])
    alt = f"{dataset}: {shows}; models: {models}."
    if name in ("quality", "final_quality"):
        means = table[f"{primary_metric(dataset)}_mean"].map(prose.number)
        ends = [f"{model} {mean}" for model, mean in zip(table["model"], means, strict=True)]
        alt = f"{dataset}: {shows}. Mean final {title(dataset)}: {', '.join(ends)}."
    return {"source": _inline(path), "alt": alt, "reading": words}


def _head(metric: str) -> str:
    return METRICS[metric].title + " §" * (metric == "memorisation")


def _inline(path: Path) -> str:
    """The smaller of PATH.png and PATH.svg as a data address; a large picture with fewer pixels."""
    pixels = path.with_name(path.name + ".png").read_bytes()
    lines = path.with_name(path.name + ".svg").read_bytes()
    kind, content = min(("png", pixels), ("svg+xml", lines), key=lambda pair: len(pair[1]))
    for width in (1400, 1000):
        if len(content) > LARGE:
            kind, content = "png", _shrunk(pixels, width)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _shrunk(pixels: bytes, width: int) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(pixels)) as picture:
        size = (width, picture.height * width // picture.width)
        smaller = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    smaller.quantize(64, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _plan(results: Results) -> dict[str, str]:
    known = {k: v for k, v in results.experiment.items() if not isinstance(v, dict | list)}
    seeds = ", ".join(str(seed) for seed in results.experiment["seeds"])
    return {**{key: _cell(value) for key, value in known.items()}, "seeds": seeds}


def _contestants(results: Results) -> list[dict[str, str]]:
    return [
        {
            "label": str(entry["label"]),
            "model": "@".join(str(entry[key]) for key in ("model", "preset") if entry.get(key)),
            "set": ", ".join(f"{k} = {json.dumps(v)}" for k, v in entry.get("values", {}).items()),
        }
        for entry in results.experiment["contestants"]
    ]


def _cell(value: object) -> str:
    """A value as a cell of a table; large counts with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return prose.number(value) if isinstance(value, float) else str(value)
