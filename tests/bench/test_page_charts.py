"""The page's charts in a browser: pointer, keyboard, zoom, filter, colours, CSV."""

import csv
import io
from typing import Any

import pytest

from bench.analysis import Analysis
from bench.plots import theme
from bench.plots.figures import FIGURES
from bench.records.results import Results
from bench.report import page as pages
from bench.report.page_charts import palette

from .fake_results import fake

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]'")

from .test_page_browser import CHROMIUM, browser, opened  # noqa: E402, F401 (they need it)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]
MODELS = ("dcgan", "wgan", "wgangp")
DRAWN = ("final_quality", "pairs", "losses", "gradient_norms")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return fake(tmp_path_factory.mktemp("charts"), MODELS, 3, (("wgan", 2),), rows=60)


@pytest.fixture(scope="module")
def address(results):
    analysis, figures = Analysis(results), {}
    for name in DRAWN:
        figures["mnist5k", name] = results.path / name
        theme.save(FIGURES[name].draw(analysis, "mnist5k"), results.path / name)
    file = results.path / "report.html"
    file.write_text(pages.page(analysis, figures), encoding="utf-8")
    return file.as_uri()


def chart(page: Any, title: str) -> Any:
    return page.locator(".chart").filter(has_text=title).first


def fid(results: Results, model: str, seed: int, images: int) -> float:
    rows = results.evaluations.query("metric == 'fid' and features.str.startswith('digits-lenet:')")
    own = rows.query("model == @model and seed == @seed and images == @images")
    return float(own["value"].iloc[0])


def test_a_value_under_the_pointer_is_told_with_contestant_and_seed(opened, results):  # noqa: F811
    page = opened(1200)
    final = chart(page, "Final quality")
    final.scroll_into_view_if_needed()
    dots = final.locator("circle.dot")
    told = set()
    for dot in dots.all():
        box = dot.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tip = final.locator(".tip")
        assert tip.is_visible()
        told.add(tuple(tip.inner_text().split("\n")))
    wanted = {(model, seed) for model in MODELS for seed in range(3)} - {("wgan", 2)}
    assert {(name, place) for name, _, place in told} == {(m, f"seed {s}") for m, s in wanted}
    for name, value, place in told:
        truth = fid(results, name, int(place[-1]), 256_000)
        assert float(value) == pytest.approx(truth, rel=1e-3)
    page.mouse.move(0, 0)
    assert not tip.is_visible()


def test_the_keyboard_reads_a_curve_and_zooms(opened, results):  # noqa: F811
    page = opened(1200)
    quality = chart(page, "Quality through training")
    quality.locator("svg").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")  # no key of the chart's
    aloud = quality.locator("[aria-live]")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    name, value, which, place = aloud.inner_text().split(", ", 3)
    assert place.startswith("256,000 real images shown")
    seeds = 2 if name == "wgan" else 3
    ends = [fid(results, name, seed, 256_000) for seed in range(seeds)]
    assert float(value.split(" [")[0]) == pytest.approx(sum(ends) / seeds, rel=1e-3)
    assert which == f"mean of {seeds} seeds"
    before = ticks(quality)
    page.keyboard.press("+")
    assert ticks(quality) != before
    assert quality.locator("svg").evaluate("e => e === document.activeElement")
    page.keyboard.press("0")
    assert ticks(quality) == before


def ticks(place: Any) -> Any:
    return place.locator("svg text[text-anchor=middle]").all_text_contents()


def test_a_drag_zooms_all_panels_and_a_double_click_ends_it(opened):  # noqa: F811
    page = opened(1200)
    losses = chart(page, "Losses while training")
    losses.scroll_into_view_if_needed()
    before = [ticks(losses.locator(".panel").nth(i)) for i in range(3)]
    box = losses.locator("svg").nth(1).bounding_box()
    y, left, right = box["y"] + 80, box["x"] + 0.5 * box["width"], box["x"] + 0.7 * box["width"]
    page.mouse.move(left, y)
    page.mouse.down()
    page.mouse.move(right, y, steps=4)
    page.mouse.up()
    after = [ticks(losses.locator(".panel").nth(i)) for i in range(3)]
    assert after[0] == after[1] == after[2] != before[0]
    numbers = [float(text[:-1]) for text in after[0] if text.endswith("k")]
    assert 90 < min(numbers) < max(numbers) < 190  # thousands, of 256
    assert losses.get_by_role("button", name="Show all of it").is_visible()
    page.mouse.dblclick(left, y)
    assert [ticks(losses.locator(".panel").nth(i)) for i in range(3)] == before


CROSSINGS = """
(svg) => {
  const [back, front] = svg.querySelectorAll(":scope > g");
  const leads = [...back.querySelectorAll("path.line.mean")];
  const starts = leads.map((path) => path.getPointAtLength(0));
  const right = starts[0].x - 2;
  return [...front.querySelectorAll("path.line.mean")].map((path) => {
    let [low, high] = [0, path.getTotalLength()];
    for (let turn = 0; turn < 50; turn += 1) {
      const middle = (low + high) / 2;
      if (path.getPointAtLength(middle).x < right) low = middle;
      else high = middle;
    }
    const lead = leads.find((each) => each.style.cssText === path.style.cssText);
    return [path.getPointAtLength(low).y, lead.getPointAtLength(0).y];
  });
}
"""


def test_names_stand_where_the_zoomed_lines_leave(opened):  # noqa: F811
    page = opened(1200)
    quality = chart(page, "Quality through training")
    quality.scroll_into_view_if_needed()
    box = quality.locator("svg").bounding_box()
    y, left, right = box["y"] + 80, box["x"] + 0.2 * box["width"], box["x"] + 0.35 * box["width"]
    page.mouse.move(left, y)
    page.mouse.down()
    page.mouse.move(right, y, steps=4)
    page.mouse.up()
    found = quality.locator("svg").evaluate(CROSSINGS)
    assert len(found) == len(MODELS)
    lowest = box["height"] - 40  # where the x-axis is
    assert any(14 < line < lowest for line, _ in found)
    for line, name in found:
        assert name == pytest.approx(min(max(line, 14), lowest), abs=0.5)  # pixels


def test_the_filter_leaves_a_contestant_out_everywhere(opened):  # noqa: F811
    page = opened(1200)
    quality, pairs = chart(page, "Quality through training"), chart(page, "Pairs, seed")
    assert pairs.locator("circle.ratio").count() == 3
    page.get_by_label("wgan", exact=True).uncheck()
    assert "wgan" not in quality.locator("text.name").all_inner_texts()
    assert pairs.locator("circle.ratio").count() == 1
    assert chart(page, "Losses while").locator("svg").count() == 2
    names = page.locator("[aria-label='models on mnist5k'] tbody tr:visible td.name")
    assert sorted(names.all_inner_texts()) == ["dcgan", "wgangp"]
    matrix = page.locator(".matrix")
    assert matrix.locator("tbody tr:visible").count() == 2
    assert matrix.locator("tbody tr:visible >> nth=0 >> td:visible").count() == 2
    page.get_by_role("button", name="None", exact=True).click()
    assert "No contestant is chosen." in quality.inner_text()
    page.get_by_role("button", name="All", exact=True).click()
    assert pairs.locator("circle.ratio").count() == 3


def test_dark_and_light_can_be_chosen_and_stay(opened):  # noqa: F811
    page = opened(color_scheme="light")
    line = ".chart path.line.mean"
    colour = f"getComputedStyle(document.querySelector('{line}')).stroke"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 28, 30)"
    button = page.get_by_role("button", name="Dark")
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(236, 236, 238)"
    on_dark = {
        tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for _, c in palette(list(MODELS)).values()
    }
    assert tuple(map(int, page.evaluate(colour)[4:-1].split(", "))) in on_dark
    page.reload()
    assert page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(236, 236, 238)"


def test_a_chart_gives_its_numbers(opened, results):  # noqa: F811
    page = opened(1200)
    quality = chart(page, "Quality through training")
    with page.expect_download() as held:
        quality.get_by_role("button", name="CSV").click()
    assert held.value.suggested_filename == "quality-through-training-mnist5k.csv"
    rows = list(csv.DictReader(io.StringIO(held.value.path().read_text())))
    seeds = [row for row in rows if not row["seed"].startswith("mean")]
    assert len(seeds) == 8 * 11 + 5  # a diverged trial has five
    for row in seeds:
        truth = fid(results, row["model"], int(row["seed"]), int(row["images"]))
        assert float(row["value"]) == pytest.approx(truth, rel=1e-4)


@pytest.mark.parametrize("width", [390, 1200])
def test_no_chart_is_wider_than_its_place(opened, width):  # noqa: F811
    page = opened(width)
    for place in page.locator(".chart").all():
        inside, there = place.evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inside <= there
        cut = place.evaluate(
            "e => [...e.querySelectorAll('svg')].some(s => [...s.querySelectorAll('text')]"
            ".some(t => { const b = t.getBoundingClientRect(), a = s.getBoundingClientRect();"
            "return b.left < a.left - 1 || b.right > a.right + 1; }))"
        )
        assert not cut
