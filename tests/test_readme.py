"""README and documents: numbers are those of the published results, links and code work."""

import json
import math
import re
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import bench
from bench.checks.conformance import check_models
from bench.generators.load import load_generator
from bench.tables.cost import reaching
from bench.tables.reported_losses import reported_losses
from gan_zoo.streams import Streams
from tests import across
from tests.calibration import guarded, looks
from tests.calibration.error_and_power import tables
from tests.calibration.laws import EXTREME

ROOT = Path(__file__).parent.parent
DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", "results/README.md", *DOCS]
RESULTS = ROOT / "results"
PUBLISHED = sorted(
    str(path.parent.relative_to(RESULTS))
    for depth in ("", "*/")
    for path in RESULTS.glob(f"reference-*/{depth}experiment.toml")
)


def test_the_numbers_stand_in_the_published_summary() -> None:
    readme = (ROOT / "README.md").read_text()
    block = readme.split("<!-- published: begin -->")[1].split("<!-- published: end -->")[0]
    summary = (ROOT / "results" / "reference-mnist5k" / "summary.md").read_text().splitlines()
    told = [
        line
        for line in block.splitlines()
        if re.match(r"\| |Scale|On mnist5k|The ranking|Of the noise", line)
    ]
    assert len(told) >= 10
    assert set(told) <= set(summary)


@pytest.mark.parametrize("name", ["ring8"])
def test_a_sentence_on_points_stands_in_its_summary(name: str) -> None:
    page = " ".join((ROOT / "docs" / "data.md").read_text().split())
    summary = (ROOT / "results" / f"reference-{name}" / "summary.md").read_text()
    (headline,) = (line for line in summary.splitlines() if line.startswith(f"On {name} after"))
    answer, how, _ = headline.partition(" (partly pooled t")
    assert how
    assert f"{answer}." in page


def test_the_tables_of_statistics_are_those_of_the_simulation() -> None:
    found = json.loads((RESULTS / "calibration" / "pairs.json").read_text())
    page = (ROOT / "docs" / "statistics.md").read_text()
    assert tables(found) == page.split("<!-- pairs: begin -->\n")[1].split("\n<!-- pairs: end")[0]
    in_looks = json.loads((RESULTS / "calibration" / "looks.json").read_text())
    quoted = page.split("<!-- looks: begin -->\n")[1].split("\n<!-- looks: end")[0]
    assert looks.tables(in_looks) == quoted
    least = pd.DataFrame(in_looks["errors"]).query("law != @EXTREME")["coverage"].min()
    assert least >= 0.94
    for table, name in ((found, "pairs"), (in_looks, "looks")):
        require_bars(table, name)


def require_bars(found: dict[str, Any], name: str) -> None:
    errors = pd.DataFrame(found["errors"])
    # The bars: two standard errors above .055, and .07 where the law is of rank two.
    noise = 2 * math.sqrt(0.055 * 0.945 / found["layouts"])
    bars = errors["law"].map(lambda law: 0.07 if law == EXTREME else 0.055)
    assert (errors["error"] <= bars + noise).all(), (name, errors[errors["error"] > bars + noise])


def test_the_tables_of_guarded_verdicts_are_those_of_the_simulation() -> None:
    found = json.loads((RESULTS / "calibration" / "guarded.json").read_text())
    page = (ROOT / "docs" / "statistics.md").read_text()
    block = page.split("<!-- guarded: begin -->\n")[1].split("\n<!-- guarded: end")[0]
    assert guarded.tables(found) == block
    errors = pd.DataFrame(found["pairs"]["errors"])
    noise = 2 * math.sqrt(0.055 * 0.945 / found["layouts"])
    bars = errors["law"].map(lambda law: 0.07 if law == EXTREME else 0.055)
    assert (errors["error"] <= bars + noise).all(), errors[errors["error"] > bars + noise]
    normal = errors[errors["law"] == "normal, equal spreads"]
    # The diagnosis fires in half a percent of runs, three standard errors around it.
    apart = (normal["fires"] - 0.005).abs()
    assert (apart <= 3 * math.sqrt(0.005 * 0.995 / found["layouts"])).all()


def test_the_sets_are_those_of_the_published_folders() -> None:
    page = (ROOT / "docs" / "sets.md").read_text()
    assert across.table() == page.split("<!-- sets: begin -->\n")[1].split("\n<!-- sets: end")[0]
    assert (
        across.longer() == page.split("<!-- longer: begin -->\n")[1].split("\n<!-- longer: end")[0]
    )
    stand = page.split("<!-- stand: begin -->\n")[1].split("\n<!-- stand: end")[0]
    assert across.against_longer() == stand
    assert across.the_same() == (15, 15)
    assert across.held() == page.split("<!-- held: begin -->\n")[1].split("\n<!-- held: end")[0]


@pytest.mark.parametrize(
    ("page", "block", "source"),
    [
        ("docs/why.md", "claims", "results/reference-claims/claims.md"),
        ("docs/lectures-run.md", "notes", "results/reference-notes/summary.md"),
        ("docs/cost.md", "benchmarks", "results/benchmarks/README.md"),
        ("docs/cost.md", "precision", "results/reference-precision/precision.md"),
    ],
)
def test_what_is_quoted_stands_in_its_source(page: str, block: str, source: str) -> None:
    text = (ROOT / page).read_text()
    quoted = text.split(f"<!-- {block}: begin -->")[1].split(f"<!-- {block}: end -->")[0]
    lines = [line for line in quoted.splitlines() if line.startswith("|") or " claims, " in line]
    assert lines
    assert set(lines) <= set((ROOT / source).read_text().splitlines())


def test_the_cost_of_a_given_quality_is_that_of_the_published_run() -> None:
    text = (ROOT / "docs" / "cost.md").read_text()
    quoted = text.split("<!-- reaching: begin -->")[1].split("<!-- reaching: end -->")[0]

    def cell(value: float) -> str:
        return f"{value:,.0f}" if math.isfinite(value) else "–"

    found = [
        f"| {row.level:g} | {row.model} | {row.reached} of {row.started} "
        f"| {cell(row.images)} | {cell(row.seconds)} |"
        for row in reaching(bench.load(RESULTS / "reference-mnist5k").records).itertuples()
    ]
    assert quoted.strip().splitlines()[2:] == found


def test_the_losses_of_the_lectures_run_are_those_of_its_trials() -> None:
    text = (ROOT / "docs" / "lectures-run.md").read_text()
    quoted = text.split("<!-- losses: begin -->")[1].split("<!-- losses: end -->")[0]
    table = reported_losses(bench.load(RESULTS / "reference-notes").records)
    found = []
    for reading, rows in table.groupby("model", sort=False):
        cells = [
            f"{row['mean']:.2f} [{row['least']:.2f} to {row['most']:.2f}]"
            for _, row in rows.iterrows()
        ]
        found.append(f"| {reading} | {cells[0]} | {cells[1]} |")
    told = table.groupby("loss")["reported"].first()
    found.append(f"| reported | {told['generator']:.2f} | {told['discriminator']:.2f} |")
    assert quoted.strip().splitlines()[2:] == found


def test_examples_of_reading_are_those_of_the_published_run() -> None:
    page = " ".join((ROOT / "docs" / "reading.md").read_text().split())
    results = bench.load(RESULTS / "reference-mnist5k")
    scale = results.scale[results.scale["features"].str.startswith("digits-lenet:")]
    kid = scale[scale["metric"] == "kid"].set_index("level")["value"]
    noisy = [f"{kid[f'noise {sd}']:.2g}" for sd in (0.1, 0.2, 0.4, 0.8)]
    assert f"held-out real images have {kid['held-out real']:.3f}, training images" in page
    assert f"0.8 have {', '.join(noisy[:3])} and {noisy[3]}." in page
    models = results.summary.set_index("model")
    precision, recall = models["precision_mean"], models["recall_mean"]
    assert precision.idxmax() == "cgan"
    assert f"precision, {precision['cgan']:.2f}, and a recall of {recall['cgan']:.2f}:" in page
    assert f"`wgangp` has {precision['wgangp']:.2f} and {recall['wgangp']:.2f}." in page


def headings(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    lines = (line for line in path.read_text().splitlines() if re.match(r"#+ ", line))
    words = (re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()) for line in lines)
    return {text.replace(" ", "-") for text in words}


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text())
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    assert {f"docs/{link}" for link in re.findall(r"\]\(([\w.-]+\.md)\)", index)} == {
        page for page in DOCS if page != "docs/README.md"
    }


def test_the_readme_says_what_every_folder_is() -> None:
    readme = (ROOT / "README.md").read_text()
    tables = readme.split("## Where things are")[1]
    folders = {path.parent.name for path in (ROOT / "bench").glob("*/__init__.py")}
    for name in (*folders, "speed", "stacked"):
        assert f"| `{name}` |" in tables, name
    for path in (ROOT / "gan_zoo").glob("*.py"):
        assert path.name == "__init__.py" or f"`{path.name}`" in tables, path.name


@pytest.mark.parametrize("page", PAGES)
def test_what_it_imports_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    for line in re.findall(r"^ {4}((?:from|import) (?:bench|gan_zoo).*)$", text, re.MULTILINE):
        exec(line, {})


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/own-model.md"])
def test_its_model_keeps_the_rules(page: str, tmp_path: Path) -> None:
    (code,) = re.findall(r"^    # hinge.py\n((?:    .*\n|\n)+)", (ROOT / page).read_text(), re.M)
    (tmp_path / "hinge.py").write_text(textwrap.dedent(code))
    said: list[object] = []
    assert check_models((f"{tmp_path}/hinge.py:HingeGAN",), ("width=4",), said.append), said


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_run_loads_and_is_whole(name: str) -> None:
    folder = RESULTS / name
    results = bench.load(folder)
    assert (results.trials["status"] == "finished").all()
    assert len(results.curves)
    assert set(results.evaluations["model"]) == set(results.trials["model"])
    assert set(results.summary["model"]) == set(results.trials["model"])
    assert len(results.comparisons)
    assert len(results.scale)
    kept = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".safetensors", ".pt")]
    assert sum(path.stat().st_size for path in kept) < 9e6


def test_the_published_mnist5k_reaches_what_was_asked_of_it() -> None:
    table = bench.load(ROOT / "results" / "reference-mnist5k").summary.set_index("model")
    bars = {"gan": 0.30, "cgan": 0.18, "dcgan": 0.15, "wgangp": 0.22}
    for model, bar in bars.items():
        assert 0 < table.loc[model, "fid_to_untrained"] <= bar
    assert table.loc["cgan", "label_accuracy_mean"] >= 0.70
    assert (table.loc[["dcgan", "wgangp"], "modes_mean"] == 10).all()
    scale = bench.load(ROOT / "results" / "reference-mnist5k").scale
    noise = scale[(scale["level"] == "uniform noise") & (scale["metric"] == "fid")]
    assert noise["value"].min() > table["fid_high"].max()


def test_a_published_generator_still_draws() -> None:
    trained = load_generator(ROOT / "results" / "reference-mnist5k", "dcgan", seed=0)
    images = trained.model.sample(torch.zeros(3, dtype=torch.int64), Streams(0)["latent/sample"])
    assert images.shape == (3, 1, 28, 28)
    strokes = (images > 0).float().mean()
    assert 0.05 < strokes < 0.35  # white on black, as digits are
