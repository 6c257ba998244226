"""A user's own images and networks, from the command line to the page."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from click.testing import CliRunner, Result
from PIL import Image
from torch import nn

from bench.cli import main
from bench.datasets.dataset import load_dataset
from bench.datasets.digits import mnist5k
from bench.evaluation.evaluate import Subject, evaluate, judge_for, prepare
from bench.evaluation.images import modes, seen_by
from bench.evaluation.pictures import neighbours
from bench.extractors.judge import judge_of
from bench.metrics.memorisation import nearest
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import Trial
from bench.records.results import Results
from gan_zoo.base import GAN
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

pytestmark = pytest.mark.usefixtures("few_figures")

QUICK = ["--images", "640", "--evaluations", "1", "--samples", "60", "--seeds", "1", "--jobs", "1"]
QUICK += ["--size", "28", "--models", "gan,cgan,dcgan", "--set", "width=8", "--batch-size", "16"]


class Kinds(nn.Module):
    """Tells dark from bright: two classes, and a few features."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(28 * 28, 6)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.project(images.flatten(1))
        bright = images.mean((1, 2, 3))
        return features, torch.stack([-bright, bright], dim=1)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ninety grey images in two classes, one file that is none, and a cache of their own."""
    rng = np.random.default_rng(0)
    for kind, level in (("dark", 60), ("light", 190)):
        (tmp_path / "my pictures" / kind).mkdir(parents=True)
        for k in range(45):
            pixels = (level + rng.integers(-50, 50, (30, 34))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "my pictures" / kind / f"{k}.png")
    (tmp_path / "my pictures" / "dark" / "bad.png").write_text("no image")
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "my pictures"


def bench(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["run", *QUICK, *map(str, arguments)])


def test_an_unlabelled_folder_trains_without_fid(pictures: Path) -> None:
    done = bench("--dataset", "folder:my pictures/dark", "--out", "out")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "starting .."
    assert lines[1] == f"{pictures / 'dark'}; 1 files could not be read: bad.png"
    assert any("folder-dark: FID is left out: no network to see images" in line for line in lines)
    results = Results("out")
    assert results.experiment["datasets"] == [f"folder:{pictures / 'dark'}"]
    ends = dict(zip(results.trials["model"], results.trials["status"], strict=True))
    assert ends == {"gan": "finished", "cgan": "unsuited", "dcgan": "finished"}
    assert results.evaluations.empty
    assert len(results.samples("gan", "folder-dark", 0)) == 2
    text = Path("out/summary.md").read_text()
    assert "no trial has finished with an FID: no network to see images without labels" in text
    assert "no network to see images without labels" in Path("out/report.html").read_text()
    again = bench("--dataset", f"folder:{pictures}/dark", "--out", "out")  # the same, named so
    assert "0 to do" in again.output


def test_labelled_folder_and_network_of_the_users(pictures: Path) -> None:
    torch.manual_seed(0)
    safetensors.torch.save_file(Kinds().state_dict(), "kinds.safetensors")
    features = f"{Path(__file__)}:Kinds:{Path.cwd() / 'kinds.safetensors'}"
    done = bench("--dataset", f"folder:{pictures}", "--features", features, "--out", "out")
    assert done.exit_code == 0, done.output
    results = Results("out")
    name = results.trials["dataset"].unique().item()
    assert name.startswith("folder-my-pictures-")
    rows = results.evaluations
    seen = rows.loc[rows["features"] != "pixels", "features"]
    assert set(seen.str.rpartition(":")[0]) == {f"{Path(__file__).name}:Kinds"}
    assert {"fid", "kid", "precision", "modes", "label_accuracy"} <= set(rows["metric"])
    assert rows["value"].notna().all()
    assert np.isfinite(results.summary["fid_mean"]).all()
    assert len(results.summary) == 3
    # The picture below each sample is the nearest training image, by the network's own features.
    assert Path(f"out/trials/{name}/gan/s0/neighbours.png").exists()
    # Other pictures under the same name are other data.
    (pictures / "dark" / "0.png").unlink()
    load_dataset.cache_clear()
    other = bench("--dataset", f"folder:{pictures}", "--features", features, "--out", "out")
    assert other.exit_code == 2
    assert "under another configuration (content" in other.output


def untrained(label: str, dataset: str, samples: int) -> tuple[GAN, Trial]:
    plan = Plan(tuple(parse_models(label)), (dataset,), (0,), samples=samples, evaluations=1)
    (trial,) = plan.trials(load_dataset)
    kind = load(label)
    spec = load_dataset(dataset, None).spec
    return kind(spec, kind.defaults, Streams(0)).train(), trial  # type: ignore[attr-defined]


def test_neighbours_are_the_nearest(tmp_path: Path) -> None:
    model, trial = untrained("gan", "mnist5k", 100)
    neighbours(model, trial, judge_for(trial), tmp_path / "neighbours.png")
    with Image.open(tmp_path / "neighbours.png") as picture:
        sheet = np.asarray(picture.convert("L"))
    assert sheet.shape == (4 * 30 + 2, 10 * 30 + 2)
    tiles = sheet[2:, 2:].reshape(4, 30, 10, 30)[:, :28, :, :28].transpose(0, 2, 1, 3)
    judge = judge_of("mnist5k", None, "digits-lenet", "cpu")
    images = torch.from_numpy(np.ascontiguousarray(tiles[0]))[:, None] / 127.5 - 1
    train = mnist5k().train
    found, _ = nearest(judge.extractor(images).features, judge.train.seen.features, 3)
    for column in range(10):
        for rank in range(3):
            expected = train.samples[found[column, rank], 0].numpy()
            assert (tiles[1 + rank, column] == expected).all()


def test_modes_are_not_counted_with_other_classes() -> None:
    images = mnist5k().holdout.samples[:50] / 127.5 - 1
    judge = judge_of("mnist5k", None, "digits-lenet", "cpu")
    sight = seen_by(judge, images, mnist5k().holdout.labels[:50])
    assert modes(sight, conditional=True)[1] == {}
    other = dataclasses.replace(judge, dataset=load_dataset("ring8"))
    rows, absent = modes(dataclasses.replace(sight, judge=other), conditional=True)
    assert rows == []
    assert set(absent) == {"modes", "mode_kl"}
    assert absent["modes"].endswith("tells 10 classes apart, and the data set has 8")


def test_stacked_digits_are_counted_on_more_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_dataset("stacked-mnist", None)
    monkeypatch.setitem(vars(data), "mode_samples", 1500)
    monkeypatch.setattr("bench.extractors.judge.REFERENCE", 300)
    judge_of.cache_clear()
    model, trial = untrained("cgan", "stacked-mnist", 200)
    assert trial.features == "stacked-lenet"
    (seen,) = evaluate([Subject(model, trial, judge_for(trial))], last=False)
    assert isinstance(seen, tuple)
    found, _ = seen
    judge_of.cache_clear()
    rows = pd.DataFrame(map(vars, found)).set_index("metric")
    assert rows["samples"].to_dict() == dict.fromkeys(rows.index, 200) | dict.fromkeys(
        ("modes", "mode_kl"), 1500
    )
    assert not [name for name in rows.index if name.startswith("class_share")]
    # An untrained generator draws about one thing: few modes, far from uniform.
    assert rows.loc["modes", "value"] < 100
    assert rows.loc["mode_kl", "value"] > np.log(10)


@pytest.mark.parametrize(("size", "features"), [("12", "digits-lenet"), ("36", "classifier")])
def test_any_side_that_the_networks_can_build(size: str, features: str, pictures: Path) -> None:
    asked = ["--size", size, "--features", features, "--models", "dcgan"]
    done = bench("--dataset", f"folder:{pictures}", "--out", "out", *asked)
    assert done.exit_code == 0, done.output
    assert Results("out").trials["status"].tolist() == ["finished"]
    rows = Results("out").evaluations
    assert features in set(rows["features"].str.partition(":")[0])
    assert np.isfinite(rows.loc[rows["metric"] == "fid", "value"]).all()


def test_a_judge_of_few_images_is_told_before_the_run(pictures: Path) -> None:
    rng = np.random.default_rng(1)
    for kind in ("one", "other"):  # which nobody can tell apart
        (pictures / "noise" / kind).mkdir(parents=True)
        for k in range(30):
            pixels = rng.integers(0, 256, (28, 28), dtype=np.uint8)
            Image.fromarray(pixels).save(pictures / "noise" / kind / f"{k}.png")
    plan = Plan(tuple(parse_models("gan")), (f"folder:{pictures / 'noise'}",), (0,), batch_size=16)
    heard: list[str] = []
    prepare(plan.trials(load_dataset), heard.append)
    assert heard[-1].startswith("folder-noise: its classifier is no judge, and the report ")
    assert "% of 12 held-out images, so on " in heard[-1]
    assert heard[-1].endswith(" of others (95 % interval): for FID, take --features inception")


def test_weights_that_do_not_fit_stop_before_anything_is_written(pictures: Path) -> None:
    Path("w.safetensors").write_bytes(b"not tensors")
    features = f"{Path(__file__)}:Kinds:{Path.cwd() / 'w.safetensors'}"
    done = bench("--dataset", f"folder:{pictures}", "--features", features, "--out", "out")
    assert done.exit_code == 2
    assert done.output.splitlines()[-1].startswith("bench: the weights of ")
    assert not Path("out").exists()


def test_what_was_not_measured_is_in_the_record(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.report.rebuild.rebuild", lambda *_: None)  # the record alone
    asked = ["--features", "none", "--models", "gan"]
    assert bench("--dataset", f"folder:{pictures}", "--out", "o", *asked).exit_code == 0
    (path,) = Path("o").glob("trials/*/gan/s0/status.json")
    assert list(json.loads(path.read_text())["not_measured"]) == ["fid"]
