"""The documents against the code: blocks, metrics, models, the results format, the picture."""

import dataclasses
import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.claims.judging import COLUMNS as CLAIM_COLUMNS
from bench.datasets import primary_metric
from bench.environment import environment
from bench.metrics import METRICS
from bench.planning.plan import Plan
from bench.planning.trial import Contestant
from bench.records import layout
from bench.records.derived import DERIVED, DIGESTS
from bench.records.results import Results
from bench.tables.pairs import COLUMNS as PAIR_COLUMNS
from bench.tables.protocol import final
from gan_zoo import catalog
from tests.bench import tiny
from tests.bench.test_hostile import cli

from .documents import catalogue, made, packages, questions, readings, tuned
from .documents.marks import ROOT, blocks

DOCS = ROOT / "docs"
HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
STREAM = re.compile(r"treams(?:\([^)]*\))?(?:\[|\.\w+\()f?\"([a-z_/{}]+)")
RECORDED, LATER = ("mnist5k", "ring8"), "lectures/vae"  # what has rows of each metric
QUOTED = {"docs/lectures-run.md": {"losses", "notes"}}  # blocks that tests/test_readme.py holds
FACTS = re.compile(
    r"^`(\w+)`: (.+?) better; compared as a (\w+); measured at (.+?)\.", re.MULTILINE
)


def sections(page: str) -> dict[str, str]:
    """Heading -> what stands below it, of a page."""
    _, *parts = HEADING.split((DOCS / page).read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("models.md", "models"),
        ("models.md", "presets"),
        ("models.md", "backbones"),
        ("metrics.md", "known"),
        ("protocol.md", "matched"),
        ("design.md", "rows"),
        ("lectures-run.md", "five"),
        ("lectures-run.md", "critic-steps"),
        *(("tuning.md", dataset) for dataset in tuned.DATASETS),
    ],
)
def test_a_table_is_what_the_code_makes(page: str, name: str) -> None:
    makers: dict[str, Callable[[], str]] = {
        "models": catalogue.models,
        "presets": catalogue.presets,
        "backbones": catalogue.networks,
        "known": catalogue.known_images,
        "matched": catalogue.streams_matched,
        "rows": packages.listed,
        **{block: partial(readings.table, *of) for block, of in readings.TABLES.items()},
        **{dataset: partial(tuned.quoted, dataset) for dataset in tuned.DATASETS},
    }
    assert blocks(DOCS / page)[name] == makers[name]()


def test_no_block_is_left_out_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "answers", lambda: dict.fromkeys(questions.ANSWERS, ""))
    for page, found in made.blocks().items():
        assert set(found) | QUOTED.get(page, set()) == set(blocks(ROOT / page)), page


def test_the_picture_is_that_of_the_imports() -> None:
    assert packages.svg() == packages.PICTURE.read_text()
    edges, shown = packages.graph(), packages.reduced(packages.graph())
    for name in edges:
        # No way is lost, and no arrow is implied by others.
        assert reach(shown, name) == reach(edges, name)
        for other in shown[name]:
            assert other not in reach(shown | {name: shown[name] - {other}}, name)


def reach(graph: packages.Graph, name: str) -> set[str]:
    """All that a name leads to, step by step."""
    found, ahead = set[str](), {name}
    while ahead:
        ahead = set().union(*(graph[n] for n in ahead)) - found
        found |= ahead
    return found


def test_the_site_leads_to_every_document() -> None:
    listed = set(re.findall(r"docs/([\w.-]+\.md)", (ROOT / "mkdocs.yml").read_text()))
    assert listed == {path.name for path in DOCS.glob("*.md")}


# The questions.


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in ("seeds", "noise") else name
        for name in questions.ANSWERS
    ],
)
def test_an_answer_is_what_the_published_runs_give(name: str) -> None:
    assert blocks(DOCS / "questions.md")[name] == questions.ANSWERS[name]()


def test_no_number_of_an_answer_is_typed_by_hand() -> None:
    page = (DOCS / "questions.md").read_text()
    prose = re.sub(r"<!-- ([\w-]+): begin -->.*?<!-- \1: end -->", "", page, flags=re.DOTALL)
    prose = re.sub(r"\]\([^)]*\)|^    .*$|`[^`]*`", "", prose, flags=re.MULTILINE)
    numbers = re.findall(r"(?<![\w-])\d[\d,.]*\b(?!k)", prose.replace("mnist5k", ""))
    # Of no result: the ratio of no difference, the order of a bias, and where C_T says copying.
    assert set(numbers) <= {"1", "0"}, numbers


def test_what_the_answers_say_in_words() -> None:
    told = {}
    for name, folder in questions.IMAGES.items():
        analysis, dataset = questions.analysed(folder)
        told[name] = questions.turned(analysis.pairs(dataset), "wgangp", "dcgan")
    assert told["mnist5k"]["told"] == "lower"
    assert told["mnist5k"]["ratio_high"] > 0.99  # by a hair
    assert told["mnist5k, until decided"]["told"] == "lower"
    assert told["mnist5k, until decided"]["n"] == 4 * told["mnist5k"]["n"]
    assert told["MNIST"]["told"] == told["Fashion-MNIST"]["told"] == ""
    assert told["Fashion-MNIST"]["ratio"] > 1
    analysis, dataset = questions.analysed("reference-mnist5k")
    noise = analysis.noise[analysis.noise["model"].isna()].set_index("part")["share"]
    assert noise["seed"] > 0.85
    table = analysis.models(dataset).set_index("model")
    for metric in ("precision", "density"):
        assert table[f"{metric}_mean"].idxmax() == "cgan"
    for metric in ("recall", "coverage", "fid", "kid", "fid_infinity"):
        best = table[f"{metric}_mean"].astype(float)
        assert (best.idxmin() if METRICS[metric].better == "lower" else best.idxmax()) == "wgangp"
    assert (table["memorisation_mean"] > 3).all()
    claims = pd.read_csv(ROOT / "results/reference-claims/claims.csv")
    loss = claims[claims["claim"] == 6].groupby("part")["verdict"].agg(list)
    assert loss["wgangp"].count("supported") == 2
    assert "supported" not in loss["wgan"]
    rates = claims[(claims["claim"] == 16) & (claims["dataset"] == "mnist5k")]
    assert (rates["verdict"] == "contradicted").all()
    notes = Results(ROOT / "results/reference-notes").summary.set_index("model")["fid_mean"]
    assert (
        notes[["adam-paper-bn", "adam-public-bn"]].max()
        < notes[["adam-paper", "adam-public"]].min()
    )


def test_few_modes_first_and_nearly_all_at_the_end() -> None:
    for folder, modes in (("reference-ring8", 8), ("reference-grid25", 25)):
        analysis, dataset = questions.analysed(folder)
        rows = analysis.results.evaluations.query("metric == 'modes' and model == 'gan'")
        first = rows[rows["images"] == rows.query("images > 0")["images"].min()]["value"].mean()
        assert first < modes / 3
        assert (
            final(analysis.results, "modes", dataset).query("model == 'gan'")["value"].mean()
            > 0.95 * modes
        )
        clipped = rows.empty or analysis.results.evaluations.query(
            "metric == 'high_quality' and model == 'wgan' and images > 0"
        )
        assert clipped["value"].max() < 0.25


# The metrics and the models.


def test_every_metric_has_a_section_that_says_what_it_is() -> None:
    page = (DOCS / "metrics.md").read_text()
    facts = {name: rest for name, *rest in FACTS.findall(page)}
    assert set(facts) == set(METRICS)
    parts = sections("metrics.md")
    recorded = [Results(ROOT / f"results/reference-{n}") for n in (*RECORDED, LATER)]
    for name, metric in METRICS.items():
        (title,) = (t for t in parts if t.lower() == metric.title.lower())
        text = parts[title]
        assert text.lstrip().startswith(f"`{name}`: "), title
        for needed in ("**Meaning.**", "**Pitfalls.**", "**Source.**", "\n    "):
            assert needed in text, (title, needed)
        better, compared, when = facts[name]
        said = {"lower": "lower is", "higher": "higher is", "neither": "neither direction is"}
        assert better == said[metric.better]
        assert compared == {"log": "ratio", "linear": "difference"}[metric.scale]
        rows = pd.concat([r.evaluations[r.evaluations["metric"] == name] for r in recorded])
        at_start = bool((rows["images"] == 0).any())
        assert len(rows)
        assert when == ("every evaluation" if at_start else "the end"), name
    for dataset, name in (("mnist5k", "fid"), ("ring8", "emd")):
        assert primary_metric(dataset) == name


def test_every_model_has_its_formulas_on_the_page() -> None:
    page = (DOCS / "models.md").read_text()
    for name, entry in catalog.MODELS.items():
        assert f"**{name}**" in page
        module = __import__(entry.target.partition(":")[0], fromlist=["_"]).__doc__ or ""
        said = {" ".join(line.split()) for line in module.splitlines()}
        shown = page.split(f"**{name}**")[1].split("\n**")[0].split("\nSix more")[0]
        for line in re.findall(r"^    (\w.* minimises.*)$", shown, re.MULTILINE):
            formula = line.split("minimises")[1].split()
            assert any(formula == s.split("minimises")[-1].split()[: len(formula)] for s in said), (
                line
            )


def test_the_streams_are_those_of_the_code() -> None:
    page = sections("protocol.md")["What is matched"]
    named = {n for n in re.findall(r"`([a-z_]+(?:/[a-z_]+)?)`", page) if n != "bench"}
    found = set()
    for path in (*(ROOT / "gan_zoo").glob("[!_]*.py"), *(ROOT / "bench").rglob("*.py")):
        found |= set(STREAM.findall(path.read_text()))
    patterns = {re.sub(r"\{\w+\}", "*", name) for name in found}
    for name in named:
        assert any(fnmatchcase(name, pattern) for pattern in patterns), name
    used = set()  # by a trial: the others belong to commands that work on a trained generator
    for part in ("training", "evaluation"):
        for path in (ROOT / "bench" / part).glob("*.py"):
            used |= set(STREAM.findall(path.read_text()))
    for path in (ROOT / "gan_zoo").glob("[!_]*.py"):
        used |= set(STREAM.findall(path.read_text()))
    fixed = {name for name in used if "{" not in name and not name.startswith("scale/")}
    assert fixed <= named, fixed - named


# The results format.


def first_cells(text: str) -> list[str]:
    """The names in code in the first column of the tables of a section."""
    rows = re.findall(r"^\| (`.+?) \|", text, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def columns(title: str) -> list[str]:
    """The columns of a file: those of its table, and those that its sentences name."""
    text = sections("results.md")[title]
    return [*first_cells(text), *re.findall(r"`([^`|]+)`", text.split("\n|")[0])]


def test_the_columns_of_tables_are_those_of_the_code() -> None:
    shared = set(first_cells(sections("results.md")["Columns that many tables share"]))
    assert shared == {*layout.EVALUATION_COLUMNS}
    for file, wanted in {
        "evaluations.parquet": layout.EVALUATION_COLUMNS,
        "curves.parquet": layout.CURVE_COLUMNS,
    }.items():
        assert [name for name in columns(file) if name in shared] == wanted
    assert set(columns("histograms.parquet")) | {*layout.KEY, "images"} >= {
        *layout.HISTOGRAM_COLUMNS
    }
    assert {*first_cells(sections("results.md")["histograms.parquet"])} == {
        *layout.HISTOGRAM_COLUMNS
    } - {*layout.KEY, "images"}
    assert {*first_cells(sections("results.md")["events.json"])} == {*layout.EVENT_COLUMNS} - {
        *layout.KEY
    }
    assert first_cells(sections("results.md")["comparisons.csv"]) == PAIR_COLUMNS or set(
        first_cells(sections("results.md")["comparisons.csv"])
    ) == set(PAIR_COLUMNS)
    assert set(first_cells(sections("results.md")["claims.csv"])) == set(CLAIM_COLUMNS)
    assert set(first_cells(sections("results.md")["environment.json"])) == set(environment())


def test_the_keys_of_a_plan_are_those_of_the_code() -> None:
    found = set(first_cells(sections("results.md")["experiment.toml"]))
    assert found == {field.name for field in dataclasses.fields(Plan)} | {"version", "models"}
    text = sections("results.md")["experiment.toml"].split("Of a contestant:")[1]
    assert set(re.findall(r"`(\w+)`", text)) == {f.name for f in dataclasses.fields(Contestant)}


@pytest.mark.parametrize("folder", ["reference-mnist5k", "reference-ring8", "reference-notes"])
def test_the_columns_of_a_summary_are_described(folder: str) -> None:
    said = set()
    for name in first_cells(sections("results.md")["summary.csv"]):
        kind = re.search(r"<(\w+)>", name)
        filled = {"metric": list(METRICS), "primary": ["fid", "emd"]}[kind[1]] if kind else [""]
        said |= {re.sub(r"<\w+>", each, name) for each in filled}
    found = set(pd.read_csv(ROOT / "results" / folder / "summary.csv", nrows=1).columns)
    assert found <= said
    later = {f"sharpness_{end}" for end in ("mean", "low", "high", "iqm", "n")}
    unsaid = {name for name in said - found if "emd" not in name and "fid" not in name}
    assert unsaid - later == set()  # in the folders that were published before it was measured


@pytest.mark.parametrize("folder", ["reference-mnist5k", "reference-ring8"])
def test_the_metrics_of_rows_are_described(folder: str) -> None:
    results = Results(ROOT / "results" / folder)
    rows = first_cells(sections("results.md")["curves.parquet"])
    patterns = [re.sub(r"<\w+>", "[^/]+", name) + "$" for name in rows]
    patterns = [pattern.replace("/[^/]+$", "/.+$") for pattern in patterns]
    for metric in results.curves["metric"].unique():
        assert any(re.match(pattern, metric) for pattern in patterns), metric
    also = ("class_share/", "fid_again", "emd_again")
    for metric in results.evaluations["metric"].unique():
        assert metric in METRICS or metric.startswith(also), metric


@pytest.mark.usefixtures("few", "measured")
def test_every_file_that_a_run_writes_is_described(tmp_path: Path) -> None:
    root = tmp_path / "run"
    done = cli(
        *("run", "--models", "gan", "--dataset", "ring8", "--seeds", "2", "--images", "1280"),
        *("--set", "width=4", "--jobs", "1", "--out", str(root)),
    )
    assert done.exit_code == 0, done.output
    folder, trial = (sections("results.md")["The folder"].split("Of one trial:") for _ in range(2))
    whole = [re.sub(r"<\w+>", "*", name) for name in first_cells(folder[0])]
    inner = [re.sub(r"<\w+>", "*", name) for name in first_cells(trial[1])]
    for path in (p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        if name.startswith("trials/"):
            name = "/".join(name.split("/")[4:])
            assert any(fnmatchcase(name, pattern) for pattern in inner), name
        else:
            assert any(fnmatchcase(name, pattern) for pattern in whole), name
    assert {*DERIVED, DIGESTS} <= set(whole)
    for name, beside in (("trial", ()), ("status", ("files",))):
        facts: dict[str, Any] = json.loads((root / f"trials/ring8/gan/s0/{name}.json").read_text())
        said = set(first_cells(sections("results.md")[f"{name}.json"])) | {"sha256"}
        assert set(facts) <= said, set(facts) - said
        assert set(beside) <= set(facts)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.plots import figures as plots

    names = ("samples", "quality")
    monkeypatch.setattr(plots, "FIGURES", {name: plots.FIGURES[name] for name in names})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.training.under_way.evaluate", tiny.evaluate)
    monkeypatch.setattr("bench.cli.running.measure_scale", lambda root, trials: None)
