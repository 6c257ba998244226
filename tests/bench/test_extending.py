"""docs/extending.md, executed: its files, its commands, and what it says of them."""

import re
import shlex
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from bench.analysis import Analysis
from bench.checks.parts import check_parts, kind_of
from bench.claims import CLAIMS, judged, runs_of
from bench.datasets.dataset import load_dataset
from bench.datasets.own import with_kind
from bench.evaluation.evaluate import balanced_labels, generate
from bench.extensions import KINDS
from bench.extractors.custom import load_custom
from bench.generators.load import load_generator
from bench.records.results import Results
from bench.report.own import drawn, own_parts
from gan_zoo.streams import Streams

from . import tiny
from .test_hostile import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text()
FILES = re.findall(r"^    # (\w+\.py)\n((?:    .*\n|\n)+)", PAGE, re.M)
WEIGHTS = re.findall(
    r"^(    import torch\n    from safetensors(?:.*\n)(?:    .*\n|\n)+)", PAGE, re.M
)
COMMANDS = [shlex.split(line) for line in re.findall(r"^    bench (.*)$", PAGE, re.M)]
PARTS = [command[1] for command in COMMANDS if command[0] == "doctor"]
records_alone = tiny.records_alone


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page; it is the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, code in FILES:
        Path(name).write_text(textwrap.dedent(code))
    (made,) = WEIGHTS
    with torch.random.fork_rng():
        exec(textwrap.dedent(made), {})
    return tmp_path


def test_each_part_is_of_the_kind_that_its_section_is_about(page: Path) -> None:
    kinds = [kind_of(name)[0] for name in PARTS]
    wanted = ["data set", "metric", "feature extractor", "probe", "figure", "claim"]
    assert kinds == wanted
    assert set(KINDS) == {"model", *wanted}
    assert kind_of("stripes.py:Stripes")[0] == "data set"


def test_each_run_of_the_page_can_be_planned(page: Path) -> None:
    runs = [command for command in COMMANDS if command[0] == "run"]
    assert len(runs) == 4
    for command in runs:
        done = cli(*command, "--dry-run", "--no-check")
        assert done.exit_code == 0, done.output


def test_the_data_are_what_the_page_says(page: Path) -> None:
    moons = load_dataset(with_kind("moons.py:Moons"))
    x, lower = moons.train.samples, moons.train.labels == 1
    radii = torch.where(lower, (x - torch.tensor([1.0, 0.5])).norm(dim=1), x.norm(dim=1))
    assert float((radii - 1).std()) == pytest.approx(0.05, rel=0.03)
    assert (moons.name, len(moons.train), len(moons.holdout)) == ("points-moons", 50_000, 10_000)
    stripes = load_dataset(with_kind("stripes.py:Stripes")).train
    across = stripes.samples[stripes.labels == 0]
    assert torch.equal(across, across[..., :1].expand_as(across))
    down = stripes.samples[stripes.labels == 1]
    assert torch.equal(down, down[..., :1, :].expand_as(down))


def test_the_pixels_of_the_page_are_means(page: Path) -> None:
    images = torch.rand(3, 1, 28, 28) * 2 - 1
    seen = load_custom("pixels.py:Pixels", (1, 28, 28))(images)
    means = images.view(3, 7, 4, 7, 4).mean(dim=(2, 4)).flatten(1)
    torch.testing.assert_close(seen.features, means)


def test_a_run_with_its_parts_records_what_it_says(page: Path, records_alone: None) -> None:
    small = ["--models", "gan", "--dataset", "stripes.py:Stripes", "--features", "none"]
    small += ["--seeds", "1", "--images", "640", "--evaluations", "1", "--batch-size", "16"]
    small += ["--jobs", "1", "--set", "width=4", "--samples", "64", "--out", "r"]
    parts = ["--metrics", "default,sharpness.py:Sharpness", "--probes", "norms.py:Norms"]
    done = cli("run", *small, *parts)
    assert done.exit_code == 0, done.output
    folder = Path("r/trials/images-stripes/gan/s0")
    curves = pd.read_parquet(folder / "curves.parquet")
    norms = curves[curves["metric"] == "norms.py:Norms/generator"].set_index("images")["value"]
    weights = load_file(folder / "generator.safetensors")
    own = [w.double().flatten() for name, w in weights.items() if name.endswith(("weight", "bias"))]
    whole = torch.cat(own).norm()
    assert norms.loc[640] == pytest.approx(float(whole), rel=1e-5)
    (row,) = (
        pd.read_parquet(folder / "evaluations.parquet").query("images == 640").to_dict("records")
    )
    assert row["metric"] == "sharpness.py:Sharpness"
    # The same number by numpy, of samples that the saved generator draws again.
    trained = load_generator("r", trust_code=True)
    drawn_again = generate(trained.model, balanced_labels(64, 2), Streams(0)["eval"]).numpy()
    real = trained.dataset.train.samples.numpy() / 127.5 - 1
    steps = [np.abs(np.diff(x.astype(np.float64), axis=-1)).mean() for x in (drawn_again, real)]
    assert row["value"] == pytest.approx(steps[0] / steps[1], rel=1e-5)
    assert Results(Path("r")).declared["sharpness.py:Sharpness"].scale == "log"


def test_the_figure_and_the_claim_of_the_page(page: Path) -> None:
    analysis = Analysis(Results(ROOT / "results" / "reference-mnist5k"))
    own = own_parts(Path(), ["ends.py:Ends", "beats.py:Beats"], False, print)
    (figure,) = drawn(analysis, own.figures["ends.py:Ends"])
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    means = analysis.summary.set_index("model")["fid_mean"]
    assert {
        label: float(np.asarray(y, dtype=float).mean()) for label, y in lines.items()
    } == pytest.approx(means.to_dict())
    table = judged(runs_of(analysis.results), claims=(*CLAIMS, *own.claims["beats.py:Beats"]))
    (row,) = table.query("claim == 101").to_dict("records")
    ratio = np.log(np.asarray(lines["dcgan"]) / np.asarray(lines["gan"])).mean()
    assert row["effect"] == pytest.approx(np.exp(ratio), rel=1e-9)
    assert row["verdict"] == "cannot tell"  # three seeds


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PARTS, "stripes.py:Stripes"])
def test_each_part_keeps_the_rules(page: Path, name: str) -> None:
    said: list[object] = []
    dataset = "mnist5k" if "harp" in name else None
    assert check_parts([kind_of(name)[::-1]], said.append, dataset), said
    assert not [line for line in said if "warning" in str(line)], said
