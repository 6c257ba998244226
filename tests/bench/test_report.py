"""The page: self-contained, escaped, and complete."""

import html
import re

import pandas as pd
import pytest

from bench.plots import theme
from bench.plots.figures import FIGURES
from bench.report.rebuild import write_report

from .fake_results import fake

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("results")
    results = fake(path, ("dcgan", HOSTILE), diverged=((HOSTILE, 2),), rows=30, pictures=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theme, "DPI", 60)  # pixels take most of the time
        write_report(results)
    return path


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def test_every_file_is_written_and_no_half_of_one(folder):
    absent = {"constraints", "likelihood", "reported_losses"}  # nothing was recorded of them
    plots = {f"{name}.png" for name in FIGURES.keys() - absent}
    assert {path.name for path in (folder / "plots").iterdir()} == plots
    names = {"summary.csv", "comparisons.csv", "summary.md", "report.html", "plots", "trials"}
    names |= {"summary.tex", "comparisons.tex", "claims.csv", "report.md", "drawn.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert pd.read_csv(folder / "summary.csv")["finished"].sum() == 5
    assert len(pd.read_csv(folder / "comparisons.csv").query("metric == 'fid'")) == 1


def test_the_page_needs_no_network(page):
    without_pictures = re.sub(r"data:image/[^\"]*", "", page)
    for within in ('"http://www.w3.org/2000/svg"', "url(#"):  # a name, and a part of the page
        without_pictures = without_pictures.replace(within, "")
    assert not re.search(
        r"https?:|//[a-z]|@import|url\(|<link|<script (?!type=\"application/json\")",
        without_pictures,
    )
    assert len(page) < 1_500_000


def test_a_label_is_text_wherever_it_comes_from(page, folder):
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert HOSTILE not in (folder / "summary.md").read_text(encoding="utf-8")


def test_every_figure_is_there_with_words_for_it(page):
    alts = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)"', page)
    # Not those that nothing was recorded of; the samples are the slider's pictures; quality has a
    # figure a clock beside the one of all.
    absent = {"constraints", "likelihood", "reported_losses"}
    shown = FIGURES.keys() - absent - {"samples", "quality"}
    assert len(alts) == len(shown) + 3
    assert all("dcgan" in alt for alt in alts)
    words = html.unescape(" ".join(alts))
    assert all(FIGURES[name].reading("mnist5k").shows in words for name in shown)


def test_the_answer_its_doubts_and_how_to_repeat_it(page):
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))
    for words in (
        "dcgan has the lowest mean FID",
        "What this run cannot tell",
        "2 of 3 seeds finished (1 diverged)",
        "simultaneous 95 %",
        "loss/discriminator is nan",
        "bench run experiment.toml",
        "digits-lenet:1a2b3c4d5e6f, 4,000 samples against train:4000",
        "latent/generator",
    ):
        assert words in text
    assert "The ranking survives" not in text  # of 3 contestants: by chance in 1 of 6 cases
