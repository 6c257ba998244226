"""The README's numbers are those of the published results."""

import math
import re
from pathlib import Path

import pytest
import torch

import bench
from bench.generators.load import load_generator
from bench.tables.cost import reaching
from gan_zoo.streams import Streams

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
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
    readme = " ".join((ROOT / "README.md").read_text().split())
    summary = (ROOT / "results" / f"reference-{name}" / "summary.md").read_text()
    (headline,) = (line for line in summary.splitlines() if line.startswith(f"On {name} after"))
    assert headline.split(" seeds.")[0] in readme
    told, family = re.search(r"(\d+) of (\d+) pairs can be told apart", headline).groups()  # type: ignore[union-attr]
    assert f"Of {family} pairs {told} are told apart." in readme


@pytest.mark.parametrize(
    ("page", "block", "source"),
    [
        ("README.md", "claims", "results/reference-claims/claims.md"),
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
        for row in reaching(bench.load(RESULTS / "reference-mnist5k")).itertuples()
    ]
    assert quoted.strip().splitlines()[2:] == found


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in DOCS)])
def test_its_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text())
    assert links or path.parent.name == "docs"
    for link in links:
        assert (path.parent / link).exists(), link


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
