"""Seeds until it is decided: the rule, its error, and what is trained at each look."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

import bench
from bench.analysis import Analysis
from bench.cli.looking import until_from
from bench.errors import InputError
from bench.planning.from_toml import from_dict
from bench.planning.growing import grown, merged
from bench.planning.looks import LOOKS, following, present
from bench.planning.plan import Plan
from bench.records.results import Results
from bench.records.writing import write_experiment
from bench.report.terminal import text_of
from bench.stats import decide, looks
from bench.stats.layout import partly_pooled
from bench.stats.looks import SHARES
from bench.stats.uneven import uneven
from bench.tables.looks import reached, shared
from bench.tables.pairs import comparisons
from tests.calibration.looks import false_verdicts, procedure

from . import tiny
from .fake_results import final_only
from .test_runner import Seen
from .tiny import plan_of, trials_of

quick = tiny.quick


@pytest.mark.parametrize(("n", "k"), [(3, 5), (5, 3), (8, 4), (4, 2)])
def test_with_all_seeds_it_is_the_rule_of_the_layout(n: int, k: int) -> None:
    y = np.random.default_rng(0).normal(size=(50, n, k)) * np.linspace(1, 4, k)
    found, counts = uneven(y, np.ones((n, k), bool))
    expected = partly_pooled(y)
    assert np.allclose(found.estimates, expected.estimates, atol=1e-12)
    assert np.allclose(found.errors, expected.errors, rtol=1e-12)
    assert np.allclose(found.df, expected.df, rtol=1e-12)
    assert (counts == n).all()


def test_a_pair_of_the_same_seeds_is_scipys_paired_t() -> None:
    y = np.random.default_rng(1).normal(size=(6, 2))
    y[4, 1] = np.nan
    (found,) = decide(y, looks([6]))
    a, b = y[[0, 1, 2, 3, 5]].T
    expected = scipy_stats.ttest_rel(a, b)
    assert found.comparison.p == pytest.approx(expected.pvalue, rel=1e-12)
    interval = expected.confidence_interval(1 - SHARES[0])
    assert (found.comparison.low, found.comparison.high) == pytest.approx(tuple(interval))
    assert found.comparison.n == 5


def test_variances_keep_the_rows_of_those_who_stopped() -> None:
    # Two contestants go on to 12 seeds, three stopped at 3: all spreads stay right on average.
    present = np.arange(12)[:, None] < np.array([12, 12, 3, 3, 3])
    spreads = np.array([1.0, 2.0, 1.0, 2.0, 3.0])
    y = np.random.default_rng(2).normal(size=(20_000, 12, 5)) * spreads
    found, n = uneven(y, present)
    assert n.tolist() == [12, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    error = found.errors[:, 0] ** 2 * 12  # v_a + v_b, drawn by .3 to the pooled variance
    assert 5.0 < error.mean() < 6.5  # 1 + 4 = 5, and 2 * 3.8 = 7.6 pooled over all


def test_a_decision_stands_and_agrees_with_its_interval() -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(size=(8, 3)) * 0.1 + np.array([0.0, 3.0, 3.05])
    y[3:] += rng.normal(size=(5, 3)) * 4  # later seeds are chaos
    early = decide(y[:3], looks([3]))
    late = decide(y, looks([3, 5, 8]))
    assert early[0].apart
    assert late[0].apart
    assert late[0].look.n == 3
    assert late[0].comparison == early[0].comparison
    for each in late:
        excludes = each.comparison.low > 0 or each.comparison.high < 0
        assert each.apart == excludes


def test_a_difference_within_the_margin_is_equivalent() -> None:
    y = np.random.default_rng(4).normal(size=(5, 3)) * 0.001 + np.array([0.0, 0.01, 1.0])
    first = decide(y, looks([5]), margin=0.05)
    assert [d.equivalent for d in first] == [True, False, False]
    assert [d.equivalent for d in decide(y, looks([5]), margin=0.005)] == [False] * 3


def test_the_shares_are_the_whole_error_and_a_sixth_look_has_none() -> None:
    assert sum(SHARES) == pytest.approx(0.05, abs=1e-12)
    assert len(SHARES) == len(LOOKS)
    assert [look.share for look in looks([1, 2, 3, 4, 5, 6])] == [*SHARES, 0.0]
    y = np.arange(6)[:, None] * 1e-3 + np.array([0.0, 9.0])
    (found,) = decide(y, looks([1, 2, 3, 4, 5, 6])[5:])
    assert not found.apart
    assert found.comparison.high == math.inf


@pytest.mark.parametrize("k", [2, 5])
def test_error_and_coverage_hold_in_looks(k: int) -> None:
    noise = np.random.default_rng(5).normal(size=(4000, LOOKS[-1], k))
    true = np.zeros(k)
    run = procedure(noise, true)
    error = false_verdicts(run, true, None).mean()
    assert 0.02 < error < 0.055 + 2 * math.sqrt(0.055 / 4000)
    assert 0.94 < run.covered.mean() < 0.985
    apart = np.array([-4.0] + [0.0] * (k - 1))
    run = procedure(noise[:1000] + apart, apart)
    assert (run.told[:, 0] == -1).mean() > 0.99


def test_false_equivalence_is_rare_at_the_margin() -> None:
    rng, true = np.random.default_rng(6), np.array([0.0, 0.5])
    run = procedure(rng.normal(size=(4000, 20, 2)) * 0.2 + true, true, margin=0.5)
    assert 0.005 < run.equal.mean() < 0.05


# --- What is trained


def plan(**others: object) -> Plan:
    return from_dict({"models": ["gan", "cgan", "wgan"], **others}, "test")


def test_only_contestants_of_undecided_pairs_get_more_seeds(tmp_path: Path) -> None:
    first = present(plan(), tmp_path, None)
    assert (first.seeds, first.looks, first.margin) == ((0, 1, 2), (3,), 0.05)
    second = following(first, ["gan", "cgan", "wgan"], [("gan", "wgan")], 20)
    assert second is not None
    assert {c.label: len(second.seeds_of(c)) for c in second.contestants} == {
        "gan": 5,
        "cgan": 3,
        "wgan": 5,
    }
    assert second.looks == (3, 5)
    assert from_dict(second.as_dict(), "itself") == second
    assert following(second, ["gan", "cgan", "wgan"], [("gan", "wgan")], 7) is None
    assert following(second, ["gan", "cgan", "wgan"], [], 20) is None
    eight = following(second, ["gan", "cgan", "wgan"], [("gan", "wgan")], 12)
    assert eight is not None
    assert eight.looks == (3, 5, 8)
    # A contestant that stopped early is caught up where a pair of it is open.
    again = following(eight, ["gan", "cgan", "wgan"], [("cgan", "wgan")], 20)
    assert again is not None
    assert again.looks == (3, 5, 8)
    assert {c.label: len(again.seeds_of(c)) for c in again.contestants} == {
        "gan": 8,
        "cgan": 5,
        "wgan": 8,
    }


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ((False, None, 5, None, None), "--max-seeds goes with --until-decided"),
        ((False, None, None, None, 3.0), "--within goes with --until-decided"),
        ((True, "3", None, None, None), "leave out --seeds"),
        ((True, None, 2, None, None), "--max-seeds is 3 or more"),
        ((True, None, None, 100.0, None), "between 0 and 100"),
    ],
)
def test_flags_that_do_not_go_together(flags: tuple, says: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(InputError, match=says):
        until_from(*flags)


def go(asked: Plan, root: Path) -> list[str]:
    """As `bench run` would, with its report."""
    asked = grown(asked, root, lambda line: None)
    trials = trials_of(asked)
    tiny.run(asked, root, trials, 1, Seen())
    (root / "summary.csv").write_text("")  # a report was seen
    return [trial.key for trial in trials]


@pytest.fixture
def two(quick: None, tmp_path: Path) -> Path:
    """A folder of two contestants and two seeds, with its report."""
    go(plan_of("gan,other=gan", seeds=(0, 1)), tmp_path / "two")
    return tmp_path / "two"


def test_seeds_added_by_hand_after_a_report_are_judged_in_looks(two: Path) -> None:
    go(plan_of("gan,other=gan", seeds=(0, 1, 2, 3)), two)
    results = bench.load(two).records
    assert results.experiment["looks"] == [2, 4]
    assert [look.n for look in reached(results, "ring8") or []] == [2, 4]


def test_what_was_not_asked_for_does_not_wait(two: Path) -> None:
    go(plan_of("gan", seeds=(0, 1, 2)), two)
    results = bench.load(two).records
    assert (results.trials["status"] == "finished").all()
    assert len(results.trials) == 5
    assert shared(results, "ring8") == [0, 1]


def test_an_open_look_is_not_judged(two: Path) -> None:
    asked = merged(plan_of("gan,other=gan", seeds=(0, 1, 2)), two)
    assert asked.looks == (2, 3)
    write_experiment(two, asked.as_dict(), {})  # killed before the third seed
    assert [look.n for look in reached(bench.load(two).records, "ring8") or []] == [2]


# --- What tables and text say, of three contestants of which one stopped at three seeds


@pytest.fixture
def stopped(tmp_path: Path) -> Results:
    values = {
        "gan": [10.0, 10.4, 9.8],
        "dcgan": [5.0, 5.1, 5.2, 4.0, 9.0],
        "wgan": [5.2, 5.0, 5.3, 4.4, 8.0],
    }
    results = final_only(tmp_path, values)
    trials = results.trials
    results.trials = trials[(trials["model"] != "gan") | (trials["seed"] < 3)]
    results.experiment |= {"seeds": [0, 1, 2, 3, 4], "looks": [3, 5], "margin": 0.05}
    return results


def test_each_pair_is_judged_at_its_look(stopped: Results) -> None:
    rows = comparisons(stopped)
    rows = rows[rows["outcome"] == "primary"].set_index(["model_a", "model_b"])
    assert rows.loc[("dcgan", "gan"), ["told", "n", "look"]].tolist() == ["lower", 3, 3]
    assert rows.loc[("dcgan", "gan"), "level"] == pytest.approx(1 - SHARES[0])
    assert rows.loc[("dcgan", "wgan"), ["told", "n", "look"]].tolist() == ["", 5, 5]
    y = np.log([[10, 10.4, 9.8], [5, 5.1, 5.2], [5.2, 5, 5.3]]).T
    expected = decide(y, looks([3]))[0].comparison  # gan against dcgan
    assert rows.loc[("dcgan", "gan"), "adjusted_p"] == pytest.approx(expected.adjusted_p)


def test_ranks_and_means_use_the_seeds_that_all_have(stopped: Results) -> None:
    table = Analysis(stopped).summary.set_index("model")
    assert table["fid_n"].tolist() == [3, 3, 3]
    assert table.loc["dcgan", "fid_mean"] == pytest.approx(5.1)
    text = text_of(Analysis(stopped))
    assert "Judged at 3 and 5 seeds, with .02 and .012 of the .05" in text
    assert "Means and ranks are of the 3 seeds that all contestants have" in text
    assert "2 of 3 pairs are told apart (in looks, at 3 and 5 seeds)" in text
    assert "over 3 seeds, 5 of 5 seeds finished" in text


def test_figures_use_the_seeds_that_all_have(stopped: Results) -> None:
    analysis = Analysis(stopped)
    drawn = analysis.matched_seeds
    assert set(drawn.results.evaluations["seed"]) == {0, 1, 2}
    assert len(drawn.results.trials) == 9
    assert drawn.comparisons is analysis.comparisons


def test_a_pair_within_the_margin_is_called_equal(tmp_path: Path) -> None:
    results = final_only(tmp_path, {"gan": [10.0, 11.0, 12.0], "wgan": [10.01, 11.0, 12.0]})
    results.experiment |= {"looks": [3], "margin": 0.05}
    (row,) = comparisons(results).query("outcome == 'primary'").to_dict("records")
    assert row["verdict"] == "equal within 5 %"
    assert row["equivalent"]
    assert "1 equal within 5 %" in text_of(Analysis(results))
