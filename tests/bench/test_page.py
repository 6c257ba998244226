"""The page as its parser sees it: whole, labelled, sortable, and the same numbers as the tables."""

import base64
import hashlib
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.analysis import Analysis
from bench.live.page import is_of_this_version
from bench.records.results import Results
from bench.report import page as pages
from bench.report import page_events, page_pictures

from .fake_points import both, fake_points
from .fake_results import FIVE, FakeResults, fake, final_only
from .html_tree import Element, parsed

HOSTILE = "\"><img src=x onerror=alert(1)> & than 'b'"


@pytest.fixture(scope="module", autouse=True)
def few_pixels():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_pictures, "DPI", 30)  # pixels take most of the time
        yield


@pytest.fixture(scope="module")
def analysis(tmp_path_factory) -> Analysis:
    path = tmp_path_factory.mktemp("page")
    models = ("dcgan", "wgan", HOSTILE)
    images = fake(path, models, 3, (("wgan", 0), ("wgan", 2)), rows=20, pictures=True)
    points = fake_points(path, "ring8", 8, ("gan", "cgan"), 7, diverged=(), rows=20)
    return Analysis(both(images, points))


@pytest.fixture(scope="module")
def page(analysis) -> Element:
    figures = {}
    for name in ("pairs", "final_quality"):
        path = figures["mnist5k", name] = analysis.results.path / name
        path.with_suffix(".png").write_bytes(b"png")
    return parsed(pages.page(analysis, figures))


def made(results: Results) -> Element:
    return parsed(pages.page(Analysis(results), {}))


def alike(results: Results, models: tuple[str, ...]) -> Results:
    """The same with the same eleven small pictures of every model."""
    assert isinstance(results, FakeResults)
    picture = results.path / "picture.png"
    Image.new("L", (302, 122), 99).save(picture)
    results.grids |= {(m, 0): dict.fromkeys(range(0, 256_001, 25_600), picture) for m in models}
    return results


def slides_of(results: Results) -> page_pictures.Slides:
    shown = page_pictures.slides(results, "mnist5k")
    assert shown is not None
    return shown


def check_whole(page: Element) -> None:
    """What holds on every page."""
    ids = [element["id"] for element in page.having("id")]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):  # within the page, or to a file of its folder
        place = link["href"]
        assert place[1:] in ids if place[0] == "#" else re.match(r"(trials/)?[\w%./-]+$", place)
        assert ".." not in place
    labelled = {label["for"] for label in page.all("label")}
    assert {control["id"] for control in page.all("input")} <= labelled
    for numbers in page.having("data-chart"):
        assert numbers["type"] == "application/json"
        assert json.loads("".join(map(str, numbers.inside)))["kind"] in ("lines", "rows")
        assert "<" not in "".join(map(str, numbers.inside))
    for picture in page.all("img"):
        assert re.match(r"data:image/(png|webp);base64,", picture["src"])
        assert len(picture["alt"]) > 20
    for table in page.all("table"):
        check_sortable(table)
    for slides in page.of_class("slides"):
        check_slides(slides)


def check_sortable(table: Element) -> None:
    rows = table.all("tr")
    heads = rows[0].all("th") if rows else []
    for row in rows[1:]:
        cells = row.all("td", "th")
        assert len(cells) == len(heads) or not table.all("thead")
        for head, cell in zip(heads, cells, strict=False):
            assert ("data-value" in cell) == (head.attributes.get("data-sort") == "number")
            float(cell.attributes.get("data-value") or "nan")
    for head in table.having("aria-sort"):
        column = heads.index(head)
        values = [row.all("td", "th")[column].attributes["data-value"] for row in rows[1:]]
        there = [float(value) for value in values if value]
        assert there == sorted(there)
        assert all(values[: len(there)])  # what has no value comes last


def check_slides(slides: Element) -> None:
    (slider,) = slides.all("input")
    last = int(slider["max"])
    assert (slider["type"], slider["min"], slider["value"]) == ("range", "0", str(last))
    assert [option["value"] for option in slides.all("option")] == [str(i) for i in range(last + 1)]
    assert slides.all("output")[0].text == slides.all("option")[last]["label"]
    for strip in slides.all("figure"):
        frames = strip.having("data-first")
        shown = [i for f in frames for i in range(int(f["data-first"]), int(f["data-last"]) + 1)]
        assert shown == list(range(last + 1))
        assert [frame for frame in frames if "hidden" not in frame] == frames[-1:]


def test_the_page_of_two_data_sets_is_whole(page):
    check_whole(page)
    assert len(page.all("h1")) == len(page.of_class("slides")) == 2
    assert len(page.all("fieldset")) == 1 + len(page.of_class("switch")) == 3
    for switch in page.of_class("switch"):
        values = [control["value"] for control in switch.all("input")]
        assert values == [panel["data-panel"] for panel in switch.having("data-panel")]
        assert values == ["images", "generator_steps", "seconds"]
        assert sum("checked" in control for control in switch.all("input")) == 1
        assert not [panel for panel in switch.having("data-panel") if "hidden" in panel]


@pytest.mark.parametrize("kind", ["one", "twenty", "none finished", "no metrics", "no pictures"])
def test_a_page_is_made_of_whatever_there_is(tmp_path, kind):
    models = {"one": ("dcgan",), "twenty": tuple(f"m{i}" for i in range(20))}.get(kind, FIVE[:2])
    seeds = 1 if kind in ("one", "twenty") else 2
    lost = tuple((m, s) for m in models for s in range(seeds)) * (kind == "none finished")
    some = fake(tmp_path, models, seeds, lost, rows=5)
    if kind != "no pictures":
        alike(some, models)
    if kind == "no metrics":
        some.evaluations, some.curves = some.evaluations.iloc[:0], some.curves.iloc[:0]
        some.scale = some.scale.iloc[:0]
    page = made(some)
    check_whole(page)
    assert len(page.of_class("matrix")) == (kind not in ("one", "no metrics"))
    assert len(page.of_class("slides")) == (kind != "no pictures")
    assert len(page.of_class("switch")) == (kind != "no metrics")
    assert len(str(page)) < 3_000_000


def test_more_models_have_fewer_moments(tmp_path):
    counts = []
    for models in (FIVE, tuple(f"m{i}" for i in range(20))):
        results = alike(fake(tmp_path, models, 1, rows=2), models)
        shown = slides_of(results)
        counts.append(len(shown.moments))
        assert [strip.model for strip in shown.strips] == list(models)
    assert counts == [11, 5]


def test_a_lost_trial_keeps_its_last_picture_and_says_so(tmp_path):
    results = fake(tmp_path, ("wgan",), 1, (("wgan", 0),), rows=2, pictures=True)
    assert isinstance(results, FakeResults)
    results.grids["wgan", 0].pop(256_000)
    results.grids["wgan", 0][204_800].write_bytes(b"no picture")
    results.grids["wgan", 1] = dict.fromkeys([256_000], results.grids["wgan", 0][0])
    (strip,) = slides_of(results).strips
    assert strip.words == "seed 0, diverged: last picture after 230.4k images"
    assert [(f.first, f.last) for f in strip.frames[-3:]] == [(7, 7), (8, 8), (9, 9)]
    assert [bool(frame.source) for frame in strip.frames[-3:]] == [True, False, True]


def test_the_matrix_says_what_the_table_of_pairs_says(tmp_path):
    values = {"dcgan": 10.0, "gan": 20.0, "wgan": 20.5}
    wobble = np.array([1.0, 1.1, 0.9, 1.05, 0.97, 1.02, 0.94, 1.08])
    noise = np.array([1, -1, 1, -1, 1, -1, -1, 1])
    some = {name: list(value * wobble * (1 + 0.05 * noise * (name == "wgan")))
            for name, value in values.items()}  # fmt: skip
    (matrix,) = made(final_only(tmp_path, some)).of_class("matrix")
    rows = [[cell.text for cell in row.all("td")] for row in matrix.all("tr")[1:]]
    assert [row.all("th")[0].text for row in matrix.all("tr")[1:]] == ["dcgan", "gan", "wgan"]
    ratio = float(np.exp(np.mean(np.log(np.array(some["dcgan"]) / some["wgan"]))))
    assert rows[0] == ["–", "▼ lower× 0.500", f"▼ lower× {ratio:.3f}"]
    assert rows[1][0] == "▲ higher× 2.00"
    assert rows[1][2].startswith("?× 0.9")
    assert rows[2] == [f"▲ higher× {1 / ratio:.2f}", rows[2][1], "–"]
    assert rows[2][1].startswith("?× 1.0")
    kinds = [cell["class"] for row in matrix.all("tr")[1:] for cell in row.all("td")]
    assert kinds == ["none", "lower", "lower", "higher", "none", "open", "higher", "open", "none"]


def test_lost_trials_and_noise_stand_beside_the_pairs(page):
    text = page.text
    assert "of wgan was lost" in text or "of wgan were lost" in text
    assert "The noise in a single FID" in text
    assert "The noise in a single EMD" in text
    events = next(table for table in page.all("table") if "reason" in table.text)
    rows = [[cell.text for cell in row.all("td")] for row in events.all("tr")[1:]]
    assert rows[0] == ["wgan", "0", "diverged", "115,200", "360", "loss/discriminator is nan"]


def test_a_trial_that_ends_on_half_of_its_modes_has_collapsed(tmp_path):
    results = fake(tmp_path, ("gan", "cgan", "wgan"), 2, (("wgan", 1),), rows=2)
    modes = {  # after 0, 25.6k, ... images
        ("gan", 0): [10, 2, 8, 8, 4, 9, 8, 4, 4, 3, 4],  # it came back once
        ("gan", 1): [10, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4],  # noise has modes, but is no start
        ("cgan", 0): [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1],  # it is told
        ("cgan", 1): [9] * 11,
        ("wgan", 0): [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 5],
        ("wgan", 1): [0, 9, 9, 1, 1],  # and then diverged
    }
    rows = results.evaluations
    for (model, seed), values in modes.items():
        own = (rows["metric"] == "modes") & (rows["model"] == model) & (rows["seed"] == seed)
        rows.loc[own, "value"] = np.array(values, float)
    found = page_events.collapsed(Analysis(results), "mnist5k")
    told = [tuple(row[name] for name in ("model", "seed", "most", "end", "since")) for row in found]
    assert told == [("gan", 0, 9, 4, 179_200), ("wgan", 1, 9, 1, 76_800)]
    assert "Trials that lost modes" in made(results).text


def test_only_the_page_s_own_script_may_run(page):
    (policy,) = page.having("http-equiv", "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy["content"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        found = [each for each in page.all(tag) if "type" not in each]  # others are data
        hashes = [hashlib.sha256("".join(map(str, e.inside)).encode()).digest() for e in found]
        named = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes]
        assert rules[rule] == " ".join(named)
        assert not any(word in each.text for each in found for word in ("innerHTML", "eval("))
    assert not page.having("style")
    assert not [e for e in page.all() for name in e.attributes if name.startswith("on")]
    names = [strip.all("strong")[0].text for strip in page.of_class("slides")[0].all("figure")]
    assert names == ["dcgan", "wgan", " ".join(HOSTILE.split())]


def test_a_page_of_this_version_is_known_as_such(analysis, tmp_path):
    text = pages.page(analysis, {})
    (tmp_path / "report.html").write_text(text)
    assert is_of_this_version(tmp_path / "report.html")
    (tmp_path / "report.html").write_text(text.replace("sha256-", "sha256-0"))
    assert not is_of_this_version(tmp_path / "report.html")


def test_a_slider_s_pictures_are_those_of_the_folder(analysis):
    results = analysis.results
    shown = slides_of(results)
    for place, images in enumerate(results.samples("dcgan", "mnist5k", 0)):
        frame = shown.strips[0].frames[place]
        content = base64.b64decode(frame.source.partition(",")[2])
        with (
            Image.open(io.BytesIO(content)) as small,
            Image.open(results.samples("dcgan", "mnist5k", 0)[images]) as whole,
        ):
            assert small.size == whole.size
            away = np.abs(np.asarray(small.convert("L"), float) - np.asarray(whole, float))
        assert away.mean() < 12  # grey levels of 255


@pytest.mark.parametrize("measured", [True, False])
def test_data_copying_is_explained_where_it_was_measured(tmp_path, measured: bool) -> None:
    results = final_only(tmp_path, {"gan": [3.0, 4.0], "dcgan": [1.0, 2.0]})
    if measured:
        last = results.evaluations[results.evaluations["images"] > 0]
        results.evaluations = pd.concat(
            [results.evaluations, last.assign(metric="memorisation", value=-0.25)]
        )
    shown = made(results).text
    assert ("§ data-copying statistic" in shown) == measured
    assert ("memorisation §" in shown) == measured
    assert "Precision (samples that look real)" in shown  # the rest of the note stays
