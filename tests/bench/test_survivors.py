"""Lost trials counted against their model, against cases worked by hand."""

import math

import pytest

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
    assert rows(results)["gan dcgan"].warning == ""
    assert not any("lost" in line for line in prose.limits(Analysis(results), "mnist5k"))


def test_a_model_that_wins_where_it_survives_is_warned_of(tmp_path):
    slower = [5.0, 5.5, 5.2, 5.7, 5.1, 5.4]
    results = final_only(tmp_path, {"gan": [*GOOD, 1.0, 1.0], "dcgan": [*slower, 5.3, 5.6]})
    row = rows(losing(results, {"gan": [6, 7]}))["gan dcgan"]
    assert (row.n, row.told) == (6, "lower")
    assert row.warning == "2 of 8 trials of gan were lost"
    assert row.verdict == f"gan lower than dcgan in the middle, but {row.warning}"
    assert row.warning in " ".join(prose.limits(Analysis(results), "mnist5k"))
    assert row.warning in text_of(Analysis(results))


def test_losses_at_each_seed_decide_though_no_pair_is_left(tmp_path):
    results = losing(final_only(tmp_path, {"gan": GOOD, "wgan": [1.0] * 6}), {"wgan": [*range(6)]})
    row = rows(results)["gan wgan"]
    assert (row.n, row.told, row.method) == (6, "lower", "signed ranks")
    assert row.verdict == "gan lower than wgan: 6 of 6 trials of wgan were lost"
    assert row.adjusted_p == 2 / 2**6
    assert math.isnan(row.ratio)


def test_two_losses_at_one_seed_are_equal(tmp_path):
    lost = {"gan": [0, 1, 2, 3], "wgan": [0, 1, 2, 3]}
    results = losing(final_only(tmp_path, {"gan": GOOD, "wgan": [9.0] * 6}), lost, "failed")
    # Four ties keep the ranks 1 to 4; the other two reach 2 / 2^2.
    row = rows(results)["gan wgan"]
    assert (row.told, row.p) == ("", 0.5)
    assert row.verdict.startswith("cannot tell with 6 seeds: 4 of 6 trials of gan were lost")


def test_only_the_pairs_of_a_loser_are_warned_of(tmp_path):
    results = final_only(tmp_path, {"gan": GOOD, "dcgan": [2.0] * 6, "wgan": [9.0] * 6})
    found = rows(losing(results, {"wgan": [5]}))
    assert found["dcgan gan"].warning == ""
    assert found["gan wgan"].warning == "1 of 6 trials of wgan was lost"


def test_a_trial_that_never_had_its_chance_does_not_count(tmp_path):
    results = final_only(tmp_path, {"gan": GOOD, "wgan": [9.0] * 6})
    found = rows(losing(results, {"wgan": [5]}, "interrupted"))["gan wgan"]
    assert (found.warning, found.n) == ("", 5)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_the_rule_does_not_depend_on_the_unit(tmp_path, size):
    values = {"gan": [size * x for x in GOOD], "wgan": [size * 9.0] * 6}
    results = losing(final_only(tmp_path, values), {"gan": [0, 2, 3, 4]})
    row = rows(results)["gan wgan"]
    assert (row.method, row.told) == ("signed ranks", "")


def test_a_rare_collapse_is_left_out_of_the_middle_and_named(tmp_path):
    values = {
        "gan": [4.0, 4.1, 4.05, 3.95, 4.0, 9.9, 4.02, 3.97],
        "dcgan": [5.0, 5.1, 5.05, 4.9, 5.02, 4.98, 5.0, 5.07],
        "wgan": [6.0, 6.1, 5.95, 6.05, 6.02, 6.0, 5.9, 6.03],
    }
    found = rows(final_only(tmp_path, values))
    row = next(row for name, row in found.items() if set(name.split()) == {"gan", "dcgan"})
    assert row.warning == "1 of 8 seeds of gan ended far higher"
    assert (row.n, row.told) == (7, "lower" if row.model_a == "gan" else "higher")
    assert math.exp(abs(row.difference)) == pytest.approx(1.25, abs=0.02)  # without the collapse
    assert found["dcgan wgan"].warning == ""
    assert found["dcgan wgan"].n == 8
