"""The live page in a browser: what changes on the disk changes on the page, without reloading."""

import os
import re
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bench.files import write_text
from bench.live import serving
from bench.live.state import Live

from . import tiny
from .half_trained import PUBLISHED, half_trained, progress
from .test_hostile import cli
from .test_page_browser import CHROMIUM, CONTRAST, browser, sync_api  # noqa: F401

uvicorn = pytest.importorskip("uvicorn", reason="pip install '.[live]'")
quick = tiny.quick
expect = sync_api.expect
WAIT = 20_000  # milliseconds
in_chromium = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return half_trained(tmp_path)


@pytest.fixture
def address(root):
    """A server of the folder, in a thread of this process."""
    from bench.live.app import application

    with serving.bound(None) as own:
        config = uvicorn.Config(application(Live(root)), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([own],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{own.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def opened(browser, address):  # noqa: F811
    said, contexts = [], []

    def view(width=1200, **settings):
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda r: said.append(r.url) if not r.url.startswith(address) else None)
        page.goto(address)
        page.locator(".chart").nth(2).wait_for()
        return page

    yield view
    for context in contexts:
        context.close()
    assert said == []


def words(page: Any) -> str:
    return str(page.locator("#words").inner_text())


@in_chromium[0]
@in_chromium[1]
def test_it_follows_the_run_to_its_report(opened, root):
    page = opened()
    page.evaluate("window.same = true")  # gone if the page is loaded again
    assert words(page).startswith("7 of 15 trials have finished, 2 are running. About ")
    bar = page.locator("progress[aria-label='wgan, seed 1, mnist5k']")
    expect(bar).to_have_js_property("value", 64_000)
    # A trial goes on.
    progress(root / "trials/mnist5k/wgan/s1", 192_000, "evaluating")
    expect(bar).to_have_js_property("value", 192_000, timeout=WAIT)
    assert "evaluating" in page.locator("#running").inner_text()
    # A trial ends: its curve is no longer dashed, and it is no longer among those that run.
    quality = page.locator(".chart").filter(has_text="Quality so far")
    expect(quality.locator(".line.now")).to_have_count(2)
    replace(root, "wgan", 1)
    expect(page.locator("#running li")).to_have_count(1, timeout=WAIT)
    expect(quality.locator(".line.now")).to_have_count(1, timeout=WAIT)
    assert page.locator("td.finished").count() == 8
    # A look: a report is written while another trial still trains.
    for name in ("summary.md", "comparisons.csv", "report.html"):
        text = (PUBLISHED / name).read_text()  # an older version's script would be refused
        write_text(root / name, re.sub("<script>.*?</script>", "", text, flags=re.S))
    expect(page.locator("circle.ratio")).to_have_count(10, timeout=WAIT)
    assert "wgangp's FID is 22 % lower than dcgan's" in page.locator("#sets").inner_text()
    assert page.evaluate("window.same")
    # The run ends, and the page becomes its report.
    shutil.copytree(PUBLISHED / "trials", root / "trials", dirs_exist_ok=True)
    (root / "trials/mnist5k/dcgan/s1/progress.json").unlink()
    (root / ".lock").write_text("")
    long_ago = time.time() - 100
    for path in root.rglob("status.json"):
        os.utime(path, (long_ago - 1, long_ago - 1))
    os.utime(root / "report.html", (long_ago, long_ago))
    expect(page.locator("h1")).to_contain_text("Which GAN is better on mnist5k", timeout=WAIT)
    assert page.url.count("/") == 3


def replace(root: Path, label: str, seed: int) -> None:
    """The trial, as it was published."""
    place = f"trials/mnist5k/{label}/s{seed}"
    shutil.copytree(PUBLISHED / place, root / place, dirs_exist_ok=True)
    (root / place / "progress.json").unlink()


@in_chromium[0]
@in_chromium[1]
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1600])
def test_it_can_be_read_and_nothing_overflows(opened, scheme, width):
    page = opened(width, color_scheme=scheme)
    found = page.evaluate(CONTRAST)
    assert len(found) > 80
    assert [text for ratio, text in found if ratio < 4.5] == []
    widest, window = page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    assert widest <= window == width


@in_chromium[0]
@in_chromium[1]
def test_the_filter_and_the_zoom_outlive_an_update(opened, root):
    page = opened()
    page.get_by_label("wgan", exact=True).uncheck()
    quality = page.locator(".chart").filter(has_text="Quality so far")
    quality.get_by_role("button", name="Zoom in").click()
    ticks = quality.locator("svg text[text-anchor=middle]").all_text_contents()
    replace(root, "dcgan", 1)
    expect(page.locator("td.finished")).to_have_count(8, timeout=WAIT)
    page.wait_for_timeout(300)
    assert quality.locator("svg text[text-anchor=middle]").all_text_contents() == ticks
    assert "wgan" not in quality.locator("text.name").all_text_contents()
    assert not page.locator("#running li").filter(has_text="wgan").first.is_visible()


@in_chromium[0]
@in_chromium[1]
def test_a_server_that_has_gone_is_told(browser, root):  # noqa: F811
    from bench.live.app import application

    with serving.bound(None) as own:
        port = own.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(application(Live(root)), log_level="error", lifespan="off")
        )
        thread = threading.Thread(target=server.run, args=([own],), daemon=True)
        thread.start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.locator(".chart").nth(2).wait_for()
        server.should_exit = True
        thread.join(10)
    page.get_by_text("The server does not answer").wait_for()
    context.close()


@pytest.mark.usefixtures("few_figures", "quick")
def test_a_run_has_its_page_and_ends_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli(
        *("run", "--models", "gan", "--dataset", "ring8", "--seeds", "1", "--images", "640"),
        *("--set", "width=4", "--jobs", "1", "--out", "out", "--live"),
    )
    assert done.exit_code == 0, done.output
    (line,) = (x for x in done.output.splitlines() if x.startswith("While it runs: "))
    port = int(line.rsplit(":", 1)[1].strip("/"))
    with serving.bound(port):  # it is free again
        pass
    assert (tmp_path / "out" / ".lock").read_text() == ""
