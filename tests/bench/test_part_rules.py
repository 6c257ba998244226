"""The rules for parts of one's own: each finds its defect, and passes what is sound."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from bench.analysis import Analysis
from bench.checks import dataset_rules, extractor_rules, metric_rules, probe_rules, report_rules
from bench.checks.case import Case
from bench.checks.check import Check
from bench.claims import Claim, Effects, Region
from bench.datasets import OWN_FEATURES
from bench.datasets.dataset import load_dataset
from bench.extractors.judge import judge_of
from bench.metrics.own import OwnMetric
from bench.plots.figures import Plot
from bench.plots.reading import Reading
from bench.probes.own import OwnProbe
from gan_zoo.gan import VanillaGAN

from .fake_points import fake_points
from .test_custom_features import SOURCE

SET = """
import torch
import numpy as np
from bench.datasets.own import Images

class Set(Images):
    shape = (1, 4, 4)
    classes = ("a", "b")

    def part(self, name, rng):
        n = {"train": 640, "holdout": 160}[name]
        images = torch.randint(0, 256, (n, 1, 4, 4), generator=rng)
        labels = torch.arange(n) % 2
        # here
        return images.to(torch.uint8), labels
"""


def outcomes(checks: dict[str, Check], subject: Any) -> dict[str, str]:
    return {name: check.run(name, subject).outcome for name, check in checks.items()}


def wrong(checks: dict[str, Check], subject: Any) -> dict[str, str]:
    return {k: v for k, v in outcomes(checks, subject).items() if v in ("failed", "warning")}


@pytest.mark.parametrize(
    ("defect", "found"),
    [
        ("", {}),
        ("images = images[:, :, :3]", {"loads": "failed"}),
        ("images = torch.rand(n, 1, 4, 4) * 255", {"repeatable": "failed", "generators": "failed"}),
        (
            "images[0] = int(np.random.randint(256))",
            {"repeatable": "failed", "generators": "failed"},
        ),
        (
            "images[:] = torch.arange(160).view(-1, 1, 1, 1).repeat(n // 160, 1, 1, 1)",
            {"holdout": "failed"},
        ),
        ("images[0] = 7", {"holdout": "warning"}),
        ("labels = labels if name == 'train' else labels * 0", {"classes": "failed"}),
        ("images = images % 2", {"spread": "failed", "holdout": "warning"}),
        ("images, labels = images[: n // 2], labels[: n // 2]", {"enough": "warning"}),
    ],
)
def test_data_sets(tmp_path: Path, defect: str, found: dict[str, str]) -> None:
    path = tmp_path / "own.py"
    path.write_text(SET.replace("# here", defect))
    seen = wrong(dataset_rules.CHECKS, f"images:{path}:Set")
    assert (seen if "loads" not in found else {"loads": seen["loads"]}) == found


class Mean(OwnMetric):
    better = "lower"

    def measure(self, evaluation: Any) -> Any:
        return evaluation.samples.norm(dim=1).sub(1.4142).abs().mean()


class Nan(Mean):
    def measure(self, evaluation: Any) -> Any:
        return super().measure(evaluation) * torch.nan


class Drawn(Mean):
    def measure(self, evaluation: Any) -> Any:
        return super().measure(evaluation) + 0.01 * np.random.rand()  # noqa: NPY002


class Ordered(Mean):
    def measure(self, evaluation: Any) -> Any:
        return 1e-3 * evaluation.samples[0, 0] + super().measure(evaluation)


class Upside(Mean):
    better = "higher"


class Blind(Mean):
    def measure(self, evaluation: Any) -> Any:
        return len(evaluation.samples)


class Below(Mean):
    scale = "log"

    def measure(self, evaluation: Any) -> Any:
        return super().measure(evaluation) - 1


class FromItsOwn(Mean):
    def measure(self, evaluation: Any) -> Any:
        rows = torch.randperm(len(evaluation.real), generator=evaluation.rng)[:9]
        return super().measure(evaluation) + 0 * evaluation.real[rows].sum()


@pytest.mark.parametrize(
    ("metric", "found"),
    [
        (Mean(), {}),
        (FromItsOwn(), {}),
        (Nan(), {"number", "repeatable", "generators", "order", "tells"}),
        (Drawn(), {"repeatable", "generators", "order"}),
        (Ordered(), {"order"}),
        (Upside(), {"tells"}),
        (Blind(), {"tells"}),
        (Below(), {"scale"}),
    ],
)
def test_metrics(metric: OwnMetric, found: set[str]) -> None:
    case = metric_rules.MetricCase(metric, judge_of("ring8", None, OWN_FEATURES, "cpu"))
    assert set(wrong(metric_rules.CHECKS, case)) == set(found)


class Sound(OwnProbe):
    def read(self, look: Any) -> Any:
        return {"norm": look.fake.norm(), "slope": look.on_real[1].mean()}


class Empty(OwnProbe):
    def read(self, look: Any) -> Any:
        return {}


class Vector(OwnProbe):
    def read(self, look: Any) -> Any:
        return {"scores": look.on_real[0]}


class Counting(OwnProbe):
    times = 0

    def read(self, look: Any) -> Any:
        self.times += 1
        return {"times": self.times}


class Writing(OwnProbe):
    def read(self, look: Any) -> Any:
        look.batch.real.mul_(2)
        return {"x": 1.0}


class Grad(OwnProbe):
    def read(self, look: Any) -> Any:
        look.model.score(look.batch.real, look.batch.labels).sum().backward()
        return {"x": 1.0}


class Switch(OwnProbe):
    def read(self, look: Any) -> Any:
        look.model.train()
        return {"x": 1.0}


class Steps(OwnProbe):
    """Past what is put back: the optimizer's moments."""

    def read(self, look: Any) -> Any:
        with torch.enable_grad():
            look.model.generator_loss = None
        return {"x": 1.0}


@pytest.mark.parametrize(
    ("probe", "found"),
    [
        (Sound(), set()),
        (Empty(), {"values"}),
        (Vector(), {"values", "repeatable", "training"}),
        (Counting(), {"repeatable"}),
        (Writing(), {"changes nothing"}),
        (Grad(), {"changes nothing"}),
        (Switch(), {"changes nothing"}),
        (Steps(), {"training"}),
    ],
)
def test_probes(probe: OwnProbe, found: set[str]) -> None:
    config = replace(VanillaGAN.defaults, width=4, latent_dim=3)
    case = Case(VanillaGAN, config, load_dataset("ring8").spec)
    assert set(wrong(probe_rules.CHECKS, probe_rules.ProbeCase(probe, case, "ring8"))) == found


def test_extractors(tmp_path: Path) -> None:
    import safetensors.torch
    from torch import nn

    body, head = nn.Linear(784, 5), nn.Linear(5, 3)
    (tmp_path / "own.py").write_text(SOURCE)
    for name, found in (
        ("seeing", {"classes": "warning"}),
        ("blind", {"classes": "warning", "tells": "failed"}),
    ):
        if name == "blind":
            nn.init.zeros_(body.weight)
        network = nn.ModuleDict({"body": body, "head": head})
        safetensors.torch.save_file(network.state_dict(), tmp_path / "net.safetensors")
        subject = (f"{tmp_path}/own.py:Beside", "mnist5k")
        assert wrong(extractor_rules.CHECKS, subject) == found
    broken = wrong(
        extractor_rules.CHECKS, (f"{tmp_path}/own.py:Random:{tmp_path}/net.safetensors", "mnist5k")
    )
    assert broken["loads"] == "failed"


def sheet(analysis: Analysis, dataset: str) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.subplots().set_xlabel("x")
    return figure


def bare(analysis: Analysis, dataset: str) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.subplots()
    return figure


def random_dot(analysis: Analysis, dataset: str) -> Figure:
    figure = sheet(analysis, dataset)
    figure.axes[0].plot(np.random.rand(2))  # noqa: NPY002
    return figure


def writer(analysis: Analysis, dataset: str) -> Figure:
    (analysis.results.path / f"{len(list(analysis.results.path.iterdir()))}.txt").write_text("x")
    return sheet(analysis, dataset)


READING = Reading("a sheet of {unit}", "Nothing to read.")


@pytest.mark.parametrize(
    ("plot", "found"),
    [
        (Plot(sheet, READING, "why"), set()),
        (Plot(bare, READING, "why"), {"draws"}),
        (Plot(lambda a, d: 3, READING, "why"), {"draws", "repeatable", "folder"}),  # type: ignore[arg-type, return-value]
        (Plot(lambda a, d: Figure(), READING, "why"), {"draws"}),
        (Plot(sheet, READING, "why", when=lambda a, d: False), {"draws"}),
        (Plot(sheet, Reading("", ""), "why"), {"words"}),
        (Plot(random_dot, READING, "why"), {"repeatable"}),
        (Plot(writer, READING, "why"), {"folder"}),
    ],
)
def test_figures(tmp_path: Path, plot: Plot, found: set[str]) -> None:
    analysis = Analysis(fake_points(tmp_path, models=("gan",), seeds=2, rows=5))
    case = report_rules.ReportCase(plot, analysis)
    assert set(wrong(report_rules.FIGURE_CHECKS, case)) == found


def emds(run: Any) -> Effects | None:
    if not run.contestants:
        return None
    one = run.contestants[0]
    values = run.log_final(one, "emd")
    return Effects(values, "", "emd", run.cited(one, seeds=values.index))


def noisy(run: Any) -> Effects | None:
    found = emds(run)
    return found and replace(found, values=np.random.rand(2))  # noqa: NPY002


CLAIM = Claim(
    number=101,
    statement="s",
    source="s",
    needs="n",
    rule="r",
    claimed=Region(high=0.0),
    measure=emds,
)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"claimed": Region(0.8, 1.2)}, set()),
        ({"claimed": Region(0.8, 1.2, inside=False)}, set()),
        ({"claimed": Region()}, {"refutable"}),
        ({"claimed": Region(1.0, 1.0)}, {"refutable"}),
        ({"measure": noisy}, {"repeatable"}),
        ({"measure": lambda run: Effects(np.ones(9), "", "", "")}, {"measure", "nothing there"}),
        ({"measure": lambda run: 1 / 0}, {"measure", "repeatable", "nothing there", "folder"}),
    ],
)
def test_claims(tmp_path: Path, changes: dict[str, Any], found: set[str]) -> None:
    analysis = Analysis(fake_points(tmp_path, models=("gan",), seeds=2, rows=5))
    case = report_rules.ReportCase(replace(CLAIM, **changes), analysis)
    assert set(wrong(report_rules.CLAIM_CHECKS, case)) == found
