"""A discriminator batch of the scripts that everyone copies, against ours on their networks.

Wants a clone of github.com/eriklindernoren/PyTorch-GAN, none of whose code is in this repository:

    PYTORCH_GAN=~/PyTorch-GAN make bench

Each script is executed as it stands, on the CPU, over the images that ours sees; its DataLoader
stops it after enough batches of one discriminator step each. Ours takes its Generator and
Discriminator (a final Sigmoid taken off, since our losses want logits), latent size, learning rate
and critic steps, and records all that it does by default. Left out are imports and the building of
networks.
"""

import contextlib
import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import pytest
import torch
import torchvision.datasets
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor, nn
from torch.utils.data import DataLoader

import bench.training.train
from bench.datasets.batches import Shuffled
from bench.datasets.dataset import load_dataset
from bench.planning.trial import Trial
from bench.training.checkpoints import Training
from gan_zoo.base import GAN, DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

from . import textbook
from .interleaved import Way, interleaved
from .ours import BATCH, Trainer, bf16_gains, trial_of

SCRIPTS = {"gan": 28, "cgan": 32, "dcgan": 32, "wgan": 28, "wgan_gp": 28}  # its default image size
WAYS = {
    "shared fakes": {"shared": True},
    "bf16": {"precision": "bf16"},
    "bf16, shared fakes": {"shared": True, "precision": "bf16"},
}
# Of the discriminator in a turn: as many as a default trial has between two checkpoints. Those of
# dcgan take so long that a checkpoint is nothing to them.
BATCHES = {"gan": 500, "cgan": 500, "dcgan": 100, "wgan": 500, "wgan_gp": 500}
ROUNDS = 3
THREADS = 2


@pytest.mark.skipif("PYTORCH_GAN" not in os.environ, reason="PYTORCH_GAN is no clone's folder")
@pytest.mark.parametrize("name", SCRIPTS)
def test_public_scripts(
    benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    torch.set_num_threads(THREADS)
    benchmark.group = f"public script / ours on its networks, {THREADS} threads"
    script = Script(Path(os.environ["PYTORCH_GAN"]), name, tmp_path / "a" / "b")
    train, model = Trainer(monkeypatch, "picture"), name.replace("_", "")
    batches = BATCHES[name]

    def ours(shared: bool = False, precision: str = "fp32") -> float:
        size: dict[str, Any] = {"size": SCRIPTS[name], "precision": precision, "threads": THREADS}
        trial = trial_of(model, batches, **size)
        with monkeypatch.context() as patch:
            patch.setattr(
                bench.training.train, "begun", lambda trial, _: script.training(trial, shared)
            )
            return train(trial, tmp_path / "trial")

    def way(of: str) -> Way:
        return lambda: ours(**WAYS[of])  # type: ignore[arg-type]

    ours_too = [of for of in WAYS if bf16_gains() or "bf16" not in of]
    ways: dict[str, Way] = {"theirs": lambda: script.run(batches)} | {
        of: way(of) for of in ours_too
    }
    script.run(1)  # to its networks
    took = interleaved(benchmark, ours, ways, ROUNDS)
    benchmark.extra_info |= {
        "theirs, ms": 1000 * took["theirs"] / batches,
        "ours, ms": 1000 * took["ours"] / batches,
        "ratio": took["theirs"] / took["ours"],
    }
    benchmark.extra_info |= {f"ratio, {of}": took["theirs"] / took[of] for of in ours_too}


class Stop(Exception):
    """Enough batches."""


class Script:
    """A script of the collection, and the names that it defines."""

    def __init__(self, clone: Path, name: str, folder: Path) -> None:
        path = clone.expanduser() / "implementations" / name / f"{name}.py"
        self.name, self.folder, self.names = name, folder, dict[str, Any]()
        self.code = compile(path.read_text(encoding="utf-8"), str(path), "exec")
        folder.mkdir(parents=True)  # it writes into it, and two levels above

    def run(self, batches: int) -> float:
        """Seconds of so many batches, after a first one."""
        times: list[float] = []

        class Counted(DataLoader[tuple[Tensor, int]]):
            def __iter__(self) -> Any:
                for batch in super().__iter__():
                    if len(batch[1]) < cast(int, self.batch_size):
                        continue  # ours drops an incomplete one
                    times.append(perf_counter())
                    if len(times) == batches + 2:
                        raise Stop
                    yield batch

        size, names = str(SCRIPTS[self.name]), {"__name__": "__main__"}
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            patch.setattr(torchvision.datasets, "MNIST", Digits)
            patch.setattr(torch.utils.data, "DataLoader", Counted)
            patch.setattr(torch.cuda, "is_available", lambda: False)
            options = ["--n_epochs", "100000", "--batch_size", str(BATCH), "--img_size", size]
            patch.setattr(sys, "argv", [self.name, *options])
            patch.chdir(self.folder)
            with contextlib.suppress(Stop):
                exec(self.code, names)
        self.names = names
        return times[-1] - times[1]

    def training(self, trial: Trial, shared: bool) -> Training:
        """Ours before its first step, on networks that the script would build."""
        build, wanted, conditional = self.names, self.names["opt"], self.name == "cgan"

        class Theirs(cast(type[GAN], load(trial.model))):  # type: ignore[misc]
            def build_generator(self) -> nn.Module:
                return Adapted(build["Generator"](), conditional)

            def build_discriminator(self) -> nn.Module:
                return Adapted(build["Discriminator"](), conditional, nn.Flatten(0))

        values = {"latent_dim": wanted.latent_dim, "learning_rate": wanted.lr}
        values |= {"discriminator_steps": getattr(wanted, "n_critic", 1), "shared_fakes": shared}
        config, streams = replace(Theirs.defaults, **values), Streams(0)
        split = load_dataset("mnist5k", trial.size).train
        model = Theirs(DataSpec(split.samples.shape[1:], 10), config, streams).train()
        return Training(model, streams, Shuffled(split, BATCH, streams["data"]))


class Digits(textbook.Digits):
    """torchvision's MNIST, as far as the scripts use it, over the images that ours sees."""

    def __init__(self, *_: object, transform: Any, **__: object) -> None:
        super().__init__(load_dataset("mnist5k").train)
        self.transform = transform


class Adapted(nn.Module):
    """A script's network behind our (x, labels), its outputs in our shape, logits for scores."""

    def __init__(
        self, network: nn.Module, conditional: bool, shape: nn.Module | None = None
    ) -> None:
        super().__init__()
        for module in list(network.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.Sigmoid):
                    setattr(module, name, nn.Identity())
        self.layers, self.conditional = network, conditional
        self.shape = shape or nn.Identity()

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        out: Tensor = self.shape(self.layers(x, labels) if self.conditional else self.layers(x))
        return out
