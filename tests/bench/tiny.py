"""Trials of a blink: narrow networks on points, and a stand-in for the exact, slow measures."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.datasets.dataset import load_dataset
from bench.errors import Diverged
from bench.evaluation.evaluate import Found, Subject, balanced_labels, generate
from bench.planning.growing import merged
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import Trial
from bench.plots import figures
from bench.records.writing import Measured
from bench.training import runner
from bench.training.executors import Outcome
from bench.training.runner import Display
from gan_zoo.streams import Streams

from .conftest import FEW

# Draws by itself, and has state that is neither parameter nor buffer.
DROPPING = """
from torch import nn
from gan_zoo.gan import VanillaGAN

class Dropping(VanillaGAN):
    pull = 0.0

    def build_discriminator(self):
        network = super().build_discriminator()
        network.layers.insert(1, nn.Dropout(0.5))
        return network

    def generator_loss(self, batch):
        return (1 + self.pull) * super().generator_loss(batch)

    def after_generator_step(self):
        self.pull = 0.9 * self.pull + 0.01

    def get_extra_state(self):
        return {"pull": self.pull}

    def set_extra_state(self, state):
        self.pull = state["pull"]
"""
SMALL: dict[str, Any] = {
    "datasets": ("ring8",),
    "seeds": (0,),
    "images": 960,  # 6 units of 16 x 10
    "evaluations": 2,
    "batch_size": 16,
}


class Quiet:
    """A display that shows nothing."""

    def started(self, trial: Trial) -> None: ...
    def ended(self, trial: Trial, outcome: Outcome) -> None: ...
    def retried(self, trial: Trial, outcome: Outcome) -> None: ...
    def not_started(self, trial: Trial, failed: Trial) -> None: ...


def plan_of(models: str, **values: Any) -> Plan:
    narrow = {"width": 4, "latent_dim": 3, "backbone": "mlp"}
    contestants = (dataclasses.replace(c, values=narrow) for c in parse_models(models))
    return Plan(tuple(contestants), **{**SMALL, **values})


def trials_of(plan: Plan) -> list[Trial]:
    return plan.trials(load_dataset)


def run(
    plan: Plan, root: Path, trials: list[Trial], jobs: int, display: Display, retries: int = 0
) -> bool:
    """As `bench run` does it, without its words and its report."""
    with runner.locked(root):
        whole, left = merged(plan, root), runner.pending(root, trials)
        return runner.run(whole, root, trials, left, jobs, display, retries)


def evaluate(subjects: Sequence[Subject], last: bool, threads: int = 1) -> list[Found | Diverged]:
    """In place of the real `evaluate`: as exact on what the samples are, in no time."""
    return [_evaluate(subject, last) for subject in subjects]


def sole(found: list[Found | Diverged]) -> Found:
    """Of the only model, which has not diverged."""
    (one,) = found
    assert not isinstance(one, Diverged)
    return one


def _evaluate(subject: Subject, last: bool) -> Found | Diverged:
    rng = Streams(subject.trial.seed)["eval"]
    try:
        samples = generate(subject.model, balanced_labels(50, 8), rng).double()
    except Diverged as divergence:
        return divergence
    found = [Measured("sum", float(samples.sum())), Measured("square", float((samples**2).sum()))]
    return [*found, *([Measured("once", float(samples.max()))] if last else [])], {}


def assert_same(one: Path, two: Path) -> None:
    """Two folders of a trial agree bit for bit, but for what hangs on the clock."""
    for name in ("curves", "evaluations"):
        first, second = (timeless(root / f"{name}.parquet") for root in (one, two))
        assert not first.duplicated(first.columns.drop("value").tolist()).any()
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    for pattern in ("generator.safetensors", "samples/*.png"):
        first_paths, second_paths = (sorted(root.glob(pattern)) for root in (one, two))
        assert [path.name for path in first_paths] == [path.name for path in second_paths]
        assert first_paths
        for mine, theirs in zip(first_paths, second_paths, strict=True):
            assert mine.read_bytes() == theirs.read_bytes(), mine.name
    for name in ("histograms.parquet", "events.json"):
        assert (one / name).exists() == (two / name).exists(), name
    assert (one / "events.json").read_bytes() == (two / "events.json").read_bytes()
    if (one / "histograms.parquet").exists():
        tables = [pd.read_parquet(root / "histograms.parquet") for root in (one, two)]
        pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert not list(one.rglob("*.tmp"))


def timeless(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path).drop(columns="seconds")
    return table.assign(value=table["value"].mask(table["metric"].str.startswith("cost/"), 0))


@contextmanager
def in_short() -> Iterator[None]:
    """Within it runs are measured by the stand-in, and reports have few figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", evaluate)
        patch.setattr(figures, "FIGURES", {name: figures.FIGURES[name] for name in FEW})
        yield


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.training.under_way.evaluate", evaluate)


@pytest.fixture
def records_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that end with their records: no scale is measured, and no report is made."""
    monkeypatch.setattr("bench.cli.running.measure_scale", lambda root, trials: None)
    monkeypatch.setattr("bench.report.rebuild.rebuild", lambda *_: None)
