"""Weight histograms against weights whose places are known."""

from typing import cast

import numpy as np
import pandas as pd
import pytest
import torch

from bench.probes.weights import BINS, histograms
from gan_zoo.base import GAN, Config, DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams


def model_of(config: Config) -> GAN:
    return cast(type[GAN], load("gan"))(DataSpec((2,), 1), config, Streams(0))


def test_bins_are_numpys_over_matrices_alone() -> None:
    model = model_of(Config(width=8, discriminator_norm="batch"))
    found = pd.DataFrame(histograms(model)).query("network == 'discriminator'")
    kernels = [p for p in model.discriminator.parameters() if p.ndim == 2]
    weights = torch.cat([p.detach().flatten() for p in kernels]).double().numpy()
    largest = np.abs(weights).max()
    counts, edges = np.histogram(weights, np.linspace(-largest, largest, BINS + 1))
    assert found["share"].to_numpy() == pytest.approx(counts / len(weights), abs=1.1 / len(weights))
    assert found["low"].to_numpy() == pytest.approx(edges[:-1])
    assert found["high"].to_numpy() == pytest.approx(edges[1:])
    assert found["share"].sum() == pytest.approx(1)


def test_a_pile_at_the_bound_is_in_the_outermost_bins() -> None:
    model = model_of(Config(width=8))
    with torch.no_grad():
        for weight in model.discriminator.parameters():
            weight.copy_(torch.where(weight > 0, 0.01, -0.01))
        for weight in model.generator.parameters():
            weight.zero_()
    found = pd.DataFrame(histograms(model))
    ends = found.query("network == 'discriminator'")["share"].to_numpy()
    assert ends[[0, -1]].sum() == pytest.approx(1)
    assert found.query("network == 'generator'")["share"].max() == 1  # all at 0, in one bin


def test_a_network_that_is_not_finite_has_none() -> None:
    model = model_of(Config(width=8))
    with torch.no_grad():
        next(model.generator.parameters()).fill_(float("nan"))
    assert {row["network"] for row in histograms(model)} == {"discriminator"}
