"""Plausible rows of probes, weight histograms and alarms, for `fake_results`."""

import numpy as np
import pandas as pd

EVERY = 10  # rows of a curve
Curves = dict[str, np.ndarray]
AT = {"q05": -1.6, "q25": -0.7, "q50": 0.0, "q75": 0.7, "q95": 1.6}


def probed(model: str, t: np.ndarray) -> Curves:
    """Metric -> [rows] values at t, the share of the budget: not a number between probed rows."""
    level = {"wgan": 0.01, "wgangp": 1.0}.get(model, 2.0)
    noise = np.random.default_rng(5).normal(size=(8, len(t)))
    values = {
        "lipschitz/mean": 0.3 * level * np.exp(0.1 * noise[0]),
        "lipschitz/max": 0.8 * level * np.exp(0.1 * noise[1]),
        "update_ratio/discriminator": 1e-3 * np.exp(0.2 * noise[2] - t),
        "update_ratio/generator": 3e-3 * np.exp(0.2 * noise[3] - t),
        "weights/edge": np.full(len(t), 0.3 if model == "wgan" else 1e-4),
        "score/train": 2 - t + 0.1 * noise[4],
        "score/holdout": 2 - 1.5 * t + 0.1 * noise[4],
        "diversity/fake": 8 * (1 - np.exp(-9 * t)) + 0.1 * noise[5],
        "diversity/real": np.full(len(t), 9.5),
    }
    for kind, sign in (("real", 1.0), ("fake", -1.0)):
        middle = sign * (2 - t) * level + 0.1 * level * noise[6]
        values |= {f"score/{kind}/{q}": middle + level * x for q, x in AT.items()}
    for where in ("real", "fake", "between"):
        values[f"slope/{where}/mean"] = level * np.exp(0.1 * noise[7])
        values[f"slope/{where}/max"] = 1.5 * values[f"slope/{where}/mean"]
    if "wgan" not in model:
        values |= {"accuracy/real": 0.7 + 0.1 * t, "accuracy/fake": 0.8 - 0.1 * t}
        values |= {"output/real": 0.6 + 0.0 * t, "output/fake": 0.4 + 0.0 * t}
    between = np.arange(len(t)) % EVERY != EVERY - 1
    return {name: np.where(between, np.nan, value) for name, value in values.items()}


def histograms(dataset: str, models: tuple[str, ...], images: int) -> pd.DataFrame:
    """Weights that grow with training; those of wgan lie on its bound."""
    rows = []
    for model in models:
        for at in np.linspace(0, images, 11):
            largest = 0.01 if model == "wgan" else 0.1 + at / images
            edges = np.linspace(-largest, largest, 41)
            share = np.exp(-0.5 * (np.linspace(-3, 3, 40)) ** 2)
            if model == "wgan":
                share[[0, -1]] = 5.0
            for network in ("discriminator", "generator"):
                rows += [
                    (network, *bin, int(at), dataset, model, 0)
                    for bin in zip(edges[:-1], edges[1:], share / share.sum(), strict=True)
                ]
    named = ["network", "low", "high", "share", "images", "dataset", "model", "seed"]
    return pd.DataFrame(rows, columns=named)


def events(dataset: str, model: str) -> pd.DataFrame:
    """One alarm of each kind."""
    common = {"dataset": dataset, "model": model, "seed": 0}
    told = [
        {"step": 900, "images": 57_600, "kind": "collapse", "text": "two fake samples are 9% <b>"},
        {"step": 950, "images": 60_800, "kind": "divergence", "text": "loss/generator is 50"},
    ]
    return pd.DataFrame([{**common, **row} for row in told])
