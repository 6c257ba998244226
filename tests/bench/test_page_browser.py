"""The page in a browser: what moves, moves; nothing overflows; everything can be read."""

import shutil
from typing import Any

import pytest

from bench.analysis import Analysis
from bench.plots import theme
from bench.plots.figures import FIGURES
from bench.report import page as pages

from .fake_points import both, fake_points
from .fake_results import fake

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]'")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]
WIDE = "<script>document.title = 'broken'</script>" + "W" * 60  # a label that has no place to break

CONTRAST = """
() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((x) => x / 255)
      .map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || e.tagName === "SCRIPT") continue;
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 80)]);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("browser")
    models = ("dcgan", "wgan", "wgangp", WIDE)
    images = fake(path, models, 3, (("wgan", 2),), rows=20, pictures=True)
    points = fake_points(path, "ring8", 8, ("gan", "cgan"), 7, diverged=(), rows=20)
    analysis, figures = Analysis(both(images, points)), {}
    for name in ("pairs", "cost", "final_quality"):
        figures["mnist5k", name] = path / name
        theme.save(FIGURES[name].draw(analysis, "mnist5k"), path / name)
    file = path / "report.html"
    file.write_text(pages.page(analysis, figures), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, address):
    """Opens the page in a window; at the end nothing may have been said in the console."""
    said, contexts = [], []

    def view(width=1000, **settings):
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url))
        page.goto(address)
        return page

    yield view
    for context in contexts:
        context.close()
    # The page itself is asked for, its pictures are inside it, and that is all.
    assert [text for text in said if text != address and not text.startswith("data:image/")] == []


def shown(page: Any, part: str) -> list[str]:
    """The alternative texts of the pictures that are to be seen in a part of the page."""
    pictures = page.locator(f"{part} img").all()
    return [p.get_attribute("alt") for p in pictures if p.is_visible()]


def column(page: Any, table: str, place: int) -> list[str]:
    texts: list[str] = page.locator(f"{table} tbody tr td:nth-child({place})").all_inner_texts()
    return texts


def test_the_slider_moves_all_models_together_by_keyboard(opened):
    page = opened()
    slider = page.get_by_label("Training so far").first
    assert slider.evaluate("e => e.matches(':focus')") is False
    slider.focus()
    for key, moment in (("Home", "0 images"), ("ArrowRight", "25.6k images")):
        page.keyboard.press(key)
        assert page.locator("output").first.inner_text() == moment
        assert slider.get_attribute("aria-valuetext") == moment
        alts = shown(page, ".slides >> nth=0 >>")
        assert len(alts) == 4
        assert all(f"after {moment}, seed" in alt for alt in alts)
    page.keyboard.press("End")
    assert sum("after 256k images" in alt for alt in shown(page, ".slides >> nth=0 >>")) == 4
    # The other data set's slider has not moved.
    assert page.locator("output").nth(1).inner_text() == "256k points"


def test_the_switch_shows_one_clock_at_a_time(opened):
    page = opened()
    words = page.locator(".switch").first.locator("svg text")
    assert words.filter(has_text="real images shown").count() == 1
    page.get_by_label("real images shown to the discriminator", exact=True).focus()
    page.keyboard.press("ArrowDown")
    assert words.filter(has_text="real images shown").count() == 0
    assert words.filter(has_text="generator steps").count() == 1
    page.get_by_label("seconds of training", exact=True).first.click()
    assert words.filter(has_text="seconds of training").count() == 1
    other = page.locator(".switch").nth(1).locator("svg text")
    assert other.filter(has_text="real points shown").count() == 1
    assert shown(page, ".switch >> nth=0 >>") == []  # charts stand in their place


def test_a_table_sorts_by_number_and_by_text(opened):
    page = opened()
    table = "[aria-label='cost on mnist5k']"
    head = page.locator(f"{table} th").nth(1)
    before = [float(text) for text in column(page, table, 2)]
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [float(text) for text in column(page, table, 2)] == sorted(before)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in column(page, table, 2)] == sorted(before, reverse=True)
    page.locator(f"{table} th button").first.click()
    assert head.get_attribute("aria-sort") is None
    names = column(page, table, 1)
    assert names[1:] == ["dcgan", "wgan", "wgangp"]
    assert names[0].startswith("<script>")


def test_numbers_sort_as_numbers_and_what_has_none_comes_last(opened):
    page = opened()
    table = "[aria-label='scale of FID on mnist5k']"
    rows = page.locator(f"{table} tbody tr")
    rows.nth(1).locator("td").nth(1).evaluate("cell => { cell.dataset.value = ''; }")
    rows.nth(2).locator("td").nth(1).evaluate("cell => { cell.dataset.value = '1e3'; }")
    names = [row.locator("td").first.inner_text() for row in rows.all()]
    for greatest in (0, -2):  # downwards, since it was sorted upwards, then upwards
        page.locator(f"{table} th button").nth(1).click()
        found = column(page, table, 1)
        assert found[greatest] == names[2]
        assert found[-1] == names[1]


@pytest.mark.parametrize(("media", "width"), [("screen", 380), ("screen", 1600), ("print", 718)])
def test_nothing_overflows_sideways(opened, media, width):
    """718 pixels is A4 between usual margins."""
    page = opened(width)
    page.emulate_media(media=media)
    widest, window = page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    assert widest <= window == width
    assert page.title().endswith("which GAN is better here?")


def test_the_first_table_is_whole_on_a_common_screen(opened):
    """1,200 pixels, less a scroll bar of 15."""
    page = opened(1185)
    names = page.locator(".wide").first.locator(".name")  # one of them is 97 letters of markup
    names.evaluate_all("cells => cells.forEach(cell => { cell.textContent = 'wgangp'; })")
    inside, there = page.locator(".wide").first.evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inside == there > 1100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(opened, scheme):
    page = opened(color_scheme=scheme)
    found = page.evaluate(CONTRAST)
    assert len(found) > 300
    assert [text for ratio, text in found if ratio < 4.5] == []
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == {"light": "rgb(28, 28, 30)", "dark": "rgb(236, 236, 238)"}[scheme]


def test_focus_is_seen_and_motion_can_be_reduced(opened):
    page = opened(reduced_motion="reduce")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    motion = "getComputedStyle(document.documentElement).scrollBehavior"
    assert page.evaluate(motion) == "auto"
    assert opened(reduced_motion="no-preference").evaluate(motion) == "smooth"


def test_paper_has_every_clock_and_no_controls(opened):
    page = opened()
    page.emulate_media(media="print")
    assert len(shown(page, ".switch >> nth=0 >>")) == 3
    for part in ("input", "fieldset", "nav", ".chart", ".top"):
        assert not page.locator(part).first.is_visible()
    assert page.locator("output").first.is_visible()


def test_without_script_the_last_samples_and_every_clock_are_there(opened):
    page = opened(java_script_enabled=False)
    assert sum("after 256k images" in alt for alt in shown(page, ".slides >> nth=0 >>")) == 4
    assert len(shown(page, ".switch >> nth=0 >>")) == 3
    assert page.locator("button:visible").count() == 0
    assert not page.locator("input").first.is_visible()
