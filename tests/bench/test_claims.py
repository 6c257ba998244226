"""The rule that decides claims, and the table of all of them."""

import math
import re

import numpy as np
import pytest
from numpy.typing import ArrayLike

from bench.claims import (
    CLAIMS,
    COLUMNS,
    NEEDS,
    Contestant,
    Effects,
    Region,
    decided,
    judged,
    missing,
)

from .fake_claims import (
    NO,
    OPEN,
    SPREAD,
    YES,
    contestant,
    judge,
    mixed,
    run_of,
    scaled,
)

# The rule itself.


def effects(values: ArrayLike, unit: str = "x") -> Effects:
    return Effects(values, unit, "m", "runs")


@pytest.mark.parametrize(
    ("claimed", "value", "verdict", "margin"),
    [
        (Region(low=1), 2, YES, 1),
        (Region(low=1), 0.5, NO, 1),
        (Region(high=1), 0.5, YES, 1),
        (Region(high=1), 2, NO, 1),
        (Region(0.8, 1.2), 1.1, YES, 1.2),
        (Region(0.8, 1.2), 0.5, NO, 0.8),
        (Region(0.8, 1.2), 3, NO, 1.2),
        (Region(-1, 1, inside=False), 3, YES, 1),
        (Region(-1, 1, inside=False), -3, YES, -1),
        (Region(-1, 1, inside=False), 0.2, NO, 1),
    ],
)
def test_an_interval_on_one_side_of_the_margin_decides(claimed, value, verdict, margin):
    found = decided(effects(value + 0.01 * np.array([-2, -1, 0, 0.5, 1.5, 1])), claimed)
    assert found.verdict == verdict
    assert found.margin == margin
    assert found.effect == pytest.approx(value)
    assert (found.n, found.level) == (6, 0.95)
    # With 6 seeds the interval is from the least to the greatest of the values.
    assert (found.low, found.high) == pytest.approx((value - 0.02, value + 0.015))
    assert found.p == 2 / 2**6
    assert (found.depth > 0) == (verdict == YES)
    assert found.depth_low < found.depth < found.depth_high


def test_an_interval_across_the_margin_decides_nothing():
    found = decided(effects([1, 1, 1, 1, 1, -1]), Region(low=0))
    assert found.verdict == OPEN
    assert found.low < 0 < found.high


def test_fewer_than_six_seeds_never_decide_and_say_so():
    found = decided(effects([5.0, 5.1, 4.9, 5.0, 5.05]), Region(low=0))
    assert found.verdict == OPEN
    assert found.note == "5 seeds can never decide at 5 %; 6 could"
    assert math.isnan(found.planned_power)
    assert found.low > 4  # Student's t is shown all the same


def test_the_planned_power_is_that_of_the_seeds():
    # A paired t test of 10 shows 1 sd with 80 %: G*Power, 0.996.
    found = decided(effects(np.arange(10.0)), Region(low=0))
    assert found.planned_power == pytest.approx(0.996, abs=1e-3)


def test_ratios_are_given_of_logarithms():
    found = decided(effects(np.log(scaled(2)), "ratio"), Region(low=0))
    assert found.effect == pytest.approx(2 * np.prod(SPREAD) ** (1 / 6))
    assert (found.low, found.high, found.margin) == pytest.approx((1.94, 2.06, 1))


# Lost trials.


def test_lost_trials_count_as_worse_than_any_finished_one():
    # dcgan is better at all six seeds that both finished, and is lost at three more.
    finals: dict[str, list[float | None]] = {
        "dcgan": [*scaled(5), None, None, None],
        "gan": [*scaled(6), 6, 6, 6],
    }
    found = judge(2, "", run_of(finals))
    # Ranks of the sizes: six at -3.5 (all the same ratio), three lost at +8.
    assert found.verdict == OPEN
    assert found.n == 6
    assert "dcgan: 3 lost" in found.note
    assert "of the others: supported" in found.note


def test_a_model_that_lost_every_trial_is_worse_all_the_same():
    found = judge(2, "", run_of({"dcgan": [None] * 6, "gan": scaled(6)}))
    assert found.verdict == NO
    assert found.n == 0
    assert math.isnan(found.effect)


# The table.


def test_every_claim_of_the_issue_has_a_rule_a_source_and_what_it_needs():
    assert {c.number for c in CLAIMS} == set(NEEDS) == set(range(1, 17))
    assert all(c.rule and c.source and c.statement for c in CLAIMS)
    assert len({(c.number, c.part) for c in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize("one", CLAIMS, ids=lambda c: f"{c.number} {c.part}")
def test_a_rule_says_the_margin_that_decides(one):
    as_ratio = one.claimed.words(math.exp)
    said = {
        "between 0.1 and 10": "within a factor of 10",
        "not between 0.1 and 10": "beyond a factor of 10",
    }.get(as_ratio, as_ratio)
    texts = (one.claimed.words(), said, "at most 1;")
    assert any(re.search(re.escape(text) + r"(?!\.?\d)", one.rule) for text in texts)


def test_the_table_has_a_row_for_what_nothing_was_recorded_of():
    table = judged([run_of({"dcgan": scaled(1), "gan": scaled(2)})])
    assert list(table.columns) == COLUMNS
    assert len(table) == len(CLAIMS)
    assert missing(table) == [n for n in range(1, 17) if n != 2]
    absent = table[table["claim"] == 7].iloc[0]
    assert (absent["verdict"], absent["n"]) == (OPEN, 0)
    assert absent["note"] == "needs a folder of `bench study vanishing`"
    assert len(judged([run_of({"dcgan": scaled(1), "gan": scaled(2)})], whole=False)) == 1


def test_of_two_folders_the_one_with_more_seeds_speaks():
    few = run_of({"dcgan": [1.0, 1.1], "gan": [2.0, 2.0]}, folder="few")
    many = run_of({"dcgan": scaled(4), "gan": scaled(2)}, folder="many")
    for order in ([few, many], [many, few]):
        (row,) = judged(order, whole=False).to_dict("records")
        assert (row["runs"].split()[0], row["verdict"], row["n"]) == ("many", NO, 6)


def test_q_is_that_of_benjamini_and_hochberg():
    run = run_of(
        {"wgan": scaled(40), "wgangp": mixed(10, 40), "dcgan": scaled(9), "gan": [20.0] * 6}
    )
    table = judged([run], whole=False)
    p = table["p"].to_numpy()
    m = len(p)
    by_hand = [min(m * p[p >= x] / [np.sum(p <= y) for y in p[p >= x]]) for x in p]
    assert m > 1
    assert table["q"].to_numpy() == pytest.approx(by_hand)


def test_of_several_learning_rates_the_middle_one_is_the_model():
    found = [contestant("gan", f"g{rate}", learning_rate=rate) for rate in (4.0, 1.0, 2.0)]
    usual = run_of({"g1.0": [1.0]}, contestants=found).usual("gan")
    assert usual is not None
    assert usual.label == "g2.0"


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("gan", {"saturating": True}),
        ("gan", {"backbone": "conv"}),
        ("dcgan", {"backbone": "mlp"}),
        ("wgan", {"clip": math.inf}),
        ("wgan", {"discriminator_steps": 1}),
        ("wgangp", {"penalty": 0}),
        ("wgangp", {"discriminator_norm": "batch"}),
    ],
)
def test_another_game_is_not_the_papers(model, changes):
    assert contestant(model).usual()
    assert not contestant(model, **changes).usual()


def test_a_folder_is_not_passed_over_for_the_trials_that_it_lost():
    lossy = run_of({"dcgan": scaled(1) + [None] * 6, "gan": [2.0] * 12}, folder="lossy")
    few = run_of({"dcgan": scaled(1) + [1.0] * 2, "gan": [2.0] * 8}, folder="few")
    (row,) = judged([few, lossy], whole=False).to_dict("records")
    assert row["runs"].startswith("lossy")


def test_a_contestant_of_which_nothing_ran_is_no_evidence():
    assert not Contestant("cgan", "cgan", {}).usual()
