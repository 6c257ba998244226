"""Figures: labels, units, colours, crosses, and that nothing missing stops them."""

import io
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from bench.analysis import Analysis
from bench.plots import figures as plots
from bench.plots import theme
from bench.plots.modes import claims_modes
from bench.plots.ticks import PlainTicks
from bench.tables.protocol import final

from .fake_results import FIVE, fake


def texts(figure: Figure) -> str:
    words = [figure.get_suptitle(), figure.get_supxlabel(), figure.get_supylabel()]
    for axis in figure.axes:
        words += [axis.get_xlabel(), axis.get_ylabel(), axis.get_title(loc="left")]
        words += [text.get_text() for text in axis.texts]
        words += [label.get_text() for label in axis.get_yticklabels()]
    return " ".join(words)


def length(line: Line2D) -> int:
    return len(np.asarray(line.get_xdata()))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return fake(tmp_path_factory.mktemp("fake"), rows=200, pictures=True)


@pytest.fixture(scope="module")
def analysis(results) -> Analysis:
    return Analysis(results)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("losses", ["loss", "real images shown", "14 of 15 trials finished (1 diverged)", *FIVE]),
        ("scores", ["mean score", "real images shown", "diverged", *FIVE]),
        ("gradient_norms", ["norm of the gradient", "log scale", "discriminator", "generator"]),
        (
            "gradient_norms_by_layer",
            ["1 2 3 4", "layer, from the input on", "gradient norm", *FIVE],
        ),
        ("quality", ["lower is better", "generator steps", "seconds", "untrained", "1,000", *FIVE]),
        ("final_quality", ["lower is better", "95 %", "(2 of 3)", "(3 of 3)", "dcgan ends lowest"]),
        ("modes", ["share of the samples, %", "no mode", "cgan †", "handed its labels"]),
        ("samples", ["real images shown", "seed 0", *FIVE]),
    ],
)
def test_a_figure_names_its_axes_units_and_trials(analysis, name, words):
    shown = texts(plots.FIGURES[name].draw(analysis, "mnist5k"))
    assert [word for word in words if word not in shown] == []


def test_quality_has_a_thin_line_a_seed_and_a_thick_one_a_model(results, analysis):
    panel = plots.FIGURES["quality"].draw(analysis, "mnist5k").axes[0]
    widths = [line.get_linewidth() for line in panel.lines if length(line) > 2]
    assert widths.count(0.7) == 15
    assert widths.count(2.2) == 5
    thick = [line for line in panel.lines if line.get_linewidth() == 2.2]
    ends = {line.get_color(): np.asarray(line.get_ydata())[-1] for line in thick}
    means = final(results, "fid", "mnist5k").groupby("model")["value"].mean()
    assert ends[theme.OWN["dcgan"]] == pytest.approx(means["dcgan"])


def test_a_diverged_trial_ends_with_a_cross(analysis):
    for name, crosses in (("quality", 3), ("losses", 2)):
        axes = plots.FIGURES[name].draw(analysis, "mnist5k").axes
        found = [line for axis in axes for line in axis.lines if line.get_marker() == "x"]
        assert len(found) == crosses


def test_no_line_is_longer_than_a_reader_can_see(analysis):
    for name in ("losses", "gradient_norms", "quality"):
        for axis in plots.FIGURES[name].draw(analysis, "mnist5k").axes:
            assert all(length(line) <= theme.POINTS for line in axis.lines)


def test_labels_at_line_ends_do_not_overlap(analysis):
    figure = plots.FIGURES["quality"].draw(analysis, "mnist5k")
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if t.get_text() in FIVE]
    spans = sorted((box.y0, box.y1) for box in boxes)
    assert len(spans) == 5
    assert all(below[1] <= above[0] + 1 for below, above in pairwise(spans))


def test_a_model_keeps_its_colour_whoever_is_beside_it():
    few, many = theme.colours(["wgan", "mine"]), theme.colours([*FIVE, "mine", "other"])
    assert few["wgan"] == many["wgan"] == theme.OWN["wgan"]
    assert few["mine"] == many["mine"]
    assert len(set(many.values())) == 7
    assert len(set(theme.colours([f"m{i}" for i in range(20)]).values())) == 20


@pytest.mark.parametrize("kind", ["one", "none finished", "no metrics", "nan"])
def test_what_is_missing_does_not_stop_a_figure(tmp_path, kind):
    models = ("dcgan",) if kind == "one" else ("gan", "wgan")
    lost = tuple((m, s) for m in ("gan", "wgan") for s in (0, 1)) * (kind == "none finished")
    some = fake(tmp_path, models, 1 if kind == "one" else 2, diverged=lost, rows=12)
    if kind == "no metrics":
        some.evaluations, some.curves = some.evaluations.iloc[:0], some.curves.iloc[:0]
        some.scale = some.scale.iloc[:0]
    if kind == "nan":
        some.evaluations.loc[::3, "value"] = np.nan
        some.curves.loc[::3, "value"] = np.nan
    analysis = Analysis(some)
    for plot in plots.FIGURES.values():
        figure = plot.draw(analysis, "mnist5k")
        if kind == "no metrics":
            figure.draw_without_rendering()
        assert figure.get_suptitle()


def test_modes_are_not_claimed_of_noise(tmp_path):
    """Four evaluations by hand: untrained, precise but untrained, noise, and at last good ones."""
    some = fake(tmp_path, ("gan",), 1, (), rows=4)
    rows = some.evaluations[some.evaluations["metric"] == "fid"].head(4)
    rows = rows.assign(images=[0, 10, 20, 30])
    measured = {
        "fid": [90.0, 85.0, 40.0, 30.0],  # 0.94, 0.44 and 0.33 of the untrained network's
        "precision": [1.0, 0.98, 0.29, 0.31],
        "modes": [1.0, 2.0, 5.0, 9.0],
    }
    some.evaluations = pd.concat([rows.assign(metric=m, value=v) for m, v in measured.items()])
    assert list(claims_modes(some, "mnist5k")["images"]) == [30]
    figure = plots.FIGURES["coverage_of_modes"].draw(Analysis(some), "mnist5k")
    dotted = [line for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert [np.asarray(line.get_ydata()).tolist() for line in dotted] == [[1, 2, 5, 9]]
    assert "no modes are claimed" in figure.get_supxlabel()


def test_a_trial_that_waited_for_a_processor_is_crossed(tmp_path):
    some = fake(tmp_path, ("gan", "wgan"), 3, (), rows=4)
    waited = [0.5, 0.95, 1.0, 0.95, 0.95, np.nan]  # of its seconds, on a processor
    some.trials["cpu_seconds"] = some.trials["seconds"] * waited
    figure = plots.FIGURES["cost"].draw(Analysis(some), "mnist5k")
    crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    (only,) = crosses
    first = some.trials.iloc[0]
    assert np.asarray(only.get_xdata()).tolist() == [first["seconds"]]
    assert only.get_color() == theme.OWN[first["model"]]
    assert "Cross: a seed that waited" in figure.get_supxlabel()
    some.trials = some.trials.drop(columns="cpu_seconds")  # what earlier versions recorded
    figure = plots.FIGURES["cost"].draw(Analysis(some), "mnist5k")
    assert "Cross:" not in figure.get_supxlabel()


def test_the_values_fill_the_axis_of_quality_and_a_far_floor_is_told_of(results, analysis):
    axis = plots.FIGURES["quality"].draw(analysis, "mnist5k").axes[0]
    values = results.evaluations.query("metric == 'fid' and value > 0")["value"]
    low, high = np.log(axis.get_ylim())
    assert np.log(values.max() / values.min()) > 0.6 * (high - low)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.7, 120, [1, 3, 10, 30, 100]),
        (6.5, 95, [10, 20, 50, 7]),
        (8.2, 38, [10, 20, 30]),
        (0.02, 3e4, [0.1, 1, 10, 100, 1000, 10000]),
    ],
)
def test_a_log_axis_has_four_to_eight_round_ticks(low, high, ticks):
    found = PlainTicks().tick_values(low, high)
    assert 4 <= len(found) <= 8
    assert set(ticks) <= set(found)
    assert all(low <= tick <= high for tick in found)


@pytest.mark.slow
def test_twenty_models_are_named_in_a_legend_outside(tmp_path):
    models = tuple(f"m{i}" for i in range(20))
    figure = plots.FIGURES["quality"].draw(Analysis(fake(tmp_path, models, 1, rows=4)), "mnist5k")
    assert [text.get_text() for text in figure.legends[0].texts] == list(models)


def test_files_are_the_same_bytes_again(analysis, tmp_path):
    for name in ("first", "second"):
        figure = plots.FIGURES["final_quality"].draw(analysis, "mnist5k")
        theme.save(figure, tmp_path / name)
        (tmp_path / f"{name}.svg").write_bytes(theme.content(figure, "svg"))
    for kind in ("png", "svg"):
        first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("first", "second"))
        assert first == second
    assert not re.search(rb"<dc:date>", first)


def test_the_figure_with_most_lines_is_a_small_file(analysis, tmp_path):
    figure = plots.FIGURES["losses"].draw(analysis, "mnist5k")
    for kind in ("png", "svg"):
        assert 10_000 < len(theme.content(figure, kind)) < 160_000


@pytest.mark.parametrize("inches", [3.3, 3.2999, 3.2991, 5.0])
def test_a_picture_is_that_of_matplotlib_at_every_width(inches: float) -> None:
    figure = Figure(figsize=(inches, 1.3337))
    figure.subplots().plot([0, 1], [0, 1])
    known = io.BytesIO()
    figure.savefig(known, format="png", dpi=600)
    theirs = Image.open(known).convert("L")
    ours = Image.open(io.BytesIO(theme.pixels(figure, 600))).convert("L")
    assert ours.size == theirs.size
    assert np.abs(np.asarray(ours, float) - np.asarray(theirs, float)).max() < 40  # 256 colours
