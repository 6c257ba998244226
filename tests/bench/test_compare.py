"""`bench compare`: pairs of one folder, and the same trials of two, on records made by hand."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.digests import checked_text
from bench.records.results import Results
from bench.records.writing import Clock, Measured, TrialRecord, write_experiment
from bench.tables.folders import Both, changes, unchanged
from bench.tables.provenance import circumstances, coverage

SIX = [4.0, 4.4, 4.2, 4.6, 4.1, 4.3]
ENVIRONMENT = {"torch": "2.9", "processor": "one", "commit": "abc", "started": "now"}


def folder(
    path: Path,
    values: Mapping[str, list[float]],
    *,
    samples: int = 4000,
    config: Mapping[str, object] | None = None,
    environment: Mapping[str, object] | None = None,
    ends: Mapping[tuple[str, int], str] | None = None,
    **plan: object,
) -> Path:
    """A results folder of final FIDs by label and seed; label "b" is the model gan as well."""
    seeds = max(len(column) for column in values.values())
    contestants = [{"label": label, "model": "gan"} for label in values]
    known = {"version": 1, "contestants": contestants, "datasets": ["mnist5k"], "images": 640}
    known |= {"seeds": list(range(seeds)), "features": "auto", **plan}
    write_experiment(path, known, {**ENVIRONMENT, **(environment or {})})
    for label, column in values.items():
        for seed, value in enumerate(column):
            record = TrialRecord(path, "mnist5k", label, seed)
            own = {"penalty": 1.0, **(config or {})}
            planned = {"config_hash": json.dumps(own), "features": "digits-lenet"}
            record.start({"config": own, **planned})
            for images, fid in ((0, 90.0), (640, value)):
                measured = [Measured("fid", fid, "digits-lenet:abc", samples, "train:4000")]
                measured += [Measured("kid", fid / 100, "digits-lenet:abc", samples, "train:4000")]
                record.add_evaluation(Clock(images), measured)
            record.flush()
            streams = {"data": f"d{seed}", "latent/generator": f"g{seed}"}
            record.end(
                (ends or {}).get((label, seed), "finished"),
                streams=streams,
                seconds=1.0,
                images=640,
            )
    return path


def both(*paths: Path) -> Both:
    return Both(*(Results(path) for path in paths))


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    a = folder(tmp_path / "a", {"x": SIX, "y": [9.0] * 6})
    b = folder(tmp_path / "b", {"x": SIX, "y": [9.0 * 1.5] * 6})
    return a, b


def test_pairs_in_a_pipe_are_a_table_of_text(two: tuple[Path, Path]) -> None:
    text = cli(two[0]).output
    assert "mnist5k, pairs by FID" in text
    assert "| pair  | FID ratio [simultaneous 95 %] " in text
    (row,) = (line for line in text.splitlines() if line.startswith("| x / y"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    # The geometric mean of six is 4.262..., over 9; of 2^6 flips none is as far, but the mirror.
    ratio = math.exp(sum(map(math.log, SIX)) / 6) / 9
    assert cells[1].startswith(f"{ratio:.3f} [")
    assert [cells[2], *cells[4:7]] == ["6", "0.031", "1.0", "x lower than y"]
    assert float(cells[3]) < 1e-5


def test_csv_has_the_numbers_and_latex_what_booktabs_needs(two: tuple[Path, Path]) -> None:
    lines = cli(two[0], "--format", "csv").output.splitlines()
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert float(row["sign_flip_p"]) == 2 / 2**6
    assert len(lines) == 2
    text = cli(two[0], "--format", "latex").output
    assert text.startswith("\\begin{tabular}")
    for word in (r"\toprule", r"\midrule", r"\bottomrule", "x / y & ", r"\end{tabular}"):
        assert word in text


def test_another_metric_is_called_exploratory(two: tuple[Path, Path]) -> None:
    text = cli(two[0], "--metric", "kid").output
    assert "pairs by KID (exploratory; the headline, fixed beforehand, is fid)" in text
    assert "KID ratio" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--metric", "fidd"], "no metric 'fidd'; did you mean 'fid'?"),
        (["--metric", "emd"], "has no emd on mnist5k; there is fid, kid"),
        (["--dataset", "mnist"], "did you mean 'mnist5k'?"),
        (["--fail-on-change"], "take two folders: DIR DIR2"),
        (["--margin", "5"], "take two folders: DIR DIR2"),
        (["nowhere"], "nowhere is not a results folder: there is no such folder"),
    ],
)
def test_wrong_input_is_one_line(two: tuple[Path, Path], arguments: list[str], said: str) -> None:
    result = cli(two[0], *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("margin", ["0", "-1", "100", "nan"])
def test_a_margin_is_a_percentage(two: tuple[Path, Path], margin: str) -> None:
    result = cli(*two, "--margin", margin)
    assert result.exit_code == 2
    assert "between 0 and 100" in result.stderr


def test_what_changed_and_what_did_not(two: tuple[Path, Path]) -> None:
    table = changes(both(*two), "mnist5k", "fid", 0.05).set_index("model")
    x, y = table.loc["x"], table.loc["y"]
    assert (x["verdict"], x["identical"], x["identical_rows"], x["rows"]) == (
        "identical in every bit",
        *(6, 12, 12),
    )
    assert y["ratio"] == pytest.approx(1.5)
    assert (y["n"], y["identical"], y["identical_rows"]) == (6, 0, 6)  # the untrained are equal
    assert y["p"] == 2 / 2**6
    assert y["holm_p"] == pytest.approx(2 * 2 / 2**6)  # two contestants
    assert y["verdict"] == "no difference shown with 6 seeds (needs 7)"


def test_a_change_is_told_with_its_direction(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", {"x": SIX})
    b = folder(tmp_path / "b", {"x": [value * 1.2 for value in SIX]})
    (row,) = changes(both(a, b), "mnist5k", "fid", 0.05).to_dict("records")
    assert (row["told"], row["verdict"]) == ("higher", "changed: higher in B")
    (row,) = changes(both(b, a), "mnist5k", "fid", 0.25).to_dict("records")
    assert row["told"] == "lower"
    assert row["verdict"] == "changed: lower in B, within the margin"
    assert row["ratio"] == pytest.approx(1 / 1.2)
    # KID has no ratio: 5 % of its mean in A is the margin.
    (row,) = changes(both(a, b), "mnist5k", "kid", 0.05).to_dict("records")
    assert row["difference"] == pytest.approx(0.2 * sum(SIX) / 600)
    assert row["margin"] == pytest.approx(0.05 * sum(SIX) / 600)


def test_equivalence_is_shown_not_assumed(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", {"x": SIX})
    wobble = [1.004, 0.997, 1.002, 0.996, 1.003, 0.999]
    b = folder(tmp_path / "b", {"x": [v * w for v, w in zip(SIX, wobble, strict=True)]})
    (row,) = changes(both(a, b), "mnist5k", "fid", 0.05).to_dict("records")
    assert (row["told"], row["verdict"]) == ("", "equivalent within the margin")
    assert "equivalent within ±5 %" in cli(a, b).output
    (row,) = changes(both(a, b), "mnist5k", "fid", 0.001).to_dict("records")
    assert row["verdict"].startswith("no difference shown with 6 seeds (needs ")


def test_circumstances_are_named(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", {"x": SIX})
    other = {"torch": "2.14", "started": "later"}
    b = folder(
        tmp_path / "b", {"x": SIX}, config={"penalty": 10.0}, environment=other, batch_size=16
    )
    assert circumstances(both(a, b)) == [
        "plan: batch_size 64 -> 16",
        "x on mnist5k: penalty 1.0 -> 10.0",
        "environment: torch 2.9 -> 2.14",
    ]
    plan = b / "experiment.toml"
    plan.write_text(checked_text(plan.read_text()).replace('"gan"', '"wgan"'))
    assert circumstances(both(a, b))[1] == "model of x gan -> wgan"
    assert circumstances(both(a, a)) == ["plan, configurations and environment: no difference"]


def test_trials_of_one_folder_are_counted_and_named(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", {"x": SIX[:3], "old": SIX[:3]})
    b = folder(tmp_path / "b", {"x": SIX[:2]}, ends={("x", 1): "diverged"})
    trials, ended, hashes, streams = coverage(both(a, b))
    assert trials.startswith("trials: 2 in both, 4 only in A (mnist5k old s0, mnist5k old s1")
    assert ended == "ended otherwise: finished -> diverged (mnist5k x s1)"
    assert hashes == "configuration: equal by its hash in 2 of 2 trials"
    assert streams == "streams: equal by the hashes of their first draws in 2 trials"


def test_streams_that_differ_are_told(tmp_path: Path) -> None:
    a, b = (folder(tmp_path / name, {"x": SIX[:2]}) for name in "ab")
    status = b / "trials" / "mnist5k" / "x" / "s1" / "status.json"
    status.write_text(checked_text(status.read_text()).replace("d1", "other"))
    assert coverage(both(a, b))[-1] == (
        "streams: not matched across the folders, of 2 trials differ data in 1"
    )


def test_two_protocols_are_refused_with_the_difference_named(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "a", {"x": SIX}), folder(tmp_path / "b", {"x": SIX}, samples=200)
    result = cli(a, b)
    assert result.exit_code == 0
    assert "not compared on mnist5k: fid was measured with different samples: 4000 and 200" in (
        result.output
    )
    assert "| x" not in result.output
    assert cli(a, b, "--fail-on-change").exit_code == 1


def test_folders_without_a_common_trial_are_wrong_input(tmp_path: Path) -> None:
    result = cli(folder(tmp_path / "a", {"x": SIX[:1]}), folder(tmp_path / "b", {"y": SIX[:1]}))
    assert result.exit_code == 2
    assert "no trial (data set, label, seed) is in both folders" in result.stderr


def test_fail_on_change_sees_bits_and_ends(tmp_path: Path) -> None:
    a = folder(tmp_path / "a", {"x": SIX[:2]})
    bit = folder(tmp_path / "bit", {"x": [SIX[0], math.nextafter(SIX[1], 9)]})
    lost = folder(tmp_path / "lost", {"x": SIX[:2]}, ends={("x", 0): "failed"})
    more = folder(tmp_path / "more", {"x": SIX[:3], "new": SIX[:1]})
    half = folder(tmp_path / "half", {"x": SIX[:2]}, ends={("x", 1): "interrupted"})
    codes = [cli(a, b, "--fail-on-change").exit_code for b in (a, bit, lost, half, more)]
    assert codes == [0, 1, 1, 1, 0]
    assert cli(a, bit).exit_code == 0
    assert not unchanged(both(a, bit))


def test_a_table_for_another_program_stands_alone(two: tuple[Path, Path]) -> None:
    result = cli(*two, "--format", "csv")
    assert result.stdout.startswith("dataset,metric,scale,model,n,identical")
    assert "- trials: 12 in both" in result.stderr


def test_every_metric_can_be_asked_for(two: tuple[Path, Path]) -> None:
    frame = pd.DataFrame(changes(both(*two), "mnist5k", "modes", 0.05))
    assert set(frame["verdict"]) == {"nothing to compare: no seed that finished in both"}
