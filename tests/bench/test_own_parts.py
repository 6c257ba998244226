"""Data sets, metrics, extractors and probes of one's own: named, hashed, trusted, and measured."""

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result

from bench import datasets
from bench.cli import main
from bench.datasets.dataset import load_dataset
from bench.datasets.own import with_kind
from bench.errors import InputError
from bench.evaluation.points import measure_points
from bench.files import read_json
from bench.generators.load import recorded_trial
from bench.metrics.transport import emd
from bench.planning.trial import Trial
from bench.records.results import Results
from bench.tables.pairs import comparisons

from . import tiny

MINE = """
import math
import torch
from bench.datasets.own import Images, Points
from bench.metrics.own import OwnMetric
from bench.probes.own import OwnProbe


class Moons(Points):
    modes = 2

    def sample(self, n, rng):
        labels = torch.randint(2, (n,), generator=rng)
        angle = math.pi * torch.rand(n, generator=rng, dtype=torch.float64)
        arc = torch.stack([angle.cos(), angle.sin()], dim=1)
        other = torch.tensor([1.0, 0.5]) - arc
        return torch.where(labels[:, None] == 0, arc, other), labels


class Bars(Images):
    shape = (1, 8, 8)
    classes = ("left", "right")

    def part(self, name, rng):
        labels = torch.randint(2, ({"train": 64, "holdout": 16}[name],), generator=rng)
        images = torch.zeros(len(labels), 1, 8, 8, dtype=torch.uint8)
        images[labels == 0, :, :, :4] = 255
        images[labels == 1, :, :, 4:] = 255
        return images, labels


class Spread(OwnMetric):
    '''standard deviation of the samples over that of the true points'''

    title = "spread"
    better = "neither"
    scale = "log"

    def measure(self, evaluation):
        torch.rand(3)  # shifts nothing
        return {factor} * evaluation.samples.std() / evaluation.real.std()


class Transport(OwnMetric):
    better = "lower"

    def measure(self, evaluation):
        from bench.metrics.transport import emd
        evaluation.samples.mul_(1)
        return emd(evaluation.samples, evaluation.real)


class Never(OwnMetric):
    def measure(self, evaluation):
        raise KeyError("two\\nlines")


class Norms(OwnProbe):
    def read(self, look):
        norm = sum(w.square().sum() for w in look.model.generator.parameters()).sqrt()
        look.model.generator.get_parameter(next(iter(look.model.generator.state_dict()))).data.add_(1)
        return {"generator": norm, "one": 1.0}


class Nothing:
    pass
"""
SMALL = ["--seeds", "1", "--images", "960", "--evaluations", "2", "--batch-size", "16"]
SMALL += ["--jobs", "1", "--set", "width=4", "--set", "latent_dim=3", "--set", "backbone=mlp"]
ALL = ["--models", "gan", "--dataset", "mine.py:Moons", "--metrics", "default,mine.py:Spread"]
ALL += ["--probes", "default,mine.py:Norms"]


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def run(*arguments: str) -> Result:
    return cli("run", *SMALL, *arguments)


def one_line(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(MINE.replace("{factor}", "1"))
    return path


def trained(out: str, *arguments: str) -> Path:
    done = run(*arguments, "--out", out)
    assert done.exit_code == 0, done.output
    return Path(out)


records_alone = tiny.records_alone


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact transport takes a second of 2,500 points, and milliseconds of 200."""
    monkeypatch.setattr("bench.evaluation.points.SAMPLES", 200)
    for table, name in ((datasets.OWN, "points:"), (datasets.DATASETS, "ring8")):
        monkeypatch.setitem(table, name, replace(table[name], samples=200))


@pytest.mark.slow
@pytest.mark.usefixtures("few_figures")
def test_a_folder_of_ones_own_parts_is_whole_and_reported_without_running_them(mine: Path) -> None:
    metrics = "default,mine.py:Spread,mine.py:Transport,mine.py:Never"
    more = ["--metrics", metrics, "--models", "gan,wgan", "--seeds", "2", "--evaluations", "1"]
    root = trained("r", *ALL, *more, "--images", "800")
    facts = read_json(root / "trials/points-moons/gan/s0/trial.json")
    assert set(facts["code"]) == {f"{kind} mine.py" for kind in ("data set", "metric", "probe")}
    assert facts["metrics"] == [f"mine.py:{name}" for name in ("Spread", "Transport", "Never")]
    assert facts["probes"][-1] == "mine.py:Norms"
    assert str(mine.parent) not in json.dumps(facts)
    results = Results(root)
    rows = results.evaluations
    # The metric of one's own that is ours again gives our numbers, and the ratio is the real one.
    wide = rows.pivot_table(index=["model", "seed", "images"], columns="metric", values="value")
    np.testing.assert_allclose(wide["mine.py:Transport"], wide["emd"], rtol=0, atol=0)
    assert (wide["mine.py:Spread"] > 0).all()
    assert set(rows.loc[rows["metric"] == "mine.py:Spread", "reference"]) == {"true:200"}
    told = json.loads(results.trials["not_measured"][0])
    assert told == {"mine.py:Never": "KeyError: 'two\\nlines'"}
    curves = results.curves
    norms = curves[curves["metric"] == "mine.py:Norms/generator"]["value"]
    assert norms.between(1, 100).all()
    assert len(norms) == 4  # a row a trial, that before the evaluation
    # What is reported: pairs on the log scale, a column, and no line of the code is needed.
    mine.write_text("raise SystemExit('it ran')\n")
    done = cli("report", "r")
    assert done.exit_code == 0, done.output
    assert "spread" in (root / "report.html").read_text()
    assert "| spread" in done.output or " spread " in done.output
    pairs = comparisons(Results(root)).query("metric == 'mine.py:Spread'")
    assert (pairs["scale"] == "log").all()
    assert (pairs["outcome"] == "exploratory").all()
    final = wide["mine.py:Spread"].groupby(["model", "seed"]).last().unstack("model")
    wanted = np.exp(
        np.log(final[pairs["model_a"].iloc[0]] / final[pairs["model_b"].iloc[0]]).mean()
    )
    assert pairs["ratio"].iloc[0] == pytest.approx(wanted, rel=1e-9)
    assert "spread ratio" in cli("compare", "r", "--metric", "mine.py:Spread").output
    assert "did you mean 'mine.py:Spread'" in one_line(
        cli("compare", "r", "--metric", "mine:Spread")
    )
    assert cli("status", "r").exit_code == 0
    # What would run it is refused, in a line with the file and its hash.
    for command in (["verify", "r"], ["sample", "r", "--model", "gan", "--out", "x.png"]):
        assert "mine.py:Moons (sha256 " in one_line(cli(*command))


def test_ones_own_parts_change_no_other_number(mine: Path, records_alone: None) -> None:
    plain = trained("plain", "--models", "gan", "--dataset", "ring8")
    names = ["--metrics", "default,mine.py:Spread", "--probes", "default,mine.py:Norms"]
    with_own = trained("own", "--models", "gan", "--dataset", "ring8", *names)
    key = "trials/ring8/gan/s0"
    hashes = [read_json(root / key / "trial.json")["config_hash"] for root in (plain, with_own)]
    assert hashes[0] != hashes[1]
    for name in ("curves", "evaluations"):
        one, two = (tiny.timeless(root / key / f"{name}.parquet") for root in (plain, with_own))
        two = two[~two["metric"].str.startswith("mine.py:")].reset_index(drop=True)
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    for name in ("generator.safetensors", "samples/000000960.png"):
        assert (plain / key / name).read_bytes() == (with_own / key / name).read_bytes()


def test_another_metric_or_edited_code_is_another_trial(mine: Path, records_alone: None) -> None:
    trained("r", *ALL)
    assert "0 to do" in run(*ALL, "--out", "r").output
    mine.write_text(MINE.replace("{factor}", "2"))
    said = one_line(run(*ALL, "--out", "r"))
    assert "data set mine.py, metric mine.py, probe mine.py has changed since r trained" in said
    assert "made with metrics default,mine.py:Spread, not default:" in one_line(
        run("--models", "gan", "--dataset", "mine.py:Moons", "--out", "r")
    )
    trained("r", *ALL, "--retrain", "gan")
    trained("fresh", *ALL)
    both = [
        pd.read_parquet(f"{root}/trials/points-moons/gan/s0/evaluations.parquet")
        for root in ("r", "fresh")
    ]
    one, two = (table.loc[table["metric"] == "mine.py:Spread", "value"].tolist() for table in both)
    assert one == two


def test_a_foreign_plan_runs_none_of_them_unasked(mine: Path, records_alone: None) -> None:
    mine.write_text("raise SystemExit('it ran')\n")
    plans = {
        "--dataset": ('datasets = ["points:mine.py:Moons"]', "mine.py:Moons"),
        "--metrics": ('metrics = "default,mine.py:Spread"', "default,mine.py:Spread"),
        "--probes": ('probes = "default,mine.py:Norms"', "default,mine.py:Norms"),
        "--features": ('features = "mine.py:Net"', "mine.py:Net"),
    }
    for flag, (line, value) in plans.items():
        Path("x.toml").write_text(f'models = ["gan"]\n{line}\n')
        said = one_line(run("x.toml", "--out", "r"))
        assert said.startswith("bench: the experiment file names code of its own, "), said
        assert f"mine.py:{value.rpartition(':')[2]} (sha256 " in said
        assert f"name it with {flag}, or give --trust-code" in said
        assert "it ran" in one_line(run("x.toml", "--out", "r", "--trust-code"))
        assert "it ran" in one_line(run("x.toml", "--out", "r", flag, value))
    Path("x.toml").write_text('models = ["gan"]\ndatasets = ["mine.py:Moons"]\n')
    assert "write points:mine.py:Moons or images:mine.py:Moons" in one_line(run("x.toml"))


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (
            ["--dataset", "mine.py:Gone"],
            "there is no 'Gone' in it; mine.py has Moons, Bars, Spread",
        ),
        (["--dataset", "mine.py:Nothing"], "is no data set: it extends bench.datasets.own.Images"),
        (
            ["--dataset", "gone.py:Moons"],
            "the data set 'gone.py:Moons': there is no file",
        ),
        (["--dataset", "images:mine.py:Moons"], "mine.py:Moons has points: write points:"),
        (["--dataset", "points:mine.py:Bars"], "mine.py:Bars has images: write images:"),
        (
            ["--dataset", "mine.py"],
            "mine.py is a file: name the data set in it, as in mine.py:Name",
        ),
        (["--metrics", "mine.py:Spread"], "metrics are default, or default and some of your own"),
        (["--metrics", "default,mine.py:Moons"], "mine.py:Moons is no metric: it is a class that"),
        (["--metrics", "default,fid"], "'fid' is no metric of your own: default has those of"),
        (["--metrics", "default,fids"], "there is no metric 'fids'; did you mean 'fid'?"),
        (["--metrics", "default,mine.py:Spread,mine.py:Spread"], "must be named once each"),
        (["--metrics", "default,mine.py:Spread,./mine.py:Spread"], "two metrics would be called"),
        (["--probes", "default,mine.py:Spread"], "mine.py:Spread is no probe: it is a class that"),
        (["--probes", "default,updates,mine.py:Norms"], "either names or one of default, all"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(mine: Path, flags: list[str], told: str) -> None:
    assert told in one_line(run("--models", "gan", *flags, "--dry-run"))


def test_images_of_ones_own_are_what_their_class_gives(mine: Path) -> None:
    reference = with_kind("mine.py:Bars")
    data = load_dataset(reference)
    assert (reference, data.name) == ("images:mine.py:Bars", "images-bars")
    assert data.spec.shape == (1, 8, 8)
    assert data.mode_names == ("left", "right")
    left = data.train.labels == 0
    assert (data.train.samples[left][:, :, :, :4] == 255).all()
    assert (len(data.train), len(data.holdout)) == (64, 16)
    assert load_dataset(reference) is data
    larger = load_dataset(reference, 12)
    assert larger.spec.shape == tuple(larger.train.samples.shape[1:]) == (1, 12, 12)
    assert larger.content == data.content
    mine.write_text(mine.read_text().replace('"train": 64', '"train": 32'))
    again = load_dataset(reference)  # an edited file is read again, in the same process
    assert len(again.train) == 32
    assert again.content != data.content


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("torch.uint8)", "torch.float32)"),
            "gives torch.float32, not images as bytes, torch.uint8",
        ),
        (("1, 8, 8, dtype", "3, 8, 8, dtype"), "[64, 3, 8, 8] and [64], not images [n, 1, 8, 8]"),
        (("return images, labels", "return images, labels + 1"), "classes from 1 to 2, and 0 to 1"),
        (
            ("shape = (1, 8, 8)", "shape = (2, 8, 8)"),
            "shape is (1 or 3, side, side), not (2, 8, 8)",
        ),
        (('("left", "right")', '("left", "left")'), "classes is a tuple of names, once each, not"),
        (("images[labels == 0", "images[nothing == 0"), '.part("train") fails: '),
    ],
)
def test_wrong_images_are_said_in_a_line(mine: Path, change: tuple[str, str], told: str) -> None:
    mine.write_text(mine.read_text().replace(*change))
    with pytest.raises(InputError) as raised:
        load_dataset("images:mine.py:Bars")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_points_of_ones_own_are_held_to_what_they_declare(mine: Path) -> None:
    data = load_dataset("points:mine.py:Moons")
    x, labels = data.train.samples, data.train.labels
    # The unit circles that the two arcs lie on, by hand.
    radii = torch.where(labels == 0, x.norm(dim=1), (x - torch.tensor([1.0, 0.5])).norm(dim=1))
    torch.testing.assert_close(radii, torch.ones(50_000), rtol=0, atol=1e-6)
    assert data.spec.classes == 2
    assert emd(x[:500], data.holdout.samples[:500]) < 0.2
    for change, told in (
        (
            ("0, arc, other), labels", "0, arc, other), labels + 1"),
            "classes from 1 to 2, and 0 to 1",
        ),
        (("other = torch", "other = torch.nan * torch"), "gives points that are not finite"),
        (("(2, (n,)", "(2, (n - 1,)"), "sample fails: RuntimeError"),
        (("modes = 2", "modes = 0"), "modes is a whole number from 1 to 10,000"),
    ):
        mine.write_text(MINE.replace("{factor}", "1").replace(*change))
        with pytest.raises(InputError) as raised:
            load_dataset("points:mine.py:Moons")
        assert told in str(raised.value)


def test_the_modes_of_a_mixture_of_ones_own_are_counted(mine: Path) -> None:
    pair = "Pair = Mixture('pair', torch.tensor([[-1.0, 0.0], [1.0, 0.0]]).double(), 0.1)\n"
    mine.write_text(f"import torch\nfrom bench.datasets.mixtures import Mixture\n{pair}")
    data = load_dataset(with_kind("mine.py:Pair"))
    samples, labels = data.holdout.samples[:5000], data.holdout.labels[:5000]
    found = measure_points(samples, labels, data, False)
    values = {each.metric: each.value for each in found}
    # Within three sigma in the plane lie 1 - exp(-4.5) of a Gaussian.
    assert values["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.006)
    assert (values["modes"], data.spec.classes) == (2, 2)
    assert float(data.train.samples[data.train.labels == 1][:, 0].mean()) == pytest.approx(
        1, abs=0.01
    )


def test_a_recorded_trial_finds_its_parts_again(mine: Path, records_alone: None) -> None:
    trained("r", *ALL)
    results = Results(Path("r"))
    trial = recorded_trial(results, "points-moons/gan/s0")
    facts = read_json(results.path / "trials/points-moons/gan/s0/trial.json")
    assert isinstance(trial, Trial)
    assert trial.config_hash == facts["config_hash"]
    assert trial.source == f"points:{mine.parent}/mine.py:Moons"
    assert (trial.metrics, trial.probes[-1]) == (("mine.py:Spread",), "mine.py:Norms")
    said = cli("verify", "r", "--trust-code")
    assert said.exit_code == 0, said.output
    assert "1 of 1 reproduced" in said.output


def test_an_entry_point_names_them_too(
    mine: Path, monkeypatch: pytest.MonkeyPatch, records_alone: None
) -> None:
    package = mine.parent / "site-packages"
    facts = package / "ours_to_test-1.2.dist-info"
    facts.mkdir(parents=True)
    (package / "ours_to_test.py").write_text(
        mine.read_text()
        + "from gan_zoo.gan import VanillaGAN\n\nclass Plain(VanillaGAN):\n    pass\n"
    )
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: ours-to-test\nVersion: 1.2\n")
    (facts / "RECORD").write_text("ours_to_test.py,,\n")
    (facts / "top_level.txt").write_text("ours_to_test\n")
    points = {"datasets": "moons = ours_to_test:Moons", "metrics": "spread = ours_to_test:Spread"}
    points |= {"probes": "norms = ours_to_test:Norms", "models": "plain = ours_to_test:Plain"}
    text = "".join(f"[gan_bench.{group}]\n{line}\n" for group, line in points.items())
    (facts / "entry_points.txt").write_text(text)
    monkeypatch.syspath_prepend(package)
    listed = cli("list").output
    for name in ("moons", "spread", "norms", "plain"):
        assert re.search(rf"^  {name} +ours_to_test:", listed, re.MULTILINE)
    names = ["--models", "plain", "--dataset", "moons", "--metrics", "default,spread"]
    root = trained("r", *names, "--probes", "default,norms")
    (trial,) = root.glob("trials/points-moons/plain/s0/trial.json")
    code = read_json(trial)["code"]
    kinds = ("", "data set ", "metric ", "probe ")
    assert code == {f"{kind}ours-to-test": "1.2" for kind in kinds}
    assert "0 to do" in run(*names, "--probes", "default,norms", "--out", "r").output
    said = one_line(run("r/experiment.toml", "--out", "again"))
    assert "names code of its own, ours_to_test:Plain" in said
    assert "did you mean 'moons'" in one_line(run("--dataset", "moon"))


@pytest.mark.slow
def test_workers_resolve_the_same_references(mine: Path, records_alone: None) -> None:
    names = ["--models", "gan", "--dataset", "mine.py:Bars", "--features", "none", "--seeds", "2"]
    names += ["--metrics", "default,mine.py:Spread", "--probes", "default,mine.py:Norms"]
    root, alone = trained("r", *names, "--jobs", "2"), trained("alone", *names)
    for seed in (0, 1):
        key = f"trials/images-bars/gan/s{seed}"
        rows = pd.read_parquet(root / key / "evaluations.parquet")
        assert set(rows["metric"]) == {"mine.py:Spread"}
        tiny.assert_same(root / key, alone / key)


def test_listing_stays_light() -> None:
    told = "import sys; from bench.extensions import entry_points; entry_points('metric'); "
    told += "import bench.planning.naming; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
