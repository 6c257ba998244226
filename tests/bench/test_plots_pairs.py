"""The figures of pairs, of cost and of constraints: the numbers of the tables, and no others."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from bench.analysis import Analysis
from bench.files import write_text
from bench.plots import figures as plots
from bench.plots import theme
from bench.plots.pairs import MOST
from bench.tables.protocol import final

from .fake_results import FIVE, fake, final_only
from .test_plots import length, texts

WOBBLE = np.array([1.0, 1.1, 0.9, 1.05, 0.97, 1.02, 0.94, 1.08])


@pytest.fixture
def analysis(tmp_path) -> Analysis:
    """wgan is near gan, and far above dcgan, at eight seeds."""
    noise = np.array([1, -1, 1, -1, 1, -1, -1, 1]) * 0.05
    values = {"dcgan": 10 * WOBBLE, "gan": 20 * WOBBLE[::-1], "wgan": 20.5 * (WOBBLE + noise)}
    return Analysis(final_only(tmp_path, {name: list(v) for name, v in values.items()}))


def drawn(axis: Axes) -> tuple[list[tuple[float, str]], list[list[float]]]:
    """The dots (x, face), and the intervals, from the top."""
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    ends = [line for line in axis.lines if length(line) == 2 and line.get_linestyle() == "-"]
    spans = [[float(x) for x in np.asarray(line.get_xdata())] for line in ends]
    places = [float(np.asarray(dot.get_xdata())[0]) for dot in dots]
    return [(x, str(d.get_markerfacecolor())) for x, d in zip(places, dots, strict=True)], spans


def test_the_forest_plot_has_the_numbers_of_comparisons_csv(analysis, tmp_path):
    write_text(tmp_path / "comparisons.csv", analysis.comparisons.to_csv(index=False))
    table = pd.read_csv(tmp_path / "comparisons.csv").query("outcome == 'primary'")
    axis = plots.FIGURES["pairs"].draw(analysis, "mnist5k").axes[0]
    dots, spans = drawn(axis)
    assert [x for x, _ in dots] == pytest.approx(list(table["ratio"]))
    assert np.array(spans) == pytest.approx(table[["ratio_low", "ratio_high"]].to_numpy())
    told = list(table["verdict"].str.contains(" lower than "))
    assert told == list(table["told"] == "lower") == [True, True, False]
    assert [face != "white" for _, face in dots] == told
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == list(table["model_a"] + " / " + table["model_b"])
    low, high = axis.get_xlim()
    assert low < min(x for x, _ in dots) < 1 < high
    assert "FID of the first / FID of the second" in axis.get_xlabel()


def test_an_interval_without_end_is_cut_with_an_arrow(tmp_path):
    results = final_only(tmp_path, {"dcgan": [10.0, 11.0], "gan": [20.0, 90.0]})
    axis = plots.FIGURES["pairs"].draw(Analysis(results), "mnist5k").axes[0]
    arrows = [line for line in axis.lines if line.get_marker() in ("<", ">")]
    assert [line.get_marker() for line in arrows] == ["<", ">"]
    assert [float(np.asarray(a.get_xdata())[0]) for a in arrows] == pytest.approx(axis.get_xlim())
    assert axis.get_xlim()[1] / axis.get_xlim()[0] < 100


def test_one_seed_has_a_dot_and_no_interval(tmp_path):
    results = final_only(tmp_path, {"dcgan": [10.0], "gan": [20.0]})
    figure = plots.FIGURES["pairs"].draw(Analysis(results), "mnist5k")
    dots, spans = drawn(figure.axes[0])
    assert dots[0][0] == pytest.approx(0.5)
    assert np.isnan(spans).all()
    assert "0.500   n = 1" in texts(figure)


def test_of_many_models_the_pairs_of_the_best_are_shown(tmp_path):
    values = {f"m{i}": [10.0 + i, 11.0 + i] for i in range(9)}
    figure = plots.FIGURES["pairs"].draw(Analysis(final_only(tmp_path, values)), "mnist5k")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [f"m0 / m{i}" for i in range(1, 9)]
    assert len(labels) < MOST < 36
    assert "The 8 pairs of the best model of 36." in figure.get_supxlabel().replace("\n", " ")


def test_cost_has_a_dot_a_seed_and_a_mean_a_model(tmp_path):
    results = fake(tmp_path, rows=2)
    axis = plots.FIGURES["cost"].draw(Analysis(results), "mnist5k").axes[0]
    seeds = final(results, "fid", "mnist5k").merge(results.trials, on=["model", "seed"])
    offsets = np.vstack([np.asarray(c.get_offsets()) for c in axis.collections])
    assert sorted(map(tuple, offsets)) == sorted(zip(seeds["seconds"], seeds["value"], strict=True))
    means = {line.get_label(): line for line in axis.lines if line.get_marker() == "o"}
    expected = seeds.groupby("model")[["seconds", "value"]].mean()
    for model in FIVE:
        place = [float(np.asarray(part)[0]) for part in means[model].get_data()]
        assert place == pytest.approx(list(expected.loc[model]))
        assert means[model].get_color() == theme.colours(list(FIVE))[model]
    assert "lower is better" in axis.get_xlabel()
    assert "lower is better" in axis.get_ylabel()


def test_constraints_are_shown_of_the_models_that_have_them(tmp_path):
    results = fake(tmp_path, rows=60)
    figure = plots.FIGURES["constraints"].draw(Analysis(results), "mnist5k")
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == [
        "slope of the critic",
        "gradient penalty, unweighted",
        "weights on the clip bound, %",
    ]
    assert [text.get_text() for text in figure.legends[0].texts] == ["wgangp", "wgan"]
    assert "wgangp: 3 seeds; wgan: 2 of 3 seeds finished (1 diverged)" in figure.get_supxlabel()
    clip = [line for line in figure.axes[2].lines if line.get_linewidth() == 1.9]
    rows = results.curves.query("metric == 'clip/saturated' and seed < 2")
    last = rows.loc[rows["images"] == rows["images"].max(), "value"].mean()
    assert np.asarray(clip[0].get_ydata())[-1] == pytest.approx(100 * last)
    none = fake(tmp_path, ("gan", "dcgan"), 1, (), rows=2)
    assert "constraints" not in plots.figures_of(Analysis(none), "mnist5k")


def test_long_names_stay_in_the_figure(tmp_path):
    values = {f"{i} " + "long name " * 9: [10.0 + i, 11.0 + i, 12.5 + i] for i in range(9)}
    analysis = Analysis(final_only(tmp_path, values))
    for name in ("pairs", "cost"):
        figure = plots.FIGURES[name].draw(analysis, "mnist5k")
        figure.draw_without_rendering()
        width = figure.get_window_extent().width
        for axis in figure.axes:
            assert axis.get_window_extent().width > 0.25 * width
