"""A model of one's own, edited and run again: no number is ever that of other code, unsaid."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bench
from bench.cli import main
from bench.files import read_json, write_json
from bench.planning import code
from bench.planning.code import code_of
from gan_zoo.catalog import load

from . import tiny

pytestmark = pytest.mark.usefixtures("few_figures", "quick", "records_alone")

quick, records_alone = tiny.quick, tiny.records_alone

MODEL = """
from gan_zoo.gan import VanillaGAN

class Mine(VanillaGAN):
    def generator_loss(self, batch):
        return {factor} * super().generator_loss(batch)
"""
# The code of a model in each of some folders, as forks of one process see it.
TOLD = """
import json, os, sys
from bench.planning.code import code_of
from gan_zoo import gan
from gan_zoo.catalog import load
for folder in sys.argv[1:]:
    if child := os.fork():
        assert os.waitpid(child, 0)[1] == 0
        continue
    os.chdir(folder)
    sys.path.insert(0, folder)
    load("own.py:Mine")
    print(json.dumps(code_of("own.py:Mine")), flush=True)
    os._exit(0)
"""
BROKEN = MODEL.replace("{factor} *", "float('nan') *")
SMALL = ["--dataset", "ring8", "--seeds", "1", "--images", "960", "--evaluations", "2"]
SMALL += ["--batch-size", "16", "--jobs", "1", "--set", "width=4", "--set", "latent_dim=3"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", *SMALL, *arguments], catch_exceptions=False)


def one_line(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(MODEL.format(factor=1.0))
    return path


def curves_of(root: Path) -> list[float]:
    table = bench.load(root).curves
    return list(table.loc[~table["metric"].str.startswith("cost/"), "value"])


def test_edited_code_is_another_model(mine: Path) -> None:
    models = ["--models", "mine.py:Mine"]
    assert run(*models, "--out", "r").exit_code == 0
    before = curves_of(Path("r"))
    assert "0 to do" in run(*models, "--out", "r").output

    mine.write_text(MODEL.format(factor=2.0))
    said = one_line(run(*models, "--out", "r"))
    assert said.startswith("bench: mine.py has changed since r trained ring8/mine/s0: ")
    assert "--retrain mine" in said
    assert said == one_line(run(*models, "--out", "r", "--dry-run"))
    assert curves_of(Path("r")) == before  # what is there is still what it says

    assert run("--models", "new=mine.py:Mine", "--out", "r").exit_code == 0
    assert run(*models, "--out", "r", "--retrain", "mine").exit_code == 0
    assert run(*models, "--out", "fresh").exit_code == 0
    both = bench.load("r").curves
    mines, news = (both[both["model"] == name]["value"].tolist() for name in ("mine", "new"))
    steady = ~both[both["model"] == "new"]["metric"].str.startswith("cost/")
    assert [v for v, keep in zip(mines, steady, strict=True) if keep] == curves_of(Path("fresh"))
    assert [v for v, keep in zip(news, steady, strict=True) if keep] == curves_of(Path("fresh"))
    assert curves_of(Path("fresh")) != before
    assert "0 to do" in run(*models, "--out", "r").output


def test_an_interrupted_trial_does_not_go_on_under_other_code(mine: Path) -> None:
    models = ["--models", "mine.py:Mine", "--out", "r"]
    assert run(*models).exit_code == 0
    Path("r/trials/ring8/mine/s0/status.json").unlink()  # as a kill would leave it
    mine.write_text(MODEL.format(factor=2.0))
    assert "mine.py has changed" in one_line(run(*models))


def test_a_file_that_was_moved_is_the_same_model(mine: Path) -> None:
    assert run("--models", "mine.py:Mine", "--out", "r").exit_code == 0
    elsewhere = mine.parent / "elsewhere" / "mine.py"
    elsewhere.parent.mkdir()
    mine.rename(elsewhere)
    assert "0 to do" in run("--models", "elsewhere/mine.py:Mine", "--out", "r").output


def test_a_mended_divergence_is_tried_again(mine: Path) -> None:
    models = ["--models", "mine.py:Mine", "--out", "r"]
    mine.write_text(BROKEN)
    assert run(*models).exit_code == 0
    assert bench.load("r").trials["status"].tolist() == ["diverged"]
    assert "0 to do" in run(*models).output
    assert "1 to do" in run(*models, "--retry", "diverged", "--dry-run").output
    mine.write_text(MODEL.format(factor=1.0))
    assert run(*models).exit_code == 0
    assert bench.load("r").trials["status"].tolist() == ["finished"]
    assert run("--models", "mine.py:Mine", "--out", "fresh").exit_code == 0
    assert curves_of(Path("r")) == curves_of(Path("fresh"))


def test_a_mended_failure_is_tried_again_from_the_start(mine: Path) -> None:
    models = ["--models", "mine.py:Mine", "--out", "r"]
    mine.write_text(MODEL.replace("return {factor}", "return {}['gone']"))
    assert run(*models).exit_code == 1
    mine.write_text(MODEL.format(factor=1.0))
    assert run(*models).exit_code == 0
    assert bench.load("r").trials["status"].tolist() == ["finished"]


def test_code_that_changes_during_the_run_fails_its_trial(mine: Path) -> None:
    from bench.training import attempt

    real = attempt.run_unit

    def edited(unit, **options):
        mine.write_text(MODEL.format(factor=3.0))
        return real(unit, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.runner.run_unit", edited)
        assert run("--models", "mine.py:Mine", "--out", "r").exit_code == 1
    assert "mine.py has changed since this run began" in bench.load("r").trials["reason"][0]


def test_a_trial_of_an_earlier_version_is_reported_and_not_gone_on_with(mine: Path) -> None:
    models = ["--models", "mine.py:Mine", "--out", "r"]
    assert run(*models).exit_code == 0
    path = Path("r/trials/ring8/mine/s0/trial.json")
    old = read_json(path)
    del old["code"]
    write_json(path, old | {"model": str(mine) + ":Mine", "config_hash": "of another time"})
    said = one_line(run(*models))
    assert "did not record the code of models: it is reported, but not gone on with" in said
    assert CliRunner().invoke(main, ["report", "r"]).exit_code == 0
    assert len(bench.load("r").analysis.summary) == 1


def test_local_modules_count_and_their_place_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []
    for name, text in (("a", "X = 1\n"), ("b", "X = 1\n"), ("c", "X = 2\n")):
        folder = tmp_path / name
        (folder / "parts").mkdir(parents=True)
        (folder / "parts" / "__init__.py").write_text("")
        (folder / "parts" / "one.py").write_text("from .two import X\nimport json, torch\n")
        (folder / "parts" / "two.py").write_text(text)
        (folder / "late.py").write_text("Y = 1\n")
        inner = "    def late(self):\n        import late\n        return late.Y\n"
        (folder / "own.py").write_text("from parts.one import X\n" + MODEL.format(factor=1) + inner)
        places.append(str(folder))
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *places],
        env={"PYTHONPATH": str(Path(bench.__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(found[0]) == {"late.py", "own.py", "parts.py", "parts/one.py", "parts/two.py"}
    assert found[0] == found[1]
    assert {name for name in found[0] if found[0][name] != found[2][name]} == {"parts/two.py"}


def test_a_module_that_this_process_runs_in_an_older_form_is_refused(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = mine.parent / "helper_of_mine.py"
    helper.write_text("X = 1\n")
    mine.write_text("from helper_of_mine import X\n" + MODEL.format(factor=1))
    monkeypatch.syspath_prepend(mine.parent)
    monkeypatch.setattr(code, "IMPORTED", {})
    assert run("--models", "mine.py:Mine", "--out", "r").exit_code == 0
    helper.write_text("X = 2\n")
    assert "start a new one" in one_line(run("--models", "mine.py:Mine", "--out", "r"))


def test_an_installed_package_is_known_by_its_version() -> None:
    load("torch.nn:Linear")
    assert list(code_of("torch.nn:Linear")) == ["torch"]
    assert code_of("gan") == code_of("gan_zoo.gan:VanillaGAN") == {}


def test_a_foreign_plan_runs_no_code_unasked(mine: Path) -> None:
    mine.write_text("raise SystemExit('it ran')\n" + MODEL)
    Path("x.toml").write_text(f'models = ["{mine}:Mine"]\n')
    said = one_line(run("x.toml", "--out", "r"))
    assert said.startswith(f"bench: the experiment file names code of its own, {mine}:Mine (sha256")
    assert "--trust-code" in said
    assert "it ran" in one_line(run("x.toml", "--out", "r", "--trust-code"))
    assert "it ran" in one_line(run("--models", "mine.py:Mine", "--out", "r"))


def test_a_budget_is_raised_without_running_the_folders_code_unasked(mine: Path) -> None:
    assert run("--models", "mine.py:Mine,gan", "--out", "r").exit_code == 0
    mine.write_text("raise SystemExit('it ran')\n")
    assert run("--models", "gan", "--out", "r").exit_code == 0  # needs none of it
    larger = run("--models", "gan", "--images", "1920", "--out", "r")
    assert "r/experiment.toml names code of its own" in one_line(larger)


def test_only_what_there_is_can_be_retrained(mine: Path) -> None:
    assert "'gann'; did you mean 'gan'?" in one_line(run("--models", "gan", "--retrain", "gann"))


def test_a_plugin_imports_the_files_beside_it(mine: Path) -> None:
    helper = mine.parent / "beside_this_plugin.py"
    helper.write_text("FACTOR = 2.0\n")
    mine.write_text("from beside_this_plugin import FACTOR\n" + MODEL.format(factor="FACTOR"))
    assert run("--models", "mine.py:Mine", "--out", "r").exit_code == 0
    (trial,) = Path("r").glob("trials/*/*/*/trial.json")
    assert set(read_json(trial)["code"]) == {"mine.py", "beside_this_plugin.py"}


def test_two_plugins_with_helpers_of_one_name_are_not_mixed(mine: Path) -> None:
    models = []
    for name in ("one", "two"):
        folder = mine.parent / name
        folder.mkdir()
        (folder / "helper_of_both.py").write_text(f"FACTOR = len({name!r})\n")
        text = "from helper_of_both import FACTOR\n" + MODEL.format(factor="FACTOR")
        (folder / "own.py").write_text(text)
        models.append(f"{name}={folder}/own.py:Mine")
    said = one_line(run("--models", ",".join(models), "--out", "r"))
    assert said.startswith("bench: own.py imports helper_of_both, and got ")
    assert "rename one of the two" in said
