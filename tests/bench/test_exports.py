"""What is read elsewhere: Markdown for a pull request, LaTeX for a paper, a drawn table."""

import io
import re

import pandas as pd
import pytest
from rich.console import Console

from bench.analysis import Analysis
from bench.formats import Table, latex, plain, show
from bench.plots.figures import FIGURES
from bench.report import exports, prose
from bench.tables.noise import noise

from .fake_points import fake_points
from .fake_results import MAIN, SECOND, fake, final_only

HOSTILE = "<b>|x_y&z%$#{}~^\\"


def columns(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line))


def test_the_report_has_the_answer_the_tables_and_pictures_beside_it(tmp_path):
    analysis = Analysis(fake(tmp_path, ("dcgan", "wgan"), rows=2))
    figures = {("mnist5k", name): tmp_path / "plots" / name for name in FIGURES}
    text = exports.markdown(analysis, figures)
    assert f"**{prose.headline(analysis, 'mnist5k')}**" in text
    assert re.findall(r"\]\((.*?)\)", text) == [f"plots/{name}.png" for name in exports.SHOWN]
    assert "bench run experiment.toml" in text
    assert "python 3.11, torch 2.9, cores 2" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.M)
    assert len(tables) == 3  # models, pairs, contestants
    for table in tables:
        assert len({columns(line) for line in table.splitlines()}) == 1


def test_labels_are_text_in_both_languages(tmp_path):
    analysis = Analysis(fake(tmp_path, ("dcgan", HOSTILE), diverged=(), rows=2))
    text = exports.markdown(analysis, {})
    assert "<b>" not in text
    assert "&lt;b>\\|x_y" in text
    for tex in (exports.summary_tex(analysis), exports.comparisons_tex(analysis)):
        body = re.sub(r"^%.*$", "", tex, flags=re.M)
        assert r"\textless{}b\textgreater{}|x\_y\&z\%\$\#\{\}" in body
        assert not re.search(r"(?<!\\)[%$#_]", body.replace(r"$\infty$", ""))
        assert body.count(r"\toprule") == 1
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", line)) for line in rows}) == 1


def test_what_a_font_lacks_is_a_command():
    text = latex(["FID – ±"], [["∞ †"]])
    assert r"FID -- $\pm$" in text
    assert r"$\infty$ \textdagger{}" in text


def test_each_data_set_has_its_tabular(tmp_path):
    text = exports.summary_tex(Analysis(fake_points(tmp_path)))
    assert text.startswith(
        "% grid25, EMD: points, 2,500 samples against true:2500; needs \\usepack"
    )
    assert "EMD, mean [95 \\% t]" in text
    assert "every seed" not in text


def test_a_drawn_table_keeps_brackets_and_loses_control_characters():
    table = Table("t", ["[bold]head"], [["[red]cell \x1b[31m"]], pd.DataFrame())
    screen = io.StringIO()
    show(table, "table", Console(file=screen, force_terminal=True, width=80, color_system=None))
    assert "[bold]head" in screen.getvalue()
    assert "[red]cell ?[31m" in screen.getvalue()
    assert "─" in screen.getvalue()
    piped = io.StringIO()
    show(table, "table", Console(file=piped, width=10))
    assert piped.getvalue() == "t\n\n| [bold]head      |\n| --------------- |\n" + (
        "| [red]cell ?[31m |\n\n"
    )


def test_a_plain_table_lines_up():
    assert plain(["a", "bb"], [["1|2", "<"]]) == [
        "| a    | bb   |",
        "| ---- | ---- |",
        "| 1\\|2 | &lt; |",
    ]


@pytest.fixture
def few_will_do(monkeypatch):
    """Tables that can be worked by hand have fewer seeds than a sentence needs."""
    monkeypatch.setattr(prose, "KNOWN", 1)
    monkeypatch.setattr("bench.tables.noise.LEAST", 1)


def test_the_noise_of_few_seeds_is_not_known(tmp_path):
    results = final_only(tmp_path, {"gan": [10.0, 20.0], "wgan": [30.0, 15.0]})
    text = prose.noise(Analysis(results), "mnist5k")
    assert text == "The noise in a single FID is not known: 2 degrees of freedom."


def again(results, metric: str, factors: list[float]):
    """The same with each final value once more, times a factor a seed."""
    rows = results.evaluations
    ends = rows[(rows["metric"] == metric) & (rows["images"] > 0) & (rows["features"] == MAIN)]
    values = ends["value"] * [factors[seed] for seed in ends["seed"]]
    results.evaluations = pd.concat([rows, ends.assign(metric=f"{metric}_again", value=values)])
    return results


@pytest.mark.usefixtures("few_will_do")
def test_noise_by_hand_as_far_as_it_was_measured(tmp_path):
    values = {"gan": [10.0, 20.0], "wgan": [30.0, 15.0]}
    results = final_only(tmp_path, values)
    table = noise(results).set_index(["model", "part"])["sd"]
    # The logarithm of 2 apart: an sd of log(2) / sqrt(2) in each, and on average.
    sd = 0.4901290
    assert table.tolist() == pytest.approx([sd] * 3)
    text = prose.noise(Analysis(results), "mnist5k")
    assert "(49 % sd within a model, 2 degrees of freedom) is not told apart into seed and" in text
    # Again at 1.1 and 1 / 1.1 of the first: differences of log 1.21, half their variance is
    # log(1.1)^2 in each contestant; they are as far apart by as much less, or more.
    table = noise(again(results, "fid", [1.1, 1 / 1.1]))
    parts = table[table["model"].isna()].set_index("part")
    assert parts.loc["sample", "sd"] == pytest.approx(0.0953102)
    assert parts.loc["seed", "sd"] == pytest.approx(sd)  # log 2 (log 2 -+ 2 log 1.1) / 2
    assert parts["share"].sum() == pytest.approx(1)
    assert (parts["df"] == 2).all()
    assert "96 [70 to 100] % is the seed, 4 [0 to 30] % the sample." in prose.noise(
        Analysis(results), "mnist5k"
    )


@pytest.mark.usefixtures("few_will_do")
def test_a_second_extractor_has_its_part(tmp_path):
    results = final_only(tmp_path, {"gan": [10.0, 20.0]})
    ends = results.evaluations[results.evaluations["images"] > 0]
    second = ends.assign(features=SECOND, value=[20.0, 20.0])
    results.evaluations = pd.concat([results.evaluations, second])
    parts = noise(results)
    parts = parts[parts["model"].isna()].set_index("part")
    assert parts.loc["seed and sample", "sd"] == 0  # they do not covary
    assert parts.loc["extractor", "share"] == pytest.approx(1)
    text = prose.noise(Analysis(results), "mnist5k")
    assert "0 % is the seed and the sample, 100 % the extractor." in text


@pytest.mark.usefixtures("few_will_do")
def test_a_negative_part_is_said_to_be_none(tmp_path):
    results = again(final_only(tmp_path, {"gan": [10.0, 20.0]}), "fid", [4.0, 0.25])
    text = prose.noise(Analysis(results), "mnist5k")
    assert "0 % is the seed, 100 % the sample. (seed: estimated below 0, set to 0.)" in text


def test_one_seed_has_no_noise_to_speak_of(tmp_path):
    text = prose.noise(Analysis(final_only(tmp_path, {"gan": [10.0]})), "mnist5k")
    assert text == "The noise in a single FID is not known: no model has two finished seeds."
