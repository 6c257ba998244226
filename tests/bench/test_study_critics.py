"""Deep critics and their landscapes: against a hand-written chain rule, scipy, known surfaces."""

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import nn

from bench.datasets.dataset import load_dataset
from bench.studies import depth, landscape
from bench.studies.critics import streams_of
from bench.studies.settings import Depth, Landscape
from gan_zoo.streams import Streams

DEEP = Depth(seeds=(0,), layers=4, width=5, steps=10, batch_size=8)
FLAT = Landscape(seeds=(0,), datasets=("ring8",), layers=2, width=8, steps=6, batch_size=16, side=5)


@pytest.fixture(scope="module")
def swissroll():
    return load_dataset("swissroll")


@pytest.mark.parametrize("constraint", ["clip=0.3", "penalty=10"])
def test_activation_norms_obey_the_chain_rule(constraint, swissroll):
    model = depth.model_of(DEEP, constraint, swissroll, Streams(0))
    batch = depth.batch_of(model, DEEP, swissroll, streams_of(0, "x", "cpu"))
    found = depth.activation_norms(model, batch)
    linear = [m for m in model.discriminator.modules() if isinstance(m, nn.Linear)]
    weights = [m.weight.detach().double().numpy() for m in linear]
    biases = [m.bias.detach().double().numpy() for m in linear]
    # Forward, then back by hand: real scores weigh -1 / n, those of fakes 1 / n.
    x = torch.cat([batch.real, batch.fake]).double().numpy()
    activations = []
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = np.maximum(x @ weight.T + bias, 0)
        activations.append(x)
    n = len(batch.real)
    gradient = np.repeat([-1 / n, 1 / n], n)[:, None] @ weights[-1]
    norms = [np.linalg.norm(gradient)]
    for weight, activation in zip(weights[-2:0:-1], activations[:0:-1], strict=True):
        gradient = (gradient * (activation > 0)) @ weight
        norms.append(np.linalg.norm(gradient))
    assert found == pytest.approx(norms[::-1], rel=1e-4)
    assert len(found) == 4


def test_the_histogram_spans_the_clip_and_counts_every_weight(swissroll):
    model = depth.model_of(DEEP, "clip=0.1", swissroll, Streams(0))
    model.after_discriminator_step()
    bars = list(depth.histogram(model))
    assert bars[0]["low"] == pytest.approx(-0.1)
    assert bars[-1]["high"] == pytest.approx(0.1)
    assert sum(bar["share"] for bar in bars) == pytest.approx(1)
    weights = torch.cat([w.flatten() for w in model.discriminator.parameters() if w.ndim > 1])
    piled = float((weights.abs() > 0.1 * (1 - 2 / depth.BINS)).float().mean())
    assert bars[0]["share"] + bars[-1]["share"] == pytest.approx(piled, abs=0.03)
    assert piled > 0.5  # He's weights of five units are far beyond it


def test_depth_has_a_row_a_constraint_layer_and_look():
    tables = depth.run(DEEP, 0, lambda share: None)
    columns = ("constraint", "seed", "steps", "layer", "activation_grad_norm")
    assert {tuple(row) for row in tables["rows"]} == {columns}
    keys = [tuple(row[c] for c in columns[:-1]) for row in tables["rows"]]
    constraints = ["clip=0.1", "clip=0.01", "clip=0.001", "penalty=10"]
    assert keys == [(c, 0, s, n) for c in constraints for s in (0, 5, 10) for n in range(4)]
    assert set(tables["histograms"][0]) == {"constraint", "seed", "steps", "low", "high", "share"}
    first = {r["constraint"]: r["activation_grad_norm"] for r in tables["rows"] if not r["steps"]}
    assert len(set(first.values())) == 1  # all start from one critic
    last = {r["constraint"]: r["activation_grad_norm"] for r in tables["rows"] if not r["layer"]}
    assert last["clip=0.001"] < last["clip=0.01"] < last["penalty=10"]


class Bowl(nn.Module):
    """-(x^2 + 2 y): a surface that is known."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x, labels):
        return -(x[:, 0] ** 2 + 2 * x[:, 1])


def test_a_surface_is_the_critics_values_less_their_mean():
    data = load_dataset("ring8")
    model = landscape.model_of(FLAT, "clip=0.01", data, Streams(0))
    model.discriminator = Bowl()
    places = list(landscape.surface(model, data, 5))
    x, y, value = np.array([[p["x"], p["y"], p["value"]] for p in places]).T
    half = landscape.FRAME * float(data.holdout.samples.abs().max())
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((-half, half, -half, half))
    expected = -(x**2 + 2 * y)
    assert value == pytest.approx(expected - expected.mean(), abs=1e-5)


def test_real_above_fake_is_mann_and_whitneys_share():
    data = load_dataset("ring8")
    model = landscape.model_of(FLAT, "clip=0.01", data, Streams(0))
    model.discriminator = Bowl()
    found = landscape.real_above_fake(model, data, streams_of(0, "x", "cpu"))
    real = data.holdout.samples[: landscape.PAIRS]
    noise = streams_of(0, "x", "cpu")["latent/discriminator"].normal(len(real), 2)
    scores = [model.discriminator(points, None).numpy() for points in (real, real + noise)]
    share = mannwhitneyu(*scores).statistic / len(real) ** 2
    assert found == pytest.approx(share, abs=1e-5)
    assert 0.5 < found < 0.9


def test_landscape_has_its_tables_and_a_critic_learns():
    quick = Landscape(
        seeds=(0,), datasets=("ring8",), layers=2, width=16, steps=200, batch_size=64, side=4
    )
    tables = landscape.run(quick, 0, lambda share: None)
    columns = ("dataset", "constraint", "seed", "x", "y", "value")
    assert {tuple(row) for row in tables["rows"]} == {columns}
    assert len(tables["rows"]) == 2 * 4**2
    assert {row["constraint"] for row in tables["rows"]} == {"clip=0.01", "penalty=0.1"}
    assert max(row["steps"] for row in tables["losses"]) == 200
    told = {row["constraint"]: row["real_above_fake"] for row in tables["critics"]}
    assert 0.55 < told["penalty=0.1"] < 1
