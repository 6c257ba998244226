"""A figure is one row of the registry: the row alone brings it to the folder and to the page."""

import re
from pathlib import Path
from typing import get_args

import pytest
from matplotlib.figure import Figure
from PIL import Image

from bench.analysis import Analysis
from bench.plots import figures as plots
from bench.plots.reading import Reading
from bench.report import assets
from bench.report import page as pages

from .fake_points import fake_points
from .fake_results import fake
from .html_tree import Element, parsed

ROW = plots.Plot(
    lambda analysis, dataset: Figure(figsize=(1, 2)),
    Reading("an empty sheet of {unit}", "Read nothing into it, least of all a {metric}."),
    "why",
)


def reported(analysis: Analysis) -> Element:
    return parsed(
        pages.page(analysis, plots.write_plots(analysis, analysis.results.path / "plots"))
    )


def between(page: Element, first: str, last: str) -> list[Element]:
    """The elements of the page from one heading to another, by the start of their ids."""
    order = page.all()
    ids = [element.attributes.get("id", "") for element in order]
    start, end = (
        next(i for i, x in enumerate(ids) if x.startswith(f"{name}-")) for name in (first, last)
    )
    return order[start:end]


@pytest.mark.usefixtures("few_figures")
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (fake, ("an empty sheet of images", "Read nothing into it, least of all a FID.")),
        (fake_points, ("an empty sheet of points", "Read nothing into it, least of all a EMD.")),
    ],
)
def test_a_row_brings_a_figure_to_the_folder_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made, words: tuple[str, str]
) -> None:
    analysis = Analysis(made(tmp_path, models=("gan",), seeds=1, rows=5))
    monkeypatch.setitem(plots.FIGURES, "sheet", ROW)
    page = reported(analysis)
    with Image.open(tmp_path / "plots" / "sheet.png") as picture:
        assert picture.size == (160, 320)
    (figure,) = (e for e in between(page, "why", "scale") if e.tag == "figure")
    (picture_there,) = figure.all("img")
    dataset = analysis.results.experiment["datasets"][0]
    assert picture_there["alt"] == f"{dataset}: {words[0]}; models: gan."
    assert figure.all("figcaption")[0].text == words[1]


@pytest.mark.usefixtures("few_figures")
def test_a_figure_without_anything_to_show_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = plots.Plot(ROW.draw, ROW.words, ROW.section, when=lambda analysis, dataset: False)
    monkeypatch.setitem(plots.FIGURES, "sheet", row)
    page = reported(Analysis(fake(tmp_path, ("gan",), 1, (), rows=5)))
    assert not (tmp_path / "plots" / "sheet.png").exists()
    assert not [e for e in between(page, "why", "scale") if e.tag == "figure"]


def test_each_section_has_one_place_on_the_page() -> None:
    templates = sorted(assets.TEMPLATES.glob("*.j2"))
    asked = [
        x for path in templates for x in re.findall(r'figures\(s, "(\w+)"\)', path.read_text())
    ]
    assert sorted(asked) == sorted(get_args(plots.Section))
