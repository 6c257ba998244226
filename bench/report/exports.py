"""What is read elsewhere: a report for a pull request, tables for a paper."""

from pathlib import Path

from ..analysis import Analysis
from ..formats import latex, plain, safe
from ..plots import figures as registry
from ..records.origins import HEADS, origins
from ..tables.protocol import datasets, title, unit
from . import prose
from .cells import model_table, pair_table

SHOWN = ("quality", "final_quality", "samples")  # figures; the page has them all
AGAIN = """\
```
bench run experiment.toml --out again    # in this folder: the same numbers, from the plan
bench compare . again                    # has anything changed?
bench report .                           # tables, plots and page, from the records
```"""
MADE_WITH = ("commit", "dirty", "python", "torch", "processor", "cores")


def markdown(analysis: Analysis, figures: dict[tuple[str, str], Path]) -> str:
    """report.md, for GitHub; `figures` as `write_plots` gives them, (dataset, figure) -> path."""
    lines = []
    for dataset in datasets(analysis.results):
        lines += [*_section(analysis, dataset), ""]
        for name in SHOWN:
            if (dataset, name) in figures:
                path = figures[dataset, name].relative_to(analysis.results.path).as_posix()
                lines += [
                    f"![{dataset}: {registry.FIGURES[name].reading(dataset).shows}]({path}.png)",
                    "",
                ]
    environment = analysis.results.environment
    lines += ["### Contestants", ""]
    lines += [*plain(HEADS, [list(origin) for origin in origins(analysis.results.experiment)]), ""]
    made = ", ".join(f"{name} {environment[name]}" for name in MADE_WITH if name in environment)
    return "\n".join(
        [*lines, "### How to repeat it", "", AGAIN, "", f"Made with {safe(made)}.", ""]
    )


def _section(analysis: Analysis, dataset: str) -> list[str]:
    pairs, name = analysis.pairs(dataset), title(dataset)
    shown = f"{prose.budget(analysis.results)} {unit(dataset)}"
    lines = [f"## {dataset}, {shown}", "", f"**{safe(prose.headline(analysis, dataset))}**", ""]
    lines += plain(*model_table(analysis, dataset, analysis.models(dataset)))
    lines += ["", f"Protocol of {name}: {prose.protocol(analysis, dataset)}.", ""]
    if len(pairs):
        lines += ["### Pairs, seed against seed", "", *plain(*pair_table(pairs, name)), ""]
    lines += ["### What this run cannot tell", ""]
    told = [*prose.limits(analysis, dataset), prose.noise(analysis, dataset)]
    return lines + [f"- {safe(sentence)}" for sentence in told]


def summary_tex(analysis: Analysis) -> str:
    """A tabular of models a data set. Every seed is left to the files: a page is too narrow."""
    tables = []
    for dataset in datasets(analysis.results):
        heads, rows = model_table(analysis, dataset, analysis.models(dataset))
        kept = [i for i, head in enumerate(heads) if head != "every seed"]
        cut = [[cells[i] for i in kept] for cells in (heads, *rows)]
        tables.append(_tex(analysis, dataset, cut[0], cut[1:]))
    return "\n".join(tables)


def comparisons_tex(analysis: Analysis) -> str:
    """A tabular of pairs a data set, by its primary metric."""
    return "\n".join(
        _tex(analysis, name, *pair_table(analysis.pairs(name), title(name)))
        for name in datasets(analysis.results)
    )


def _tex(analysis: Analysis, dataset: str, heads: list[str], rows: list[list[str]]) -> str:
    protocol = " ".join(f"{dataset}, {title(dataset)}: {prose.protocol(analysis, dataset)}".split())
    return f"% {protocol}; needs \\usepackage{{booktabs}}\n{latex(heads, rows)}\n"
