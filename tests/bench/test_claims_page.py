"""The claims where people meet them: the command, its files, the section of the page."""

import html
import json
import re
from pathlib import Path
from typing import cast

import pandas as pd
import pytest
from click.testing import CliRunner

from bench.analysis import Analysis
from bench.claims import COLUMNS, Run, Study, evidence_in, judged, looked_at, missing, runs_of
from bench.claims import text as claims_text
from bench.cli import main
from bench.plots import theme
from bench.plots.claims import board
from bench.records.results import Results
from bench.records.writing import write_parquet
from bench.report.page import page

from .fake_claims import CONFIG, run_of, vanishing
from .fake_results import FakeResults, final_only

HOSTILE = "<script>alert(1)</script>"
GOOD = [4.0, 4.4, 4.2, 4.6, 4.1, 4.3]


def results_of(path: Path, label: str = "dcgan") -> Results:
    """Six seeds of a DCGAN that beats the GAN, under any label."""
    results = cast(FakeResults, final_only(path, {label: GOOD, "gan": [9.0 + x for x in GOOD]}))
    models = {label: "dcgan", "gan": "gan"}
    results.experiment["contestants"] = [{"label": x, "model": m} for x, m in models.items()]
    results.trials["config"] = [json.dumps(CONFIG[models[x]]) for x in results.trials["model"]]
    results.curves = results.curves.iloc[:0]
    return cast(Results, results)


def study_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "settings.toml").write_text('probe = "vanishing"\ndataset = "mnist5k"\n')
    write_parquet(path / "rows.parquet", vanishing({"saturating": [(1.0, 1e-4)] * 6}).rows)
    return path


@pytest.fixture(scope="module")
def section(tmp_path_factory):
    analysis = Analysis(results_of(tmp_path_factory.mktemp("page"), HOSTILE))
    text = page(analysis, {})
    return text[text.index('id="claims"') : text.index('id="how"')]


def test_the_page_says_what_this_folder_can_speak_to(section):
    words = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", section)))
    assert "1 of 16 claims, 1 row: 1 supported, 0 contradicted, 0 cannot tell" in words
    assert "DCGAN beats the MLP GAN at equal images" in words
    assert "✔ supported" in words
    assert "Rule: the ratio of the final FID of the same seed" in words
    assert "Radford et al. 2015" in words
    assert "7 (a folder of `bench study vanishing`)" in words


def test_a_label_is_text_in_the_claims(section):
    assert HOSTILE not in section
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in section
    assert "<details><summary>" in section


def test_a_folder_that_speaks_to_none_says_what_it_would_need(tmp_path):
    results = cast(FakeResults, results_of(tmp_path))
    results.trials["config"] = "{}"
    text = page(Analysis(cast(Results, results)), {})
    section = text[text.index('id="claims"') : text.index('id="how"')]
    assert "<table" not in section
    assert "2 (gan and dcgan on images)" in section


def test_the_command_writes_table_rules_and_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(theme, "DPI", 50)
    folder = study_folder(tmp_path / "results" / "probe-vanishing")
    done = CliRunner().invoke(main, ["claims", str(folder)])
    assert done.exit_code == 0, done.output
    assert {"claims.csv", "claims.md", "claims.png"} <= {path.name for path in folder.iterdir()}
    table = pd.read_csv(folder / "claims.csv")
    assert list(table.columns) == COLUMNS
    row = table[table["part"] == "saturating"].iloc[0]
    assert (row["verdict"], row["n"], row["dataset"]) == ("supported", 6, "vanishing: mnist5k")
    assert row["effect"] == pytest.approx(1e-4)
    assert set(table["claim"]) == set(range(1, 17))
    text = (folder / "claims.md").read_text(encoding="utf-8")
    assert "Rule: gradient norm of the generator's loss" in text
    assert "1 of 16 claims, 1 row: 1 supported" in done.output
    assert "cannot speak to claims 1 (" in done.output


def test_a_folder_of_folders_is_looked_into(tmp_path):
    study_folder(tmp_path / "all" / "one")
    (tmp_path / "all" / "two").mkdir()
    (found,) = evidence_in([tmp_path / "all"])
    assert isinstance(found, Study)
    assert found.folder == "one"


def test_csv_goes_to_other_programs_alone(tmp_path):
    folder = study_folder(tmp_path / "p")
    out = str(tmp_path / "out")
    done = CliRunner().invoke(main, ["claims", str(folder), "--out", out, "--format", "csv"])
    assert done.output.startswith("claim,part,statement")
    assert done.output.rstrip("\n").count("\n") + 1 == 1 + len(pd.read_csv(f"{out}/claims.csv"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: (p / "settings.toml").unlink(), "is no results folder"),
        (lambda p: (p / "rows.parquet").write_bytes(b"x"), "cannot be read"),
        (lambda p: (p / "rows.parquet").unlink(), "`bench study vanishing` writes it"),
        (
            lambda p: write_parquet(p / "rows.parquet", pd.DataFrame({"stage": ["1"]})),
            "has no column game",
        ),
        (lambda p: (p / "settings.toml").write_text("probe ="), "settings.toml"),
    ],
)
def test_wrong_input_is_a_line(tmp_path, spoil, said):
    folder = study_folder(tmp_path / "p")
    spoil(folder)
    done = CliRunner().invoke(main, ["claims", str(folder)])
    assert done.exit_code == 2
    assert said in done.output
    assert done.output.count("\n") == 1


def test_of_several_folders_one_must_be_named_to_write_to(tmp_path):
    done = CliRunner().invoke(main, ["claims", str(tmp_path), str(tmp_path)])
    assert done.exit_code == 2
    assert "--out DIR" in done.output


def test_a_study_that_no_claim_is_about_is_passed_over(tmp_path):
    folder = study_folder(tmp_path / "all" / "p")
    other = tmp_path / "all" / "landscape"
    other.mkdir()
    (other / "settings.toml").write_text('probe = "landscape"\n')
    assert [one.folder for one in evidence_in([tmp_path / "all"])] == [folder.name]


def test_a_results_folder_becomes_runs(tmp_path):
    analysis = Analysis(results_of(tmp_path))
    (row,) = analysis.claims.to_dict("records")
    assert (row["claim"], row["verdict"], row["runs"]) == (
        2,
        "supported",
        f"{tmp_path.name} (dcgan, gan; 256k images; seeds 0 1 2 3 4 5)",
    )


@pytest.mark.parametrize("evidence", [[], [run_of({"dcgan": GOOD, "gan": [9.0] * 6})]])
def test_the_picture_has_a_row_a_finding(evidence: list[Run]):
    table = judged(evidence)
    (axis,) = board(table).axes
    spoken = int((table["n"] > 0).sum())
    assert len(axis.get_yticks()) == spoken == len(evidence)
    texts = [text.get_text() for text in axis.texts]
    assert any("(below 1), n = 6" in text for text in texts) == bool(evidence)
    assert ("no claim was looked at" in texts) == (not evidence)


def test_markdown_of_names_that_are_markup():
    run = run_of({"dcgan": GOOD, "gan": [9.0] * 6}, folder="<b>|`x`")
    text = claims_text.markdown(judged([run]))
    assert "<b>" not in text
    assert "&lt;b>\\|\\`x\\`" in text


def test_a_model_that_lost_every_trial_has_its_row():
    table = judged([run_of({"dcgan": [None] * 8, "gan": [1.0 + i for i in range(8)]})])
    row = looked_at(table).iloc[0]
    assert (row["claim"], row["n"], row["verdict"]) == (2, 0, "contradicted")
    assert 2 not in missing(table)
    assert claims_text.tally(table).startswith("1 of 16 claims, 1 row: 0 supported, 1 contradicted")
    assert "On mnist5k: made (dcgan, gan" in claims_text.markdown(table)
    (drawn,) = [
        text.get_text() for text in board(table).axes[0].texts if "n = 0" in text.get_text()
    ]
    assert drawn.startswith("dcgan: 8 lost; by the lost trials alone")


def test_a_trial_without_facts_hides_no_other(tmp_path):
    results = results_of(tmp_path)
    (before,) = runs_of(results)
    last = results.trials.groupby("model")["seed"].transform("max") == results.trials["seed"]
    results.trials.loc[last, "config"] = "{}"
    (after,) = runs_of(results)
    assert after.contestants == before.contestants
    assert all(one.config for one in after.contestants)
