"""Figures and the page of 2-D points, alone and beside images."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from bench.analysis import Analysis
from bench.datasets import DATASETS
from bench.metrics import METRICS
from bench.plots import figures as plots
from bench.plots import theme
from bench.report.literature import PUBLISHED, published
from bench.report.rebuild import write_report
from bench.tables.protocol import final

from .fake_points import LEVELS, THREE, both, fake_points
from .fake_results import fake
from .test_plots import texts


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return fake_points(tmp_path_factory.mktemp("points"))


@pytest.fixture(scope="module")
def analysis(results) -> Analysis:
    return Analysis(results)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page")
    images = fake(path, ("dcgan",), 1, diverged=(), rows=20, pictures=True)
    points = fake_points(path, "ring8", 8, ("gan", "cgan"), 2, diverged=(), rows=20)
    with pytest.MonkeyPatch.context() as patch:
        # The words of a page do not depend on what is drawn, which takes most of the time.
        patch.setattr(theme, "DPI", 60)
        blank = {name: replace(plot, draw=blank_figure) for name, plot in plots.FIGURES.items()}
        patch.setattr(plots, "FIGURES", blank)
        write_report(both(images, points))
    return (path / "report.html").read_text(encoding="utf-8")


def blank_figure(analysis: Analysis, dataset: str) -> Figure:
    return Figure(figsize=(1, 1))


def words_of(part: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(part)))


def panel(figure: Figure, name: str):
    return next(axis for axis in figure.axes if name in axis.get_title(loc="left"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("quality", ["EMD (log scale, lower is better)", "real points shown", "2,500 samples"]),
        ("quality", ["real, held out: 0.0500", "untrained generator: 1.30", "cgan ends lowest"]),
        ("final_quality", ["final EMD (log scale", "cgan ends lowest", "(2 of 3)", "(3 of 3)"]),
        ("samples", ["density", "real points shown", "seed 0", *THREE]),
        ("modes", ["share of the samples, %", "its nearest mode", "cgan †", "handed its labels"]),
        ("coverage_of_modes", ["modes covered, of 25", "high-quality samples, %", "mode KL, nats"]),
        ("coverage_of_modes", ["true samples: 98.9", "higher is better", "real points shown"]),
        ("losses", ["real points shown", "8 of 9 trials finished (1 diverged)"]),
        ("scores", ["real points shown"]),
        ("gradient_norms", ["real points shown"]),
        ("gradient_norms_by_layer", ["real points shown"]),
    ],
)
def test_a_figure_of_points_names_what_it_shows(analysis, name, words):
    shown = texts(plots.FIGURES[name].draw(analysis, "grid25"))
    assert [word for word in words if word not in shown] == []
    assert not re.search("FID|image|classifier", shown)


def test_quality_of_points_has_the_floor_and_the_untrained_generator(analysis):
    axis = plots.FIGURES["quality"].draw(analysis, "grid25").axes[0]
    dashed = [line for line in axis.lines if line.get_linestyle() == "--"]
    heights = [float(np.asarray(line.get_ydata())[0]) for line in dashed]
    assert heights == pytest.approx([LEVELS["held-out real"][0], 1.3])


def test_coverage_shows_the_means_of_finished_trials_and_the_best_there_can_be(results, analysis):
    figure = plots.FIGURES["coverage_of_modes"].draw(analysis, "grid25")
    for name, metric, unit, best in (
        ("modes covered", "modes", 1, 25),
        ("high-quality", "high_quality", 100, 98.889),
        ("mode KL", "mode_kl", 1, 0),
    ):
        axis = panel(figure, name)
        thick = {line.get_color(): line for line in axis.lines if line.get_linewidth() >= 1.5}
        means = final(results, metric, "grid25").groupby("model")["value"].mean()
        for model in THREE:
            end = np.asarray(thick[theme.OWN[model]].get_ydata())[-1]
            assert end == pytest.approx(unit * means[model])
        dashed = [line for line in axis.lines if line.get_linestyle() == "--"]
        assert [np.asarray(line.get_ydata())[0] for line in dashed] == [
            pytest.approx(best, abs=1e-3)
        ]
        low, high = axis.get_ylim()
        assert low < 0
        assert high > best
    assert [text.get_text() for text in figure.legends[0].texts] == ["gan", "cgan †", "wgan"]


def test_images_have_no_share_of_high_quality(tmp_path):
    analysis = Analysis(fake(tmp_path, ("gan",), 1, (), rows=2))
    figure = plots.FIGURES["coverage_of_modes"].draw(analysis, "mnist5k")
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert [title.split(",")[0] for title in titles] == ["modes covered", "mode KL"]


def test_25_modes_stand_in_order_and_are_numbered_by_fives(results, analysis):
    axis = plots.FIGURES["modes"].draw(analysis, "grid25").axes[0]
    bars = next(c for c in axis.containers if isinstance(c, BarContainer))
    shares = [final(results, f"class_share/{k}", "grid25") for k in range(25)]
    means = [100 * s.loc[s["model"] == "gan", "value"].mean() for s in shares]
    assert [bar.get_height() for bar in bars] == pytest.approx(means)
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0", "5", "10", "15", "20"]
    across = [line for line in axis.lines if line.get_linestyle() in ("--", ":")]
    assert [np.asarray(line.get_ydata())[0] for line in across] == [4]  # no tenth of a share


def test_a_folder_of_both_counts_the_modes_of_each(tmp_path):
    mixed = both(fake(tmp_path, ("gan",), 1, (), rows=2), fake_points(tmp_path, rows=2))
    for dataset, modes in (("mnist5k", 10), ("grid25", 25)):
        axis = plots.FIGURES["modes"].draw(Analysis(mixed), dataset).axes[0]
        bars = next(c for c in axis.containers if isinstance(c, BarContainer))
        assert len(bars) == modes


def test_a_density_is_shown_whole_in_a_frame(analysis):
    figure = plots.FIGURES["samples"].draw(analysis, "grid25")
    picture = np.asarray(figure.axes[0].images[0].get_array())
    assert picture.shape == (3 * (130 + 8), 6 * (130 + 8), 3)  # models, times
    cell = picture[:130, :130]
    assert {int(x) for x in cell[0].ravel()} == {200}
    assert cell[1:-1, 1:-1].max() == 255
    assert (cell[1:-1, 1:-1] < 255).any()


def test_points_without_modes_have_the_other_figures(tmp_path):
    swissroll = fake_points(tmp_path, "swissroll", 0, rows=12)
    assert set(plots.FIGURES) - set(plots.figures_of(Analysis(swissroll), "swissroll")) == {
        "modes",
        "coverage_of_modes",
        "likelihood",
        "neighbours",
        "reported_losses",
    }


@pytest.mark.parametrize("kind", ["none finished", "no metrics", "nan"])
def test_what_is_missing_does_not_stop_a_figure_of_points(tmp_path, kind):
    lost = tuple((m, s) for m in ("gan", "wgan") for s in (0, 1)) * (kind == "none finished")
    some = fake_points(tmp_path, "ring8", 8, ("gan", "wgan"), 2, lost, rows=12)
    if kind == "no metrics":
        some.evaluations, some.curves = some.evaluations.iloc[:0], some.curves.iloc[:0]
        some.scale = some.scale.iloc[:0]
    if kind == "nan":
        some.evaluations.loc[::3, "value"] = np.nan
    analysis = Analysis(some)
    for plot in plots.FIGURES.values():
        figure = plot.draw(analysis, "ring8")
        figure.draw_without_rendering()
        assert figure.get_suptitle()


def test_a_published_table_has_a_value_for_each_column_and_metrics_that_exist():
    for name, table in PUBLISHED.items():
        assert name in DATASETS
        assert set(table.metrics) <= set(METRICS)
        assert "{" not in table.setup
        assert all(all(row.values) and row.method and row.source for row in table.rows)
    assert published("ring8@pacgan") is PUBLISHED["ring8"]
    assert published("mnist5k") is None


def test_the_page_has_words_for_points_and_for_images(page):
    images, points = (words_of(part) for part in page.split("<h1>")[1:])
    for words in (
        "Which GAN is better on ring8",
        "cgan has the lowest mean EMD",
        "A ratio below 1 says that the first has the lower EMD",
        "98.9 % of true samples are",
        "a blob around the centre has a mode KL near 0. So look at both",
        "The scale of EMD here",
        "Real points that were not trained on are the floor",
        "uniform square",
        "Protocol of EMD: points, 2,500 samples against true:2500",
    ):
        assert words in points
    assert "EMD, mean [95 % t] every seed finished high quality modes mode KL" in points
    assert "FID" not in points
    assert "EMD" not in images
    assert "The scale of FID here" in images
    assert "finished KID modes mode KL best FID" in images


def test_published_numbers_stand_beside_ours(page):
    images, points = (words_of(part) for part in page.split("<h1>")[1:])
    assert "Published numbers beside these" in points
    assert "method measured by modes covered high-quality share" in points
    assert "PacGAN2 PacGAN paper (Lin et al. 2018), mean of 10 runs ± standard error" in points
    assert re.search(r"cgan here, mean of 2 seeds [\d.]+† 0.97\d?", points)
    assert "their ring has radius 1 and sigma 0.01" in points
    assert "Published numbers" not in images


def test_every_figure_of_points_is_there_with_words_for_it(page):
    found = re.findall(r'image/png[^>]* alt="([^"]+)"', page)
    alts = [html.unescape(alt) for alt in found]
    # One model of images has no pairs, points no neighbours; samples are the slider's pictures,
    # nothing has a constraint, a bound or losses that were reported, and quality is a figure a
    # clock.
    for name in set(plots.FIGURES) - {"neighbours"}:  # of images alone
        absent = ("samples", "constraints", "quality", "likelihood", "reported_losses")
        shown = name not in absent
        words = plots.FIGURES[name].reading("ring8")
        assert sum(alt.startswith(f"ring8: {words.shows}") for alt in alts) == shown, name
        assert not re.search("FID|[Ii]mage|[{}]", " ".join(words)), name
    assert len(alts) == 2 * (len(plots.FIGURES) - 3)
