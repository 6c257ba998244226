"""A generator that leaves draws elsewhere what it drew here, in torch and as an ONNX graph."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from bench.cli import main
from bench.datasets.dataset import load_dataset
from bench.errors import InputError
from bench.generators import onnx as generator_onnx
from bench.generators.export import code_of, export
from bench.generators.load import load_generator
from bench.generators.model_card import card
from bench.planning.plan import Plan
from bench.planning.trial import Contestant
from bench.records.writing import write_experiment
from bench.training.train import train

from . import tiny

quick = tiny.quick
ROOT = Path(__file__).parents[2]
SMALL = {"width": 8, "latent_dim": 3, "init": "torch", "learning_rate": 0.01}
OWN = """
from torch import nn, randn_like
from gan_zoo.gan import VanillaGAN

class Doubling(nn.Module):
    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, latent, labels):
        return 2 * self.inside(latent, labels){more}

class Mine(VanillaGAN):
    def build_generator(self):
        return Doubling(super().build_generator())
"""
# What load.py made, and that it did so without bench: the picture that training drew, once more.
# Each line of the input is a folder and where to work; a fork that has torch alone loads it.
AGAIN = """
import os, runpy, sys, torch, numpy, traceback

def again(folder):
    found = runpy.run_path(folder + "/load.py")
    assert not any(name.split(".")[0] in ("bench", "torchvision", "PIL") for name in sys.modules)
    from gan_zoo.streams import Streams
    labels = torch.arange(10).repeat(4) % found["spec"].classes
    with torch.no_grad():
        again = found["gan"].sample(labels, Streams(found["facts"]["seed"])["samples"])
    numpy.save("again.npy", again.numpy())
    numpy.save("samples.npy", found["samples"].numpy())

for line in sys.stdin:
    folder, place = line.rstrip("\\n").split("\\t")
    if child := os.fork():
        print(os.waitpid(child, 0)[1], flush=True)
        continue
    os.chdir(place)
    said = os.open("said.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        again(folder)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
"""
Drawn = tuple[np.ndarray, np.ndarray]


def trained(root: Path, models: dict[str, str], dataset: str, seeds: tuple[int, ...]) -> Path:
    """A results folder of two generator steps a trial."""
    contestants = tuple(Contestant(label, model, values=SMALL) for label, model in models.items())
    plan = Plan(
        contestants, (dataset,), seeds, images=160, batch_size=16, evaluations=1, samples=60
    )
    write_experiment(root, plan.as_dict(), {"python": "3.11", "omp_num_threads": "1"})
    for trial in plan.trials(load_dataset):
        assert train(trial, root)[0] == "finished"
    return root


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = {"dcgan": "dcgan", "told": "cgan"}
    return trained(tmp_path_factory.mktemp("digits"), models, "mnist5k", (0, 4))


@pytest.fixture(scope="module")
def left(digits: Path) -> dict[str, Path]:
    """label -> the folder that its generator left into."""
    return {
        name: export(digits, name, seed=4, out=digits / "out" / name) for name in ("dcgan", "told")
    }


def facts_of(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return facts


@pytest.fixture(scope="module")
def loaded() -> Iterator[Callable[[Path, Path], Drawn]]:
    """(folder, where to work) -> (the 40 samples of the picture, the 64 of load.py)."""
    with subprocess.Popen(
        [sys.executable, "-c", AGAIN],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, told = process.stdin, process.stdout

        def draw(folder: Path, place: Path) -> Drawn:
            asked.write(f"{folder}\t{place}\n")
            asked.flush()
            assert told.readline() == "0\n", (place / "said.txt").read_text()
            return np.load(place / "again.npy"), np.load(place / "samples.npy")

        yield draw


def tiles(picture: Image.Image, side: int, gap: int, rows: int, columns: int) -> np.ndarray:
    """[rows * columns, side, side] of a grid of grey images with `gap` pixels around each."""
    pixels, step = np.asarray(picture), side + gap
    places = [(gap + r * step, gap + c * step) for r in range(rows) for c in range(columns)]
    return np.stack([pixels[y : y + side, x : x + side] for y, x in places])


def as_bytes(images: np.ndarray) -> np.ndarray:
    return np.rint((images[:, 0] + 1) * 127.5)


@pytest.mark.parametrize("label", ["dcgan", "told"])
def test_load_py_draws_the_picture_that_training_drew(
    label: str, left: dict[str, Path], loaded: Callable[[Path, Path], Drawn], tmp_path: Path
) -> None:
    again, samples = loaded(left[label], tmp_path)
    drawn = tiles(Image.open(left[label] / "samples.png"), 28, 2, 4, 10)
    assert np.abs(as_bytes(again) - drawn).max() <= 1  # another process may round a half otherwise
    assert drawn.std() > 1
    written = tiles(Image.open(tmp_path / "samples.png"), 28, 0, 8, 8)
    assert np.abs(as_bytes(samples) - written).max() <= 1


@pytest.mark.parametrize("label", ["dcgan", "told"])
@pytest.mark.parametrize("n", [1, 5])
def test_the_graph_draws_what_torch_draws(
    n: int, label: str, left: dict[str, Path], digits: Path
) -> None:
    content = (left[label] / "generator.onnx").read_bytes()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    latent = np.random.default_rng(n).standard_normal((n, 3), dtype=np.float32)
    labels = np.arange(n, dtype=np.int64)[::-1].copy()
    given = {"latent": latent} | ({"labels": labels} if label == "told" else {})
    assert {one.name for one in session.get_inputs()} == given.keys()
    (images,) = session.run(["images"], given)
    sampler = load_generator(digits, label, seed=4).model.sampler
    wanted = sampler(torch.from_numpy(latent), torch.from_numpy(labels)).numpy()
    assert images.shape == (n, 1, 28, 28)
    assert np.abs(images - wanted).max() < 1e-5
    if label == "told":  # the label matters
        (others,) = session.run(["images"], given | {"labels": labels + 1})
        assert np.abs(others - images).max() > 1e-3
    assert facts_of(left[label])["onnx"]["largest_difference_from_torch"] < 1e-5
    assert str(ROOT).encode() not in content


def test_the_example_of_the_card_runs(
    left: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (left["told"] / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(left["told"])
    found: dict[str, Any] = {}
    exec(code, found)
    assert found["images"].shape == (16, 1, 28, 28)
    assert "| modes† " in text
    assert "modes†" not in (left["dcgan"] / "README.md").read_text()


def test_the_config_says_what_was_recorded(left: dict[str, Path], digits: Path) -> None:
    facts = facts_of(left["dcgan"])
    for name, digest in facts["files"].items():
        assert hashlib.sha256((left["dcgan"] / name).read_bytes()).hexdigest() == digest
    assert {path.name for path in left["dcgan"].iterdir()} == {
        *("generator.safetensors", "generator.onnx", "load.py", "samples.png"),
        *("README.md", "config.json"),
    }
    assert facts["spec"] == {"shape": [1, 28, 28], "classes": 10}
    assert (facts["latent_dim"], facts["conditional"], facts["seed"]) == (3, False, 4)
    assert facts["training"]["images"] == 160
    values = {}
    for seed in (0, 4):
        rows = pd.read_parquet(digits / f"trials/mnist5k/dcgan/s{seed}/evaluations.parquet")
        rows = rows[(rows["metric"] == "fid") & (rows["images"] == 160)]
        values[str(seed)] = rows.set_index("features")["value"].to_dict()
    own = {m["features"]: m["value"] for m in facts["metrics"] if m["metric"] == "fid"}
    assert own == values["4"]  # two extractors, each with its own
    assert len(own) == 2
    name = next(name for name in own if name.startswith("digits-lenet:"))
    assert facts["same_metric_of_all_seeds"] == {
        "metric": "fid",
        "values": {seed: found[name] for seed, found in values.items()},
    }


@pytest.mark.usefixtures("quick")
def test_points_leave_too(loaded: Callable[[Path, Path], Drawn], tmp_path: Path) -> None:
    root = trained(tmp_path / "ring", {"gan": "gan"}, "ring8", (0,))
    place = export(root)
    assert place == root / "export" / "ring8-gan-s0"
    session = onnxruntime.InferenceSession((place / "generator.onnx").read_bytes())
    (points,) = session.run(["points"], {"latent": np.zeros((3, 3), np.float32)})
    latent = torch.zeros(3, 3)
    wanted = load_generator(root).model.sampler(latent, torch.zeros(3, dtype=torch.int64))
    assert np.abs(points - wanted.numpy()).max() < 1e-5
    assert loaded(place, tmp_path)[1].shape == (64, 2)
    assert "None: quality: nothing was measured." in (place / "README.md").read_text()
    assert facts_of(place)["output"] == {"kind": "points", "shape": ["n", 2], "range": None}


@pytest.mark.usefixtures("quick")
def test_a_users_own_model_takes_its_file_along(
    loaded: Callable[[Path, Path], Drawn], tmp_path: Path
) -> None:
    own = tmp_path / "load.py"  # a name that the folder needs for itself
    own.write_text(OWN.format(more=""))
    root = trained(tmp_path / "own", {"mine": f"{own}:Mine"}, "mnist5k", (0,))
    place = export(root, onnx=False, trust_code=True)
    wanted = load_generator(root, trust_code=True).model.sampler(
        torch.ones(2, 3), torch.zeros(2).long()
    )
    own.unlink()  # it is needed no more
    facts = facts_of(place)
    assert facts["model"] == "model.py:Mine"
    assert facts["model_code"]["needs"] == "model.py, a copy of which lies beside"
    assert "It needs model.py, a copy" in (place / "load.py").read_text()
    assert "generator.onnx" not in facts["files"]
    assert str(tmp_path) not in (place / "config.json").read_text()
    loaded(place, tmp_path)
    assert float(wanted.abs().max()) > 0
    assert np.abs(np.load(tmp_path / "again.npy")).max() <= 2


def test_code_that_is_not_one_file_stays(tmp_path: Path) -> None:
    own = tmp_path / "mine.py"
    (tmp_path / "parts").mkdir()
    (tmp_path / "losses.py").touch()
    (tmp_path / "json.py").touch()  # the standard library's is meant
    own.write_text("import json, torch\nfrom losses import hinge\nfrom parts.one import two\n")
    code = code_of(f"{own}:Mine", known=False)
    assert (code.reference, code.content) == ("mine.py:Mine", None)
    assert code.needs.endswith("put it here with losses.py, parts")
    assert code_of("dcgan", known=True).needs == ""
    assert code_of("a.b:C", known=False).needs == "the package that has a.b: it must be installed"
    with pytest.raises(InputError, match=r"gone\.py, the code of Mine, cannot be read"):
        code_of(f"{tmp_path / 'gone.py'}:Mine", known=False)


@pytest.mark.usefixtures("quick")
def test_a_graph_that_draws_otherwise_does_not_leave(tmp_path: Path) -> None:
    own = tmp_path / "noisy.py"
    own.write_text(OWN.format(more=" + randn_like(latent[:, :1, None, None])"))
    root = trained(tmp_path / "own", {"noisy": f"{own}:Mine"}, "mnist5k", (0,))
    with pytest.raises(
        InputError, match=r"differs from torch by \d\S*, more than 0\.0001: .*--no-onnx"
    ):
        export(root, out=tmp_path / "out", trust_code=True)
    assert not (tmp_path / "out").exists()


def test_without_the_packages(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator_onnx, "find_spec", lambda name: name == "onnx" or None)
    with pytest.raises(InputError) as caught:
        export(digits, "dcgan", out=tmp_path / "out")
    assert "pip install onnxscript onnxruntime (" in str(caught.value)
    assert "extra onnx" in str(caught.value)
    export(digits, "dcgan", out=tmp_path / "out", onnx=False)
    assert not (tmp_path / "out" / "generator.onnx").exists()


def test_only_an_earlier_export_is_replaced(digits: Path, tmp_path: Path) -> None:
    out = export(digits, "dcgan", out=tmp_path / "out", onnx=False)
    facts = facts_of(out) | {"files": {"generator.onnx": "", "../kept": ""}}
    (out / "config.json").write_text(json.dumps(facts))
    for name in ("generator.onnx", "notes.txt", "../kept"):
        (out / name).write_text("here before")
    export(digits, "told", out=out, onnx=False)
    assert facts_of(out)["label"] == "told"
    assert not (out / "generator.onnx").exists()  # of the earlier one
    assert (out / "notes.txt").exists()
    assert (tmp_path / "kept").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.md").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        export(digits, "told", out=other, onnx=False)
    assert (other / "README.md").read_text() == "mine"


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["export", *arguments], catch_exceptions=False)


def test_the_command(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = cli(str(digits), "--model", "told", "--out", str(out), "--no-onnx")
    assert (done.exit_code, facts_of(out)["seed"]) == (0, 0)
    assert done.output.splitlines()[-1] == f"To try it: python {out / 'load.py'}"
    for arguments, said in (
        ([], "--model dcgan or told?"),
        (["--model", "dcgn"], "did you mean 'dcgan'?"),
        (["--model", "dcgan", "--seed", "7"], "has no seed 7; it has 0, 4"),
        (["--model", "dcgan", "--out", str(digits / "experiment.toml")], "is not a folder"),
    ):
        refused = cli(str(digits), *arguments, "--no-onnx")
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
        assert said in refused.output
    published = cli(str(ROOT / "results" / "reference-ring8"), "--model", "gan", "--no-onnx")
    assert published.exit_code == 2
    assert "published folders leave them out" in published.output


def test_the_card_escapes_names(left: dict[str, Path]) -> None:
    facts = facts_of(left["told"]) | {"class_names": ["<script>", "a|b", "`c`", "[x](y)"]}
    text = card(facts)
    assert "0 &lt;script>, 1 a\\|b, 2 \\`c\\`, 3 [x]\\(y)" in text
    assert "<script>" not in text
