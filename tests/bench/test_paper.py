"""Figures to take away: their width, their fonts, their caption, and nothing cut off."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from matplotlib.text import Text
from PIL import Image

from bench.analysis import Analysis
from bench.cli import main
from bench.plots import paper
from bench.plots.figures import FIGURES

from .fake_results import fake

COLUMN = 3.3  # inches


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    return Analysis(fake(tmp_path_factory.mktemp("paper"), rows=20, pictures=True))


@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"reported_losses"}))
def test_a_figure_fits_a_column_and_its_words_stand_apart(analysis, name, monkeypatch):
    plot, titles = FIGURES[name], []

    def titled(*of):
        figure = plot.draw(*of)
        titles.append(figure.get_suptitle())
        return figure

    monkeypatch.setitem(FIGURES, name, replace(plot, draw=titled))
    figure, words = paper.drawn(analysis, "mnist5k", name, COLUMN)
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] == pytest.approx(COLUMN)
    assert figure.get_suptitle() == figure.get_supxlabel() == ""
    assert len(words) > 60
    assert titles[0]
    assert words.startswith(titles[0] + ". ")
    box = figure.get_tightbbox()
    assert box.x0 >= -0.02
    assert box.x1 <= COLUMN + 0.02
    sizes = {
        float(text.get_fontsize())
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible()
    }
    assert 5.9 < min(sizes) <= max(sizes) < 10  # points: legible beside a text of 10


def test_the_files_have_the_width_that_was_asked_for_and_fonts_inside(analysis, tmp_path):
    figure, words = paper.drawn(analysis, "mnist5k", "quality", COLUMN)
    paper.write(figure, words, tmp_path / "quality", ["pdf", "png", "svg"])
    pdf = (tmp_path / "quality.pdf").read_bytes()
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    assert float(box[1]) == pytest.approx(72 * COLUMN, abs=0.1)
    assert b"/FontFile2" in pdf  # TrueType, inside the file
    assert b"/Type3" not in pdf
    with Image.open(tmp_path / "quality.png") as picture:
        assert picture.width == pytest.approx(paper.DPI * COLUMN, abs=1)
    assert b'width="237.6pt"' in (tmp_path / "quality.svg").read_bytes()
    assert (tmp_path / "quality.txt").read_text() == words + "\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--figures", "pdf,jpg"], "--figures jpg: the formats are pdf, svg, png"),
        (["--only", "qualty"], "qualty"),
        (["--only", "reported_losses"], "has nothing to show in reported_losses"),
        (["--width", "3.3"], "--width 3.3 is no width"),
        (["--width", "900mm"], "--width 900mm is no width"),
        (["--style", "page", "--width", "3in"], "leave out --style page"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(options, told):
    folder = Path(__file__).parents[2] / "results" / "reference-mnist5k"
    done = CliRunner().invoke(main, ["report", str(folder), *options])
    assert done.exit_code != 0
    assert told in done.output
    assert len(done.output.strip().split("\n")) <= 4
    assert not (folder / "figures").exists()
