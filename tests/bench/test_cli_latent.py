"""`bench sample`, `interpolate`, `arithmetic` and `neighbours` as a user meets them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from bench.cli import main
from bench.datasets.dataset import load_dataset, to_unit
from bench.extractors import EXTRACTORS
from bench.generators.load import load_generator
from bench.generators.neighbours import neighbours
from bench.records.writing import write_experiment
from bench.training.train import train
from tests.bench.tiny import evaluate, plan_of, trials_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two barely trained models on digits and on points."""
    root = tmp_path_factory.mktemp("made") / "r"
    plan = plan_of("gan,cgan", datasets=("ring8", "mnist5k"), samples=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", evaluate)
        write_experiment(root, plan.as_dict(), {})
        for trial in trials_of(plan):
            train(trial, root)
    return root


def cli(command: str, folder: Path, *arguments: str, dataset: str = "mnist5k") -> Result:
    line = [command, str(folder), "--dataset", dataset, *arguments]
    return CliRunner().invoke(main, line, catch_exceptions=False)


def test_samples_are_a_grid_and_the_same_again(made: Path, tmp_path: Path) -> None:
    out = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for path, seed in zip(out, "001", strict=True):
        done = cli(
            "sample", made, "--model", "gan", "-n", "9", "--latent-seed", seed, "--out", str(path)
        )
        assert done.exit_code == 0, done.output
    assert Image.open(out[0]).size == (3 * 30 + 2, 3 * 30 + 2)
    assert out[0].read_bytes() == out[1].read_bytes() != out[2].read_bytes()


def test_samples_go_below_the_results_folder_by_default(made: Path) -> None:
    assert cli("sample", made, "--model", "cgan").exit_code == 0
    path = made / "latent" / "mnist5k-cgan-s0-sample.png"
    assert Image.open(path).width == 10 * 30 + 2  # a column a class
    assert cli("sample", made, "--model", "cgan", "--labels", "3").exit_code == 0
    assert Image.open(path).width == 8 * 30 + 2  # 64 of one class in a square
    assert cli("sample", made, "--model", "gan", dataset="ring8").exit_code == 0
    assert (made / "latent" / "ring8-gan-s0-sample.png").exists()


def test_single_files_and_arrays(made: Path, tmp_path: Path) -> None:
    each = ["--model", "cgan", "-n", "4", "--labels", "7,2"]
    assert cli("sample", made, *each, "--each", "--out", str(tmp_path / "e")).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "e").iterdir())
    assert names == ["00000-7.png", "00001-2.png", "00002-7.png", "00003-2.png"]
    assert cli("sample", made, *each, "--out", str(tmp_path / "x.npz")).exit_code == 0
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["samples"].shape == (4, 1, 28, 28)
        assert arrays["labels"].tolist() == [7, 2, 7, 2]
        assert arrays["latents"].shape == (4, 3)
        pixels = np.asarray(Image.open(tmp_path / "e" / names[0])) / 127.5 - 1
        assert arrays["samples"][0, 0] == pytest.approx(pixels, abs=1e-6)
    assert cli("sample", made, *each, "--out", str(tmp_path / "x.npy")).exit_code == 0
    assert np.load(tmp_path / "x.npy").shape == (4, 1, 28, 28)


def test_truncated_latents_lie_within_the_threshold(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.npz"
    cut = ["--model", "gan", "-n", "50", "--truncation", "0.5", "--out", str(out)]
    assert cli("sample", made, *cut).exit_code == 0
    with np.load(out) as arrays:
        assert 0.3 < np.abs(arrays["latents"]).max() <= 0.5


def test_a_strip_a_grid_and_an_animation(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.png"
    line = ["--model", "gan", "--between", "0,3,1", "--steps", "5", "--pairs", "4"]
    done = cli("interpolate", made, *line, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert Image.open(out).size == (5 * 30 + 2, 2 * 30 + 2)
    rows = json.loads(out.with_suffix(".json").read_text())["smoothness"]
    faded = {r["measure"]: r for r in rows if r["way"] == "held-out images faded"}
    assert faded["detour"]["n"] == 4
    of_pixels = [r for r in rows if r["space"] == "pixels" and "faded" in r["way"]]
    assert all(
        r["estimate"] == pytest.approx(1, abs=1e-4) for r in of_pixels if r["measure"] != "length"
    )
    grid = tmp_path / "g.png"
    line = ["--model", "gan", "--format", "grid", "--steps", "4", "--pairs", "0"]
    assert cli("interpolate", made, *line, "--out", str(grid)).exit_code == 0
    assert Image.open(grid).size == (4 * 30 + 2, 4 * 30 + 2)
    film = tmp_path / "f.gif"
    line = ["--model", "gan", "--between", "0,1", "--steps", "6", "--pairs", "0"]
    assert cli("interpolate", made, *line, "--out", str(film)).exit_code == 0
    with Image.open(film) as animation:
        assert animation.size == (112, 112)
        assert (
            1 < getattr(animation, "n_frames", 1) <= 2 * 5
        )  # equal neighbours are one frame of a gif


def test_a_strip_begins_and_ends_with_the_samples(made: Path, tmp_path: Path) -> None:
    strip, both = tmp_path / "s.png", tmp_path / "b.npy"
    line = ["--model", "gan", "--between", "2,1", "--steps", "3", "--pairs", "0"]
    assert cli("interpolate", made, *line, "--out", str(strip)).exit_code == 0
    assert cli("sample", made, "--model", "gan", "-n", "3", "--out", str(both)).exit_code == 0
    pixels, samples = np.asarray(Image.open(strip)), np.load(both)
    bytes_ = ((samples + 1) * 127.5).round()
    assert np.abs(pixels[2:30, 2:30] - bytes_[2, 0]).max() == 0
    assert np.abs(pixels[2:30, 62:90] - bytes_[1, 0]).max() == 0


def test_a_path_of_labels(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "l.png"
    line = ["--model", "cgan", "--between", "4", "--labels", "3,8", "--pairs", "3"]
    done = cli("interpolate", made, *line, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "mixed label" in done.output


def test_arithmetic_tells_what_carried_over(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.generators.arithmetic.BY_CHANCE", 3)
    out = tmp_path / "a.png"
    groups = ["-a", "ink>80%", "-b", "ink<20%", "-c", "ink<50%", "-n", "200"]
    done = cli("arithmetic", made, "--model", "gan", *groups, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "Change of ink: predicted +" in done.output
    found = json.loads(out.with_suffix(".json").read_text())
    assert found["groups"]["A"] == ["ink>80%", 40]
    assert {each["attribute"] for each in found["carried"]} == {"slant", "thickness", "ink"}
    assert Image.open(out).width == 1600
    line = ["--model", "gan", "-a", "x>80%", "-b", "x<20%", "-c", "y>50%", "-n", "200"]
    done = cli("arithmetic", made, *line, "--out", str(tmp_path / "p.png"), dataset="ring8")
    assert done.exit_code == 0, done.output


def test_neighbours_of_copies_are_told_from_those_of_held_out_images(made: Path) -> None:
    trained, data = load_generator(made, "gan", "mnist5k"), load_dataset("mnist5k")
    copies = neighbours(trained, to_unit(data.train.samples[:100]))
    assert copies.copies == 100
    assert copies.nearer > 0.999
    assert copies.close[0] == 1
    assert torch.equal(copies.found[:, 0], to_unit(data.train.samples[:100]))
    held = neighbours(trained, to_unit(data.holdout.samples), pixels=True)
    assert held.nearer == pytest.approx(0.5, abs=1e-9)
    assert held.close[0] == pytest.approx(0.01, abs=0.001)
    assert held.space == "pixels"
    assert held.copies == 0


def test_neighbours_as_a_command(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "n.png"
    done = cli("neighbours", made, "--model", "gan", "-n", "20", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "1,000 held-out images" in done.output
    assert Image.open(out).width == 1600
    assert "trained on these" not in done.output


def test_neighbours_seen_by_an_extractor_that_was_trained_on_them(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = EXTRACTORS["digits-lenet"]
    monkeypatch.setitem(EXTRACTORS, "digits-lenet", replace(known, trained_on=("mnist5k",)))
    line = ["--model", "gan", "-n", "20", "--out", str(tmp_path / "n.png")]
    assert "trained on these training images" in cli("neighbours", made, *line).output
    assert "trained on these" not in cli("neighbours", made, *line, "--pixels").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sample"], "--model gan or cgan"),
        (["sample", "--model", "gan", "-n", "0"], "-n must be 1 or more"),
        (["sample", "--model", "gan", "-n", "60000"], "from 1 to 50,000"),
        (["sample", "--model", "gan", "--labels", "3"], "takes no labels"),
        (["sample", "--model", "cgan", "--labels", "3,x"], "whole numbers from 0"),
        (["sample", "--model", "cgan", "--labels", "10"], "labels 0 to 9, not 10"),
        (
            ["arithmetic", "--model", "cgan", "-a", "label=17", "-b", "label=1", "-c", "label=2"],
            "their labels are 0, 1, 2",
        ),
        (["sample", "--model", "gan", "--truncation", "-1"], "above 0"),
        (["sample", "--model", "gan", "--out", "x.jpg"], "must end in .png or .npy or .npz"),
        (["sample", "--model", "gan", "--out", "."], "must end in"),
        (["interpolate", "--model", "gan", "--between", "3"], "two ends"),
        (["interpolate", "--model", "gan", "--steps", "1"], "from 2 to 1,000"),
        (["interpolate", "--model", "gan", "--format", "grid", "--between", "1,2"], "four corners"),
        (
            ["interpolate", "--model", "cgan", "--between", "1,2", "--labels", "1,2,3"],
            "--labels takes one label",
        ),
        (["interpolate", "--model", "gan", "--between", "99999"], "from 1 to 50,000"),
        (
            ["arithmetic", "--model", "gan", "-a", "ink>", "-b", "ink<1", "-c", "ink<1"],
            "no condition",
        ),
        (["arithmetic", "--model", "gan", "-a", "x>1", "-b", "ink<1", "-c", "ink<1"], "'x'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(made: Path, arguments: list[str], said: str) -> None:
    done = cli(arguments[0], made, *arguments[1:])
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_points_cannot_show_is_said(made: Path) -> None:
    for line, said in (
        (["neighbours"], "EMD"),
        (["interpolate", "--format", "gif"], "--format strip draws"),
        (["sample", "--each"], "FILE.npy"),
    ):
        done = cli(line[0], made, "--model", "gan", *line[1:], dataset="ring8")
        assert (done.exit_code, said in done.stderr) == (2, True)
