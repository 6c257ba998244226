"""The site of the documents: it builds strictly, reads as on GitHub, and needs no network."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from .test_readme import PAGES, ROOT

pytest.importorskip("mkdocs", reason="pip install '.[docs]'")
pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium")
COUNTED = ("h2", "h3", "h4", "li", "tr", "td", "th", "pre", "img", "strong")
OUTSIDE = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//"""
)


class Parts(HTMLParser):
    """How often each of COUNTED stands in the article of a page, or in a fragment of HTML."""

    def __init__(self, inside: bool) -> None:
        super().__init__()
        self.found, self.text, self.inside = Counter[str](), "", inside

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside |= tag == "article"
        if self.inside and tag in COUNTED:
            self.found[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag != "article"

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""


def parts(html: str, inside: bool) -> Parts:
    found = Parts(inside)
    found.feed(html)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def html_of(site: Path, page: str) -> str:
    name = page.replace("README.md", "index.md").removesuffix(".md")
    return (site / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/reference.md"])
def test_a_page_reads_as_on_github(site: Path, page: str) -> None:
    as_github = MarkdownIt("commonmark").enable("table").render((ROOT / page).read_text())
    wanted, found = parts(as_github, True), parts(html_of(site, page), False)
    assert found.found == wanted.found
    # No mark of Markdown is left in what the reader sees.
    prose = re.sub(r"<pre.*?</pre>|<code.*?</code>", "", html_of(site, page), flags=re.DOTALL)
    said = parts(prose, False).text
    assert not re.findall(r"\*\*|\]\(|^#+ |^\| ", said, re.MULTILINE)


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = [path for path in site.rglob("*.html") if path.name != "report.html"]
    assert len(pages) > 30
    for path in pages:
        assert not OUTSIDE.findall(path.read_text(encoding="utf-8")), path
    for path in site.rglob("*.css"):
        assert not re.findall(r"url\(['\"]?https?:", path.read_text(encoding="utf-8")), path


def test_the_reference_has_what_the_packages_offer(site: Path) -> None:
    text = parts(html_of(site, "docs/reference.md"), False).text
    for said in ("load(folder:", "E (|grad s(x^)| - 1)^2", "discriminator_loss", "latent_dim"):
        assert said in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    tool = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]'")
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install chromium")
    with tool.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_reads_from_a_file_in_any_window(
    site: Path, browser: Any, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: said.append(r.url) if r.url.startswith("http") else None)
    for name in ("index", *(f"docs/{n}" for n in ("questions", "metrics", "results", "design"))):
        page.goto((site / f"{name}.html").as_uri())
        page.wait_for_timeout(200)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name
        ink, paper = page.evaluate(
            "[getComputedStyle(document.querySelector('article p')).color,"
            " getComputedStyle(document.body).backgroundColor]"
            ".map(c => c.match(/[\\d.]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b))"
        )
        assert (ink < paper) == (scheme == "light"), name
        pictures = page.evaluate(
            "[...document.querySelectorAll('article img')].map(i => [i.src, i.naturalWidth])"
        )
        assert all(size for _, size in pictures), pictures
    page.close()
    assert said == []


def test_the_search_finds_without_a_server(site: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((site / "docs/start.html").as_uri())
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("data-copying statistic", delay=5)
    found = page.locator(".md-search-result__link").first
    found.wait_for(timeout=20_000)
    assert page.locator(".md-search-result__link", has_text="Memorisation").count()
    page.close()
