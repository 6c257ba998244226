"""Lost trials counted against their model, against cases worked by hand."""

import math

import pandas as pd
import pytest

from bench import stats
from bench.analysis import Analysis
from bench.records.results import Results
from bench.report import prose
from bench.report.terminal import text_of
from bench.tables import pairs as tables

from .fake_results import final_only

GOOD = [4.0, 4.4, 4.2, 4.6, 4.1, 4.3]


def losing(results: Results, lost: dict[str, list[int]], status: str = "diverged") -> Results:
    """The same with those trials lost, and their last evaluations with them."""
    for model, seeds in lost.items():
        trials, rows = results.trials, results.evaluations
        own = (trials["model"] == model) & trials["seed"].isin(seeds)
        trials.loc[own, "status"] = status
        gone = (rows["model"] == model) & rows["seed"].isin(seeds) & (rows["images"] > 0)
        results.evaluations = rows[~gone]
    return results


def rows(results: Results):
    table = tables.comparisons(results)
    table = table[table["outcome"] == "primary"]
    return {f"{r.model_a} {r.model_b}": r for r in table.itertuples()}


def test_nothing_is_said_where_nothing_was_lost(tmp_path):
    results = final_only(tmp_path, {"gan": GOOD, "dcgan": [9.0] * 6})
    assert pd.isna(rows(results)["gan dcgan"].verdict_with_failures)
    assert not any("signed ranks" in line for line in prose.limits(Analysis(results), "mnist5k"))


def test_a_model_that_wins_where_it_survives_is_held_to_its_losses(tmp_path):
    # Of eight seeds gan wins six by a quarter and loses two: six pairs say gan, eight cannot tell.
    slower = [5.0, 5.5, 5.2, 5.7, 5.1, 5.4]
    results = final_only(tmp_path, {"gan": [*GOOD, 1.0, 1.0], "dcgan": [*slower, 5.3, 5.6]})
    row = rows(losing(results, {"gan": [6, 7]}))["gan dcgan"]
    assert (row.n, row.verdict) == (6, "gan lower than dcgan")
    # Ranks of sizes: the six are 1 .. 6 against it, the two lost 7 and 8: -21 + 15.
    p = stats.sign_flip_test([-1, -2, -3, -4, -5, -6, 7, 8])
    assert p > 0.05
    assert (row.told, row.told_with_failures) == ("lower", "")
    assert row.verdict_with_failures == "cannot tell with 8 seeds"
    (sentence,) = (s for s in prose.limits(Analysis(results), "mnist5k") if "signed ranks" in s)
    assert "change 1 of 1 verdicts: gan / dcgan: cannot tell" in sentence
    assert "verdict with failures" in text_of(Analysis(results))


def test_losses_at_each_seed_decide_though_no_pair_is_left(tmp_path):
    results = losing(final_only(tmp_path, {"gan": GOOD, "wgan": [1.0] * 6}), {"wgan": [*range(6)]})
    row = rows(results)["gan wgan"]
    assert row.n == 0
    assert row.verdict == "cannot tell: no seed that both finished"
    assert row.verdict_with_failures == "gan lower than wgan"  # 2 / 2^6
    assert (row.told, row.told_with_failures) == ("", "lower")
    assert math.isnan(row.ratio)
    assert "gan / wgan: gan lower than wgan" in " ".join(prose.limits(Analysis(results), "mnist5k"))


def test_two_losses_at_one_seed_are_equal(tmp_path):
    lost = {"gan": [0, 1, 2], "wgan": [0, 1, 2]}
    results = losing(final_only(tmp_path, {"gan": GOOD, "wgan": [9.0] * 6}), lost, "failed")
    # Three ties keep the ranks 1 to 3; the other three reach 2 / 2^3.
    assert rows(results)["gan wgan"].verdict_with_failures.startswith("cannot tell with 6 seeds")


def test_only_the_pairs_of_a_loser_are_looked_at_again(tmp_path):
    results = final_only(tmp_path, {"gan": GOOD, "dcgan": [2.0] * 6, "wgan": [9.0] * 6})
    found = rows(losing(results, {"wgan": [5]}))
    assert pd.isna(found["dcgan gan"].verdict_with_failures)
    assert pd.isna(found["dcgan gan"].told_with_failures)
    assert found["gan wgan"].verdict_with_failures == "cannot tell with 6 seeds (needs 7)"


def test_a_trial_that_never_had_its_chance_does_not_count(tmp_path):
    results = final_only(tmp_path, {"gan": GOOD, "wgan": [9.0] * 6})
    found = rows(losing(results, {"wgan": [5]}, "interrupted"))["gan wgan"]
    assert pd.isna(found.verdict_with_failures)
    assert found.n == 5


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_the_rule_does_not_depend_on_the_unit(tmp_path, size):
    values = {"gan": [size * x for x in GOOD], "wgan": [size * 9.0] * 6}
    results = losing(final_only(tmp_path, values), {"gan": [2]})
    verdict = rows(results)["gan wgan"].verdict_with_failures
    assert verdict == "cannot tell with 6 seeds"
