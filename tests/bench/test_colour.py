"""64 x 64 colour, from files to pictures: a folder of one's own, and CelebA's layout."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from safetensors.torch import save_file

from bench.cli import main
from bench.records.results import Results

from . import tiny
from .test_faces import write_celeba

records_alone = tiny.records_alone
pytestmark = pytest.mark.usefixtures("records_alone")

FOUR = "dcgan,wgan,wgangp,cgan"
QUICK = ["--evaluations", "1", "--samples", "40", "--seeds", "1", "--jobs", "1", "--size", "64"]
COLOURS = {"rust": (200, 90, 30), "sea": (30, 90, 200)}
MEAN_COLOUR = """
from torch import nn, ones

class MeanColour(nn.Module):
    weights = "seen.safetensors"

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", ones(1))

    def forward(self, images):
        mean = images.mean((2, 3))
        return self.scale * mean, mean[:, [0, 2]]
"""


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def grid(path: Path) -> np.ndarray:
    """[rows, 10, 64, 64, 3] of a picture of images, two pixels around each."""
    picture = Image.open(path)
    assert picture.mode == "RGB"
    pixels = np.asarray(picture)
    rows = (pixels.shape[0] - 2) // 66
    assert pixels.shape == (2 + rows * 66, 2 + 10 * 66, 3)
    return pixels[2:, 2:].reshape(rows, 66, 10, 66, 3).swapaxes(1, 2)[:, :, :64, :64]


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty pictures in each of two colours, and a network that sees no more than colour."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (tmp_path / "colours" / name).mkdir(parents=True)
        for k in range(40):
            noise = rng.integers(-10, 11, (70, 64, 1))
            pixels = (np.array(colour) + noise).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "colours" / name / f"{k}.png")
    (tmp_path / "seen.py").write_text(MEAN_COLOUR)
    save_file({"scale": torch.ones(1)}, tmp_path / "seen.safetensors")
    monkeypatch.setenv("GAN_BENCH_DATA", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "colours"


def test_four_models_on_a_folder(pictures: Path, tmp_path: Path) -> None:
    seen = ["--features", f"{tmp_path / 'seen.py'}:MeanColour", "--models", FOUR]
    sizes = ["--set", "width=4", "--images", "160", "--batch-size", "16", "--out", "out"]
    done = cli("run", "--dataset", f"folder:{pictures}", *seen, *sizes, *QUICK)
    assert done.exit_code == 0, done.output
    results = Results("out")
    assert results.trials["status"].tolist() == ["finished"] * 4
    fid = results.evaluations[results.evaluations["metric"] == "fid"]
    assert np.isfinite(fid["value"]).all()
    assert set(fid["model"]) == set(FOUR.split(","))
    for model in FOUR.split(","):
        assert grid(results.samples(model, "folder-colours", 0)[160]).shape[:2] == (4, 10)
        beside = results.neighbours(model, "folder-colours", 0)
        assert beside is not None
        # Real images below the samples: red and blue are where the files have them.
        below = grid(beside)[1:].mean((2, 3)).reshape(-1, 3)
        apart = [np.abs(below - colour).max(1) for colour in COLOURS.values()]
        assert np.minimum(*apart).max() < 12


def test_what_is_drawn_takes_the_colour_of_the_files(pictures: Path, tmp_path: Path) -> None:
    quick = ["--set", "width=4", "--set", "learning_rate=0.003", "--images", "1600"]
    quick += ["--batch-size", "16", "--features", "none", "--models", "dcgan", "--out", "out"]
    done = cli("run", "--dataset", f"folder:{pictures / 'rust'}", *quick, *QUICK)
    assert done.exit_code == 0, done.output
    before, after = Results("out").samples("dcgan", "folder-rust", 0).values()
    wanted = np.array(COLOURS["rust"])
    far, near = (np.abs(grid(path).mean((0, 1, 2, 3)) - wanted).max() for path in (before, after))
    assert far > 90  # grey: 127 instead of 30 blue
    assert near < 60


@pytest.mark.parametrize(
    ("dataset", "models", "without_labels"),
    [("celeba", FOUR, ["cgan"]), ("celeba@smiling", "cgan", [])],
)
def test_celeba_trains(
    dataset: str,
    models: str,
    without_labels: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_celeba(tmp_path / "data", monkeypatch)
    monkeypatch.setenv("GAN_BENCH_DATA", "")  # as it was, once the command has set it
    quick = ["--set", "width=4", "--images", "80", "--batch-size", "4", "--features", "none"]
    where = ["--data-dir", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    done = cli("run", "--dataset", dataset, "--models", models, *quick, *where, *QUICK)
    assert done.exit_code == 0, done.output
    results = Results(tmp_path / "out")
    trials = results.trials.set_index("model")
    assert set(trials.index) == set(models.split(","))
    for model in trials.index:
        if model in without_labels:
            assert trials.loc[model, "status"] == "unsuited"
            assert "needs labels" in trials.loc[model, "reason"]
        else:
            assert trials.loc[model, "status"] == "finished"
            assert grid(results.samples(model, dataset, 0)[80]).shape[:2] == (4, 10)
