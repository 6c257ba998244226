"""The report of a search: what tuning does to verdicts and ratios, and the published reports."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

import bench
from bench.datasets import primary_metric
from bench.files import read_toml
from bench.planning.from_toml import from_dict
from bench.tuning.protocol import Configuration, Protocol
from bench.tuning.report import REPORTED
from bench.tuning.rows import NAME, Rows, choose
from bench.tuning.tables import answer, between, change, shift

PUBLISHED = Path(bench.__file__).parent.parent / "results" / "reference-tuned"


def test_the_ranking_survives_where_no_verdict_changes():
    assert change("lower", "lower") == "kept"
    assert change("lower", "higher") == "reversed"
    assert change("higher", "") == "lost"
    assert change("", "lower") == "new"
    assert change("", "") == "none"
    assert answer(["kept", "new", "none"]) == "yes"
    assert answer(["kept", "reversed"]) == "no"
    assert answer(["kept", "lost"]) == answer(["none", "new"]) == answer([]) == "cannot tell"


def test_a_pair_is_read_in_either_order():
    table = pd.DataFrame(
        [{"model_a": "a", "model_b": "b", "ratio": 0.5, "ratio_low": 0.25, "ratio_high": 0.8}]
    ).assign(told="lower", verdict="a lower than b")
    assert between(table, "a", "b")["told"] == "lower"
    turned = between(table, "b", "a")
    assert (turned["ratio"], turned["ratio_low"], turned["ratio_high"]) == (2, 1.25, 4)
    assert turned["told"] == "higher"
    assert between(table, "a", "c")["verdict"] == "not compared"


def test_what_tuning_does_to_a_ratio_of_two_is_a_paired_t_interval():
    rng = np.random.default_rng(5)
    gained = pd.DataFrame(rng.normal([-1.0, -0.4], 0.2, (7, 2)), columns=["a", "b"])
    gained.loc[6, "b"] = math.nan  # lost, so that the pair has six seeds
    whole = gained.dropna()
    t = ttest_rel(whole["a"], whole["b"])
    low, high = t.confidence_interval(1 - 0.05 / 3)
    found = shift(gained, "a", "b", 3)
    assert found["shift"] == pytest.approx(math.exp((whole["a"] - whole["b"]).mean()), rel=1e-12)
    assert found["shift_low"] == pytest.approx(math.exp(low), rel=1e-9)
    assert found["shift_high"] == pytest.approx(math.exp(high), rel=1e-9)
    assert (found["shifted"] == "lower") == (3 * t.pvalue < 0.05)
    assert shift(gained, "b", "a", 3)["shift_high"] == pytest.approx(math.exp(-low), rel=1e-9)
    assert shift(gained, "a", "c", 3)["shifted"] == ""
    assert math.isnan(shift(gained[["b"]][6:].assign(a=1.0), "a", "b", 3)["shift"])


def test_where_tuning_helps_all_alike_a_ratio_is_rarely_told_to_change():
    rng, names, runs = np.random.default_rng(11), list("abcd"), 300
    seeds, lost = rng.normal(size=(runs, 6, 1)), 0
    for shared in seeds:  # what a seed does to all contestants takes no part
        gained = pd.DataFrame(-1 + shared + rng.normal(0, 0.2, (6, 4)), columns=names)
        found = [shift(gained, *pair, 6)["shifted"] for pair in itertools.combinations(names, 2)]
        lost += any(found)
    # 5 % of runs, one of its pairs or more: 15 expected, four standard errors above is 30.
    assert 1 <= lost <= 30


# The published reports.


@pytest.mark.parametrize("dataset", ["ring8", "mnist5k"])
def test_the_published_choice_follows_from_the_published_rows(dataset):
    root = PUBLISHED / dataset
    kept = read_toml(root / "tune.toml")
    plan = from_dict(kept["report"], "tune.toml")
    protocol = Protocol(plan, kept["search"]["configs"], tuple(kept["search"]["seeds"]))
    protocol.require_same(root)
    trials = protocol.trials()
    rows = Rows(root, protocol).of(trials)
    assert len(rows) == len(trials)  # each with the hash that the trial has today
    table = pd.read_csv(root / "tuned.csv").set_index("contestant")
    chosen: dict[str, Configuration] = choose(protocol, rows)
    assert {name: one.number for name, one in chosen.items()} == dict(table["configuration"])
    assert (root / NAME).stat().st_size < 100_000


@pytest.mark.parametrize("dataset", ["ring8", "mnist5k"])
def test_the_published_pairs_are_those_of_the_published_trials(dataset):
    reported = bench.load(PUBLISHED / dataset / REPORTED)
    final = reported.final(primary_metric(dataset))
    logs = np.log(final.pivot(index="seed", columns="model", values="value"))
    pairs = pd.read_csv(PUBLISHED / dataset / "pairs.csv", keep_default_na=False)
    for row in pairs.to_dict("records"):
        a, b = row["first"], row["second"]
        factor = (logs[f"{a}-tuned"] - logs[f"{b}-tuned"]) - (logs[a] - logs[b])
        assert row["shift"] == pytest.approx(math.exp(factor.mean()), rel=1e-6)
        apart = not row["shift_low"] <= 1 <= row["shift_high"]
        assert (row["shifted"] != "") == apart
        assert row["change"] == change(row["default_told"], row["tuned_told"])
