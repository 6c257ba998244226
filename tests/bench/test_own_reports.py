"""Figures and claims of one's own: named, hashed, trusted, shown, and left out in a line."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.cli.claims import sorted_out
from bench.errors import InputError
from bench.files import read_json
from bench.plots import figures as plots
from bench.report.own import own_parts, resolved

from .test_own_parts import one_line

MINE = """
from matplotlib.figure import Figure

from bench.claims import Claim, Effects, Region
from bench.plots.figures import Plot
from bench.plots.reading import Reading
from bench.tables.protocol import contestants, final


def ends(analysis, dataset):
    figure = Figure(figsize=(4, 3))
    axis = figure.subplots()
    for place, model in enumerate(contestants(analysis.results, dataset)):
        values = final(analysis.results, "fid", dataset).query("model == @model")["value"]
        axis.plot([place] * len(values), values, "o")
    figure.suptitle("Ends")
    figure.supxlabel("n")
    return figure


Ends = Plot(ends, Reading("the last FID, a dot a seed", "Read {unit} of {metric}."), "quality")
Broken = Plot(lambda analysis, dataset: 1 / 0, Reading("nothing", "nothing"), "why")
Homeless = Plot(ends, Reading("a", "b"), None)


def ratio(run):
    one, other = run.usual("dcgan"), run.usual("gan")
    if one is None or other is None:
        return None
    values = (run.log_final(one, "fid") - run.log_final(other, "fid")).dropna()
    return Effects(values, "ratio", "fid", run.cited(one, other, seeds=values.index))


Better = Claim(
    number=101,
    statement="DCGAN beats the GAN, says the one who wrote this",
    source="a test",
    needs="gan and dcgan",
    rule="the ratio of the final FID: below 1",
    claimed=Region(high=0.0),
    measure=ratio,
)
Ours = Claim(**{**vars(Better), "number": 2})
"""


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published run, whose records alone are there."""
    source = Path(__file__).parents[2] / "results" / "reference-mnist5k"
    for path in source.rglob("*"):
        kept = path.suffix in (".toml", ".json", ".parquet") and path.name != "index.parquet"
        if path.is_file() and kept:
            copy = tmp_path / "r" / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(MINE)
    return Path("r")


@pytest.mark.slow
@pytest.mark.usefixtures("few_figures")
def test_a_report_shows_them_and_later_ones_run_them_only_if_asked(folder: Path) -> None:
    done = cli("report", "r", "--with", "mine.py:Ends,mine.py:Better,mine.py:Broken")
    assert done.exit_code == 0, done.output
    assert "mine.py:Broken is left out: ZeroDivisionError: division by zero" in done.output
    page, record = (folder / "report.html").read_text(), read_json(folder / "extensions.json")
    assert "Read images of FID." in page
    assert "says the one who wrote this" in page
    assert (folder / "plots" / "mine-Ends.png").is_file()
    parts = {part["reference"]: part for part in record["parts"]}
    assert set(parts) == {"mine.py:Ends", "mine.py:Better", "mine.py:Broken"}
    assert parts["mine.py:Ends"]["kind"] == "figure"
    hashes = [part["code"]["mine.py"] for part in parts.values()]
    assert len(set(hashes)) == 1
    assert len(hashes[0]) == 16
    claims = pd.read_csv(folder / "claims.csv").query("claim == 101")
    # Three seeds can never decide, and the effect is what the summary says of the two.
    assert claims["verdict"].tolist() == ["cannot tell"]
    summary = pd.read_csv(folder / "summary.csv").set_index("model")["fid_mean"]
    assert claims["effect"].iloc[0] == pytest.approx(summary["dcgan"] / summary["gan"], rel=0.05)

    Path("mine.py").write_text("raise SystemExit('it ran')\n")
    later = cli("report", "r")
    assert later.exit_code == 0, later.output
    told = [
        line for line in later.output.splitlines() if " is left out: r names code of its" in line
    ]
    assert [line.partition(" ")[0] for line in told] == list(parts)
    assert all("(sha256 " in line and "--trust-code" in line for line in told)
    page = (folder / "report.html").read_text()
    assert "Read images of FID." not in page
    assert "mine.py:Ends, a figure of one&#39;s own, is left out" in page
    left: list[str] = []
    own_parts(folder, (), True, left.append)
    assert len(left) == 3
    assert all("it ran" in line for line in left)
    assert "it ran" in one_line(cli("report", "r", "--with", "mine.py:Ends"))
    assert cli("status", "r").exit_code == 0

    Path("mine.py").write_text(MINE + "# edited\n")
    left.clear()
    own_parts(folder, ["mine.py:Ends"], False, left.append)
    assert "mine.py:Ends: mine.py has changed since r was last reported with it" in left
    now = {part["reference"]: part for part in read_json(folder / "extensions.json")["parts"]}
    assert now["mine.py:Ends"]["code"]["mine.py"] != hashes[0]
    assert now["mine.py:Better"]["code"]["mine.py"] == hashes[0]  # it was not run again


def test_a_figure_alone_and_a_claim_alone(folder: Path) -> None:
    done = cli("report", "r", "--only", "cost,mine.py:Ends", "--figures", "svg", "--width", "3in")
    assert done.exit_code == 0, done.output
    assert (folder / "figures" / "mine-Ends.svg").is_file()
    assert (folder / "figures" / "mine-Ends.txt").read_text() == "Ends. n\n"
    (part,) = read_json(folder / "extensions.json")["parts"]
    assert (part["reference"], part["page"]) == ("mine.py:Ends", False)
    judged = cli("claims", "r", "mine.py:Better", "--format", "csv", "--out", "out")
    assert judged.exit_code == 0, judged.output
    assert pd.read_csv("out/claims.csv")["claim"].iloc[-1] == 101
    assert "says the one who wrote this" in Path("out/claims.md").read_text()
    (part,) = read_json(Path("out/extensions.json"))["parts"]
    assert (part["reference"], part["kind"]) == ("mine.py:Better", "claim")
    Path("mine.py").write_text("raise SystemExit('it ran')\n")
    later = cli("claims", "r", "--out", "out")
    assert "mine.py:Better is left out: out names code of its own" in later.output
    assert 101 not in set(pd.read_csv("out/claims.csv")["claim"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "r", "--with", "mine.py:Gone"], "there is no 'Gone' in it; mine.py has ends"),
        (
            ["report", "r", "--with", "mine.py:ends"],
            "mine.py:ends is no figure and no claim: it is",
        ),
        (
            ["report", "r", "--with", "mine.py:Homeless"],
            "section is one of quality, copying, pairs",
        ),
        (["report", "r", "--with", "mine.py:Ours"], "mine.py:Ours: number is above 100, not 2"),
        (
            ["report", "r", "--with", "qualty"],
            "qualty is no file.py:Name and no package.module:Name",
        ),
        (
            ["report", "r", "--only", "mine.py:Broken"],
            "mine.py:Broken cannot be drawn: ZeroDivision",
        ),
        (
            ["report", "r", "--only", "qualty"],
            "there is no figure 'qualty'; did you mean 'quality'?",
        ),
        (["claims", "mine.py:Better"], "name a folder to judge: bench claims DIR mine.py:MyClaim"),
        (["claims", "r", "mine.py:Ends"], "mine.py:Ends is a figure: a claim is wanted here"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(folder: Path, arguments: list[str], told: str) -> None:
    assert told in one_line(cli(*arguments))
    assert "Broken" in arguments[-1] or not (folder / "extensions.json").exists()


def test_an_entry_point_names_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"figure": {"ends": ["package.plots:Ends"]}, "claim": {"two": ["a:B", "c:D"]}}
    monkeypatch.setattr("bench.report.own.entry_points", known.__getitem__)
    assert resolved(["ends", "mine.py:Ends"]) == ["package.plots:Ends", "mine.py:Ends"]
    with pytest.raises(
        InputError, match=r"two is no file\.py:Name and .*; entry points: ends, two"
    ):
        resolved(["two"])
    with pytest.raises(InputError, match=r"mine\.py is a file: .* as in mine\.py:Name"):
        resolved(sorted_out(("mine.py", "r"))[0])


@pytest.mark.usefixtures("few_figures")
def test_a_damaged_record_is_said_in_a_line(folder: Path) -> None:
    (folder / "extensions.json").write_text('{"parts": [{"reference": 3}]}')
    said = one_line(cli("report", "r"))
    assert "extensions.json cannot be read: remove it, and name them again with --with" in said
    assert "mine.py:Ends" not in plots.FIGURES
