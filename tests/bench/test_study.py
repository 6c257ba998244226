"""`bench study` as a user meets it: the folder, growing, bad input, figures."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from matplotlib.figure import Figure

from bench.cli import main
from bench.errors import InputError
from bench.files import read_toml
from bench.studies import STUDIES
from bench.studies import depth_figures as plots_depth
from bench.studies import landscape_figures as plots_landscape
from bench.studies import vanishing_figures as plots_vanishing
from bench.studies.averages import as_text, geometric, tick_label
from bench.studies.settings import Depth, Landscape, Settings, Vanishing, from_file, resolved

ROOT = Path(__file__).parents[2]
TINY = ("datasets=ring8", "layers=2", "width=4", "steps=4", "batch_size=8", "side=4")


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def landscape(out: Path, *more: str) -> Result:
    values = [part for value in TINY for part in ("--set", value)]
    return cli("study", "landscape", "--jobs", "1", "--out", str(out), *values, *more)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the seconds that pictures take."""
    monkeypatch.setattr("bench.studies.run.theme.save", lambda figure, path: None)


def test_without_a_name_the_studies_are_listed():
    lines = cli("study").output.splitlines()
    assert [line.split()[0] for line in lines] == list(STUDIES)
    assert len(lines) == 4


def test_the_former_name_is_the_same_command_but_hidden(tmp_path, undrawn, monkeypatch):
    told = cli("--help").output
    assert "\n  study " in told
    assert "\n  probe " not in told
    assert cli("probe").output == cli("study").output
    assert "bench study vanishing" in cli("probe", "--help").output
    monkeypatch.chdir(tmp_path)
    tiny = [part for value in TINY for part in ("--set", value)]
    for name in ("probe", "study"):  # each goes on with its own folder
        assert cli(name, "landscape", "--jobs", "1", "--seeds", "1", *tiny).exit_code == 0
        assert (tmp_path / f"results/{name}-landscape/rows.parquet").exists()


def test_a_folder_of_an_earlier_version_grows_and_then_names_its_study(tmp_path, undrawn):
    landscape(tmp_path, "--seeds", "1")
    path = tmp_path / "settings.toml"
    first, text = path.read_text().split("\n", 1)
    assert first.startswith("# sha256")
    assert text.startswith('study = "landscape"\n')
    path.write_text(text.replace("study =", "probe ="))
    assert "only the plots" in landscape(tmp_path, "--seeds", "1").output
    assert path.read_text().startswith("probe =")
    assert "seeds 1;" in landscape(tmp_path, "--seeds", "2").output
    assert "\nstudy =" in path.read_text()


@pytest.mark.parametrize("name", STUDIES)
def test_the_published_folders_are_read(name):
    path = ROOT / f"results/reference-claims/{name}/settings.toml"
    values = read_toml(path)
    assert values["probe"] == name
    resolved(name, STUDIES[name].settings, from_file(name, path, values))


def test_a_folder_has_all_it_takes_to_do_it_again(tmp_path):
    result = landscape(tmp_path / "a", "--seeds", "2")
    assert result.exit_code == 0, result.output
    there = {path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*.*")}
    plots = {f"plots/{n}.png" for n in ("landscape", "losses")}
    tables = {f"{name}.parquet" for name in ("rows", "losses", "critics", "points")}
    written = {"settings.toml", "environment.json", "summary.md"}
    assert there == {*plots, *tables, *written, ".lock"}
    summary = (tmp_path / "a" / "summary.md").read_text()
    assert "| ring8    | clip=0.01   |" in summary
    assert "[" in summary
    again = cli(
        "study",
        "landscape",
        str(tmp_path / "a/settings.toml"),
        "--out",
        str(tmp_path / "b"),
        "--jobs",
        "1",
    )
    assert again.exit_code == 0, again.output
    one, two = (pd.read_parquet(tmp_path / name / "rows.parquet") for name in "ab")
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert one["value"].dtype == "float32"


def test_the_same_command_again_only_draws(tmp_path):
    landscape(tmp_path, "--seeds", "1")
    (tmp_path / "plots/landscape.png").unlink()
    before = (tmp_path / "rows.parquet").stat().st_mtime_ns
    result = landscape(tmp_path, "--seeds", "1")
    assert "only the plots" in result.output
    assert (tmp_path / "rows.parquet").stat().st_mtime_ns == before
    assert (tmp_path / "plots/landscape.png").exists()


@pytest.mark.parametrize("value", ["steps=1", "penalty_rate=1e18"])
def test_a_single_step_and_a_critic_that_diverges_are_drawn_too(tmp_path, value, monkeypatch):
    monkeypatch.setattr("bench.plots.theme.DPI", 30)
    result = landscape(tmp_path, "--seeds", "1", "--set", value)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "plots/landscape.png").exists()
    assert "| ring8 " in (tmp_path / "summary.md").read_text()


def test_seeds_are_added_and_those_there_keep_their_bits(tmp_path, undrawn):
    landscape(tmp_path, "--seeds", "0")
    landscape(tmp_path, "--seeds", "1")
    first = pd.read_parquet(tmp_path / "rows.parquet")
    result = landscape(tmp_path, "--seeds", "3,1")
    assert "seeds 1, 3" in result.output
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    assert sorted(rows["seed"].unique()) == [0, 1, 3]
    pd.testing.assert_frame_equal(rows[rows["seed"] == 0].reset_index(drop=True), first)
    assert tomllib.loads((tmp_path / "settings.toml").read_text())["seeds"] == [0, 1, 3]
    assert pd.read_parquet(tmp_path / "losses.parquet").groupby("seed").size().nunique() == 1


def test_other_settings_are_refused_with_their_names(tmp_path, undrawn):
    landscape(tmp_path, "--seeds", "1")
    result = landscape(tmp_path, "--seeds", "1", "--set", "width=5")
    assert result.exit_code == 2
    assert "width 4 there, 5 here" in result.stderr
    other = cli("study", "distances", "--out", str(tmp_path))
    assert other.exit_code == 2
    assert "has no settings of distances" in other.stderr


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    result = landscape(tmp_path)
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_damaged_table_is_named_and_damaged_rows_are_computed_again(tmp_path, undrawn):
    landscape(tmp_path, "--seeds", "1")
    whole = (tmp_path / "rows.parquet").read_bytes()
    (tmp_path / "losses.parquet").write_bytes(b"PAR1 no more")
    result = landscape(tmp_path, "--seeds", "1")
    assert result.exit_code == 2
    assert "losses.parquet cannot be read" in result.stderr
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 no more")
    assert landscape(tmp_path, "--seeds", "1").exit_code == 0
    assert (tmp_path / "rows.parquet").read_bytes() == whole


def test_a_seed_that_fails_is_told_and_the_others_are_kept(tmp_path, undrawn, monkeypatch):
    from bench.studies import landscape as module

    run = module.run

    def failing(settings, seed, tick):
        if seed == 0:
            raise RuntimeError("no luck")
        return run(settings, seed, tick)

    monkeypatch.setattr(module, "run", failing)
    result = landscape(tmp_path, "--seeds", "2")
    assert result.exit_code == 1
    assert "seed 0 failed: RuntimeError: no luck" in result.output
    assert pd.read_parquet(tmp_path / "rows.parquet")["seed"].unique().tolist() == [1]
    assert "Asked for 2 seeds; 1 are missing" in (tmp_path / "summary.md").read_text()


@pytest.mark.slow
def test_worker_processes_give_the_same_rows(tmp_path, undrawn):
    landscape(tmp_path / "one", "--seeds", "2")
    result = landscape(tmp_path / "two", "--seeds", "2", "--jobs", "2")
    assert result.exit_code == 0, result.output
    one, two = (pd.read_parquet(tmp_path / name / "rows.parquet") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vanising"], "did you mean 'vanishing'"),
        (["depth", "--set", "layer=3"], "did you mean 'layers'"),
        (["depth", "--set", "clips=0.1,-1"], "clips must be above 0"),
        (["depth", "--set", "clips=0.1,high"], "depth.clips takes a number"),
        (["depth", "--set", "clips=0.1,0.1"], "each named once"),
        (["depth", "--set", "dataset=mnist5k"], "no set of points 'mnist5k'"),
        (["vanishing", "--set", "dataset=ring8"], "no set of images 'ring8'"),
        (["vanishing", "--set", "width=0"], "width must be a whole number from 1"),
        (["vanishing", "--set", "stages=1"], "a stage must be a whole number from 64"),
        (["vanishing", "--set", "dcgan.width=4"], "takes field=value"),
        (["vanishing", "--seeds", "many"], "a number of them (3) or a list"),
        (["vanishing", "--threads", "0"], "threads must be a whole number"),
        (["vanishing", "--device", "tpu"], "device is auto, cpu"),
        (["distances", "--seeds", "3"], "it takes no seeds"),
        (["distances", "--set", "reach=50"], "reach must be 20 at most"),
        (["depth", str(ROOT / "experiments/study-vanishing.toml")], "no settings of depth"),
        (["depth", "nowhere.toml"], "cannot read nowhere.toml"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, said):
    result = cli("study", *arguments, "--dry-run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", STUDIES)
def test_the_published_settings_are_good_ones(name):
    path = ROOT / f"experiments/study-{name}.toml"
    settings = resolved(name, STUDIES[name].settings, from_file(name, path, read_toml(path)))
    assert (len(settings.seeds) >= 3) == settings.seeded


def test_settings_are_checked_in_python_too():
    with pytest.raises(InputError, match="seeds must be named once"):
        Settings(seeds=(1, 1))
    assert Vanishing(stages=(900, 100)).stages == (100, 900)


def test_geometric_means_are_those_worked_by_hand():
    rows = pd.DataFrame({"game": ["a"] * 3 + ["b"], "seed": [0, 1, 2, 0], "v": [1.0, 4, 0, 5]})
    a, b = geometric(rows, ["game"], "v").to_dict("records")
    assert (a["mean"], a["n"]) == (pytest.approx(2.0), 2)  # the 0 has no logarithm
    # t of one degree of freedom is 12.706; the logarithms are 0 and log 4: sd / sqrt(2) = log 2.
    assert a["high"] == pytest.approx(2 * 2**12.7062, rel=1e-4)
    assert as_text(pd.Series(b)) == "5"
    assert (tick_label(1e-14, 0), tick_label(10.0, 0), tick_label(1e6, 0)) == ("1e-14", "10", "1e6")


def words(figure: Figure) -> str:
    found = [figure.get_suptitle(), figure.get_supxlabel()]
    for axis in figure.axes:
        found += [axis.get_xlabel(), axis.get_ylabel(), axis.get_title(loc="left")]
        found += [text.get_text() for text in axis.texts]
    return " ".join(found)


def test_vanishing_draws_a_thin_line_a_seed_and_a_thick_one_a_game():
    rows = pd.DataFrame(
        {
            "stage": stage, "game": game, "seed": seed, "steps": steps,
            "generator_grad_norm": 2.0**seed / (1 + steps), "accuracy": 0.9, "loss": 0.1,
        }
        for stage in ("4k", "64k") for game in plots_vanishing.COLOURS
        for seed in range(3) for steps in (0, 1, 10)
    )  # fmt: skip
    figure = plots_vanishing.figures({"rows": rows}, Vanishing())["vanishing"]
    shown = words(figure)
    for word in ("after 64k images", "norm of the generator", "3 seeds", "95 % t", "saturating"):
        assert word in shown
    widths = [line.get_linewidth() for line in figure.axes[0].lines]
    assert (widths.count(0.7), widths.count(2.2)) == (12, 4)
    heads, lines = plots_vanishing.table({"rows": rows}, Vanishing())
    assert len(lines) == 8
    assert heads[-1] == "n"
    assert {line[-1] for line in lines} == {"3"}
    ratio = lines[0][heads.index("last / first")]
    assert ratio.startswith("0.182")  # (1 / 11) / (1 / 2) at every seed


def test_depth_draws_a_line_a_constraint_and_its_weights():
    constraints = ("clip=0.1", "penalty=10")
    rows = pd.DataFrame(
        {"constraint": c, "seed": s, "steps": 5, "layer": n, "activation_grad_norm": 10.0**n}
        for c in constraints for s in (0, 1) for n in range(3)
    )  # fmt: skip
    bars = pd.DataFrame(
        {"constraint": c, "seed": s, "steps": 5, "low": low, "high": low + 1, "share": 0.5}
        for c in constraints for s in (0, 1) for low in (-1.0, 0.0)
    )  # fmt: skip
    tables = {"rows": rows, "histograms": bars}
    shown = words(plots_depth.figures(tables, Depth())["depth"])
    for word in ("clip=0.1", "penalty=10", "2 seeds", "95 % t", "weight of the critic", "layer"):
        assert word in shown
    heads, lines = plots_depth.table(tables, Depth())
    assert [line[0] for line in lines] == list(constraints)
    assert lines[0][heads.index("factor a layer back")].startswith("0.1 ")
    assert lines[0][4:] == ["100", "2"]


def test_landscape_names_every_panel():
    key = {"seed": 0}
    pairs = [(d, c) for d in ("ring8", "grid25") for c in ("clip=0.01", "penalty=0.1")]
    tables = {
        "rows": pd.DataFrame(
            {"dataset": d, "constraint": c, **key, "x": x, "y": y, "value": x * y + x}
            for d, c in pairs for x in (0.0, 1.0, 2.0) for y in (0.0, 1.0)
        ),
        "losses": pd.DataFrame(
            {"dataset": d, "constraint": c, **key, "steps": s, "loss": -1.0}
            for d, c in pairs for s in (1, 2, 3)
        ),
        "critics": pd.DataFrame(
            {"dataset": d, "constraint": c, **key, "real_above_fake": 0.75} for d, c in pairs
        ),
        "points": pd.DataFrame({"dataset": d, **key, "x": 0.5, "y": 0.5} for d, _ in pairs),
    }  # fmt: skip
    figures = plots_landscape.figures(tables, Landscape())
    shown = words(figures["landscape"])
    for dataset, constraint in pairs:
        assert f"{dataset}, {constraint}" in shown
        assert f"{dataset}, {constraint}" in words(figures["losses"])
    assert "75 % of pairs" in shown
    _, lines = plots_landscape.table(tables, Landscape())
    assert lines[0] == ["ring8", "clip=0.01", "75", "-1", "4", "1"]
