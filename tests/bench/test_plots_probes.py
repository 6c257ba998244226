"""Figures of the probes: what they name, the numbers that they draw, and what old folders lack."""

import re

import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from bench.analysis import Analysis
from bench.plots import figures as plots
from bench.plots import theme
from bench.plots.lines import of_curves
from bench.plots.weights import diversity_of
from bench.report import page_events, prose
from bench.report.terminal import text_of

from .fake_points import fake_points
from .fake_results import FIVE, fake
from .test_plots import texts

NAMES = ("slopes", "score_bands", "guesses", "overfitting", "updates", "weights", "diversity")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return fake(tmp_path_factory.mktemp("fake"), rows=200)


@pytest.fixture(scope="module")
def analysis(results) -> Analysis:
    return Analysis(results)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("slopes", ["mean slope (log scale)", "128 fixed samples", *FIVE]),
        ("score_bands", ["5 to 95 %", "logit or critic value", *FIVE]),
        ("guesses", ["output; accuracy", "equilibrium", "gan", "cgan", "dcgan"]),
        ("overfitting", ["held-out images", "of the same classes", *FIVE]),
        ("updates", ["|update| / |weights|", "Geometric mean", "generator", "14 of 15 trials"]),
        ("weights", ["share of the weights, %", "40 equal bins", "seed 0", *FIVE]),
        ("diversity", ["% of two real", "64 fixed samples", "25%"]),
    ],
)
def test_a_figure_names_its_axes_units_and_trials(analysis, name, words):
    shown = texts(plots.FIGURES[name].draw(analysis, "mnist5k"))
    assert [word for word in words if word not in shown] == []


def test_figures_of_points_speak_of_points(tmp_path):
    results = fake_points(tmp_path)
    for name in NAMES:
        shown = texts(plots.FIGURES[name].draw(Analysis(results), "grid25"))
        assert "points" in shown or name in ("updates",)
        assert not re.search("FID|image|classifier", shown), name


def test_slopes_have_a_line_at_one_and_a_line_a_place(results, analysis):
    figure = plots.FIGURES["slopes"].draw(analysis, "mnist5k")
    rows = of_curves(results, "mnist5k", "slope/fake/mean")
    for axis, model in zip(figure.axes[:5], FIVE, strict=True):
        (one,) = [line for line in axis.lines if line.get_linestyle() == "--"]
        assert np.asarray(one.get_ydata()).tolist() == [1, 1]
        thick = [line for line in axis.lines if line.get_linewidth() == 1.9]
        assert [line.get_color() for line in thick][1] == theme.OWN[model]
        own = rows[(rows["model"] == model) & (rows["seed"] < 2)]
        last = own[own["images"] == own["images"].max()]["value"].mean()
        assert np.asarray(thick[1].get_ydata())[-1] == pytest.approx(last)


def test_bands_reach_from_quantile_to_quantile(results, analysis):
    axis = plots.FIGURES["score_bands"].draw(analysis, "mnist5k").axes[0]
    rows = of_curves(results, "mnist5k", "score/real/q05", "score/real/q95")
    rows = rows[rows["model"] == "gan"]
    outer = np.asarray(axis.collections[0].get_paths()[0].vertices)
    means = rows.groupby(["metric", "images"])["value"].mean()
    assert outer[:, 1].min() == pytest.approx(means["score/real/q05"].min())
    assert outer[:, 1].max() == pytest.approx(means["score/real/q95"].max())


def test_only_logistic_models_have_guesses(analysis):
    axes = plots.FIGURES["guesses"].draw(analysis, "mnist5k").axes
    assert [axis.get_title(loc="left") for axis in axes] == ["gan", "cgan", "dcgan"]


def test_weights_are_seen_at_their_own_scale(analysis):
    axes = plots.FIGURES["weights"].draw(analysis, "mnist5k").axes[:5]
    limits = {axis.get_title(loc="left"): axis.get_ylim() for axis in axes}
    assert limits["wgan"] == pytest.approx((-0.01, 0.01))
    assert limits["gan"] == pytest.approx((-1.1, 1.1))
    wgan = next(axis for axis in axes if axis.get_title(loc="left") == "wgan")
    columns = [c for c in wgan.collections if isinstance(c, QuadMesh)]
    assert len(columns) == 11
    shares = np.asarray(columns[-1].get_array()).ravel()
    assert shares.sum() == pytest.approx(1)
    assert shares.argmax() in (0, 39)


def test_diversity_is_a_percentage_of_the_real_one(results):
    rows = diversity_of(results, "mnist5k")
    curves = results.curves.query("model == 'gan' and seed == 1")
    last = curves[curves["images"] == curves["images"].max()].set_index("metric")["value"]
    own = rows.query("model == 'gan' and seed == 1").sort_values("images")
    expected = 100 * last["diversity/fake"] / last["diversity/real"]
    assert own["value"].iloc[-1] == pytest.approx(expected)


def test_a_folder_without_probes_has_none_of_the_figures(tmp_path):
    old = fake(tmp_path, ("gan", "wgan"), 1, (), rows=5)
    assert set(NAMES) - {"weights"} <= set(plots.FIGURES) - set(
        plots.figures_of(Analysis(old), "mnist5k")
    )
    old.histograms = old.histograms.iloc[:0]
    old.events = old.events.iloc[:0]
    assert not set(NAMES) & set(plots.figures_of(Analysis(old), "mnist5k"))
    assert page_events.alarms(Analysis(old), "mnist5k") == []
    old.trials = old.trials.drop(columns=["collapse_alarms", "divergence_alarms"])
    summary = Analysis(old).summary
    assert summary["collapse_alarms"].isna().all()
    assert not any("Alarms" in line for line in prose.limits(Analysis(old), "mnist5k"))


def test_alarms_are_listed_counted_and_told(analysis):
    listed = page_events.alarms(analysis, "mnist5k")
    assert [(t["model"], t["kind"], t["step"]) for t in listed] == [
        ("gan", "collapse", 900),
        ("gan", "divergence", 950),
    ]
    table = analysis.summary.set_index("model")
    assert table["collapse_alarms"].to_dict() == dict.fromkeys(FIVE, 1.0)
    assert table["divergence_alarms"].to_dict() == {m: float(m == "wgan") for m in FIVE}
    (told,) = [line for line in prose.limits(analysis, "mnist5k") if "Alarms" in line]
    assert "wgan of divergence in 1 of 3 trials" in told
    assert told in text_of(analysis)
