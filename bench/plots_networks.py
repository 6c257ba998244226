"""One number of both networks side by side, a line a model: gradient norms, updates."""

from matplotlib.figure import Figure

from . import theme
from .plots_lines import ended, mean_of_finished, of_curves
from .protocol import contestants, unit
from .results import Results

NETWORKS = ("discriminator", "generator")
SMOOTH = 50  # points of a line, whose noise would hide the others


def both_networks(
    results: Results, dataset: str, prefix: str, ylabel: str, usual: float | None = None
) -> Figure:
    """The curves `prefix`/discriminator and `prefix`/generator on one log scale.

    A line a model: the geometric mean of its finished seeds. `usual`, a rule of thumb, is dashed.
    """
    models, ends = contestants(results, dataset), ended(results, dataset)
    colour = theme.colours(models)
    figure, axes = theme.panels(2, height=3.4, columns=2, sharey=True)
    last: list[list[tuple[float, str, str]]] = [[], []]
    for axis, network, found in zip(axes, NETWORKS, last, strict=True):
        rows = of_curves(results, dataset, f"{prefix}/{network}")
        rows = rows[rows["value"] > 0]
        for model in models:
            line = mean_of_finished(rows[rows["model"] == model], "images", ends, logarithmic=True)
            line = theme.thinned(line, "images", theme.BUDGET // SMOOTH)
            axis.plot(line["images"], line["value"], color=colour[model], lw=1.8, label=model)
            if len(line):
                found.append((float(line["value"].iloc[-1]), model, colour[model]))
        if usual is not None:
            axis.axhline(usual, color=theme.SOFT, ls="--", lw=1, zorder=1)
        axis.set_title(network)
        theme.thousands(axis, f"real {unit(dataset)} shown")
    theme.plain_log(axes[0])
    for axis, found in zip(axes, last, strict=True):
        if len(models) <= theme.DIRECT:
            theme.label_ends(axis, found)
    axes[0].set_ylabel(ylabel)
    if len(models) > theme.DIRECT:
        theme.legend_outside(figure, axes[0])
    return figure
