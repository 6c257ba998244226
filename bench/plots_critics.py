"""What holds a critic back, where a model recorded it. Findings in, Figure out."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import theme
from .findings import Findings
from .plots_lines import ended, mean_of_finished, of_curves, seed_lines, trained_on
from .protocol import contestants, unit
from .results import Results

PANELS = {
    "slope/mean": "slope of the critic",
    "penalty": "gradient penalty, unweighted",
    "clip/saturated": "weights on the clip bound, %",
}
AIM = {"slope/mean": 1.0, "penalty": 0.0}  # what the penalty pulls towards


def constraints_of(results: Results, dataset: str) -> list[str]:
    """Those of PANELS that a model recorded on the data set."""
    return [name for name in PANELS if len(of_curves(results, dataset, name))]


@theme.themed
def constraints(findings: Findings, dataset: str) -> Figure:
    """Slope, penalty and clip saturation while training: a panel each, where recorded."""
    results = findings.results
    metrics = constraints_of(results, dataset) or ["slope/mean"]
    figure, axes = theme.panels(len(metrics), height=2.6)
    for axis, metric in zip(axes, metrics, strict=True):
        _panel(axis, results, dataset, metric)
        axis.set_title(PANELS[metric])
        theme.thousands(axis, f"real {unit(dataset)} shown")
        if metric in AIM:
            axis.axhline(AIM[metric], color=theme.SOFT, ls="--", lw=1, zorder=1)
    named = {
        name: handle
        for axis in axes
        for handle, name in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    names = [theme.clipped(name) for name in named]
    figure.legend(list(named.values()), names, loc="outside right center", fontsize=8.5)
    stands = "; ".join(f"{model}: {trained_on(results, dataset, model)}" for model in named)
    note = (
        f"Thin: one seed; thick: the mean of finished seeds; {stands}. Dashed: what the penalty "
        "pulls towards. Only models that have such a constraint are shown."
    )
    theme.caption(figure, f"Constraints on the critic, {dataset}", note)
    return figure


def _panel(axis: Axes, results: Results, dataset: str, metric: str) -> None:
    rows, ends = of_curves(results, dataset, metric), ended(results, dataset)
    if metric.startswith("clip/"):
        rows = rows.assign(value=100 * rows["value"])
    colours = theme.colours(contestants(results, dataset))
    budget = 6 * max(rows.groupby(["model", "seed"]).ngroups, 1)
    for model, own in rows.groupby("model"):
        colour = colours[str(model)]
        seed_lines(axis, own, "images", colour, ends, budget)
        mean = theme.thinned(mean_of_finished(own, "images", ends), "images", budget)
        axis.plot(mean["images"], mean["value"], color=colour, lw=1.9, label=str(model))
