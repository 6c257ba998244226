"""Claims about samples on constructed rows, for each outcome, with effects worked by hand."""

from typing import Any

import numpy as np
import pytest

from bench.claims import CLAIMS, Run

from .fake_claims import NO, OPEN, YES, claim, contestant, judge, mixed, run_of, scaled

# Quality at the end.


@pytest.mark.parametrize(
    ("dcgan", "verdict"), [(scaled(10), YES), (scaled(40), NO), (mixed(10, 40), OPEN)]
)
def test_2_dcgan_against_gan(dcgan, verdict):
    found = judge(2, "", run_of({"dcgan": dcgan, "gan": [20.0] * 6}))
    assert found.verdict == verdict
    assert found.effect == pytest.approx(np.exp(np.log(np.array(dcgan) / 20).mean()))
    assert found.runs == "made (dcgan, gan; 1k images; seeds 0 1 2 3 4 5)"
    assert (found.metric, found.unit) == ("fid", "ratio")


def test_2_is_about_images():
    points = run_of({"dcgan": scaled(1), "gan": scaled(2)}, "emd", "ring8")
    assert claim(2).judge(points) is None


@pytest.mark.parametrize(
    ("wgan", "verdict"), [(scaled(40), YES), (scaled(10), NO), (mixed(10, 40), OPEN)]
)
@pytest.mark.parametrize(("metric", "dataset"), [("fid", "mnist5k"), ("emd", "ring8")])
def test_4_clipping_against_the_penalty(wgan, verdict, metric, dataset):
    found = judge(4, "", run_of({"wgan": wgan, "wgangp": [20.0] * 6}, metric, dataset))
    assert found.verdict == verdict
    assert found.metric == metric


@pytest.mark.parametrize(
    ("normed", "verdict"), [(scaled(40), YES), (scaled(10), NO), (mixed(10, 40), OPEN)]
)
def test_12_batch_norm_in_the_critic(normed, verdict):
    other = contestant("wgangp", "bn", discriminator_norm="batch")
    run = run_of({"bn": normed, "wgangp": [20.0] * 6}, contestants=[other])
    found = judge(12, "", run)
    assert (found.verdict, found.runs) == (
        verdict,
        "made (bn, wgangp; 1k images; seeds 0 1 2 3 4 5)",
    )


def test_12_takes_no_contestant_that_differs_in_anything_else():
    other = contestant("wgangp", "bn", discriminator_norm="batch", learning_rate=1e-4)
    run = run_of({"bn": scaled(40), "wgangp": [20.0] * 6}, contestants=[other])
    assert claim(12).judge(run) is None


@pytest.mark.parametrize("model", ["wgan", "wgangp"])
@pytest.mark.parametrize(
    ("own", "verdict"),
    [([8] * 6, YES), ([4] * 6, NO), ([8, 8, 8, 4, 4, 4], OPEN)],
)
def test_1_modes_at_the_end(model, own, verdict):
    run = run_of({model: own, "gan": [4] * 6}, "modes", "ring8")
    found = judge(1, f"{model}, at the end", run)
    assert found.verdict == verdict
    assert found.unit == "modes"
    assert found.effect == pytest.approx(np.mean(own) - 4)


@pytest.mark.parametrize(
    ("early", "verdict"),
    [([8] * 6, YES), ([0.5] * 6, NO), ([8, 8, 8, 0, 0, 0], OPEN)],
)
def test_1_modes_through_training(early, verdict):
    # Of the GAN 1 and 8; of WGAN-GP `early` and 8: the mean of the two evaluations, not the start.
    courses = [
        ("gan", "modes", {0: [0] * 6, 500: [1] * 6, 1000: [8] * 6}),
        ("wgangp", "modes", {0: [9] * 6, 500: early, 1000: [8] * 6}),
    ]
    run = run_of(courses=courses, dataset="grid25")
    found = judge(1, "wgangp, through training", run)
    assert found.verdict == verdict
    assert found.effect == pytest.approx((np.mean(early) - 1) / 2)


def test_1_a_lost_trial_covers_nothing():
    run = run_of({"wgan": [*[8] * 5, None], "gan": [4] * 6}, "modes", "ring8")
    found = judge(1, "wgan, at the end", run)
    assert found.effect == pytest.approx((5 * 4 - 4) / 6)
    assert found.verdict == OPEN


@pytest.mark.parametrize(
    ("share", "often", "nearly"),
    [(0.95, YES, YES), (0.75, YES, NO), (0.2, NO, NO)],
)
def test_9_labels(share, often, nearly):
    run = run_of({"cgan": scaled(share)}, "label_accuracy")
    assert judge(9, "more often than not", run).verdict == often
    assert judge(9, "nine times of ten", run).verdict == nearly


def test_9_labels_that_vary():
    run = run_of({"cgan": mixed(0.3, 0.95)}, "label_accuracy")
    assert {judge(9, c.part, run).verdict for c in CLAIMS if c.number == 9} == {OPEN}


@pytest.mark.parametrize(
    ("values", "verdict"),
    [(scaled(0.1), YES), (scaled(-9), NO), ([-3, -3, -3, 1, 1, 1], OPEN)],
)
@pytest.mark.parametrize("model", ["gan", "cgan", "dcgan", "wgan", "wgangp"])
def test_10_copies(values, verdict, model):
    found = judge(10, model, run_of({model: values}, "memorisation"))
    assert found.verdict == verdict
    assert found.margin == -0.95


# Steps of the critic.


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize(
    ("values", "verdict"), [(scaled(30), YES), (scaled(10), NO), (mixed(10, 30), OPEN)]
)
def test_15_at_equal_images(steps, values, verdict):
    other = contestant("wgangp", "few", discriminator_steps=steps)
    run = run_of({"few": values, "wgangp": [20.0] * 6}, contestants=[other])
    assert judge(15, f"{steps} or 5, images", run).verdict == verdict


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize(
    ("values", "verdict"), [(scaled(60), YES), (scaled(3), NO), (mixed(2, 60), OPEN)]
)
def test_15_at_equal_seconds(steps, values, verdict):
    # Five steps: 10 seconds for 80 to 20. Few: 20 seconds, from 80 to `values`, halfway at 10.
    other = contestant("wgangp", "few", discriminator_steps=steps)
    few = {0: [80.0] * 6, 1000: values}
    run = run_of(
        courses=[("few", "fid", few), ("wgangp", "fid", {0: [80.0] * 6, 1000: [20.0] * 6})],
        contestants=[other],
        seconds={"few": 20.0, "wgangp": 10.0},
    )
    found = judge(15, f"{steps} or 5, seconds", run)
    assert found.verdict == verdict
    expected = [np.sqrt(80 * x) / 20 for x in values]
    assert found.effect == pytest.approx(np.exp(np.log(expected).mean()))
    assert "seconds of the machine" in found.note


def test_15_a_lost_trial_is_worse_at_equal_seconds_too():
    # Where both ended, one step is better, and six more of its trials were lost.
    other = contestant("wgangp", "few", discriminator_steps=1)
    courses = [("few", "fid", {1000: scaled(10)}), ("wgangp", "fid", {1000: [20.0] * 12})]
    run = run_of({"few": [10.0] * 6 + [None] * 6}, courses=courses, contestants=[other])
    for clock in ("images", "seconds"):
        found = judge(15, f"1 or 5, {clock}", run)
        assert found.verdict == OPEN
        assert found.n == 6
        assert (
            "with lost trials as the worst: cannot tell; of the others: contradicted" in found.note
        )


# Rankings.


def rates(values: dict[str, tuple[Any, ...]], seeds: int = 6) -> Run:
    """values: model -> FID at half, one and two times its rate, of all seeds or a list of them."""
    made, finals = [], {}
    for model, at in values.items():
        for times, fids in zip((0.5, 1, 2), at, strict=True):
            one = contestant(model, f"{model}-{times}")
            rate = times * one.config["learning_rate"]
            made.append(contestant(model, one.label, learning_rate=rate))
            finals[one.label] = fids if isinstance(fids, list) else [fids] * seeds
    return run_of(finals, contestants=made)


SAME = {"gan": (3, 1, 3), "dcgan": (4, 2, 4), "wgan": (5, 3, 5)}
# Reversed at both other rates: tau is -1 there, and the winner another one.
TURNED = {"gan": (9, 1, 9), "dcgan": (8, 2, 8), "wgan": (7, 3, 7)}
# The best rate of gan is the usual one, that of wgan is another one that beats all.
TUNED = {"gan": (9, 1, 9), "dcgan": (8, 2, 8), "wgan": (0.5, 3, 7)}
HALF = [3, 3, 3, 9, 9, 9]


def test_16_a_ranking_that_survives():
    run = rates(SAME)
    found = [judge(16, part, run) for part in ("other rates", "best rates", "winner")]
    assert [one.verdict for one in found] == [YES, YES, YES]
    assert [one.effect for one in found] == [1, 1, 0]
    assert found[0].note == "3 models, 3 learning rates each"


def test_16_a_ranking_that_turns():
    run = rates(TURNED)
    assert judge(16, "other rates", run).effect == -1
    assert judge(16, "other rates", run).verdict == NO
    assert judge(16, "winner", run).verdict == NO
    assert judge(16, "winner", run).effect == 1
    tuned = judge(16, "best rates", rates(TUNED))
    # 1, 2, 3 at the usual rates; 1, 2, 0.5 at the best: of three pairs two turn.
    assert tuned.verdict == NO
    assert tuned.effect == pytest.approx(-1 / 3)


def test_16_seeds_that_disagree():
    mixed = {"gan": (HALF, 1, HALF), "dcgan": (8, 2, 8), "wgan": (7, 3, 7)}
    found = judge(16, "winner", rates(mixed))
    assert found.verdict == OPEN
    assert found.effect == 0.5
    run = rates({"gan": (HALF, 1, HALF), "dcgan": (5, 2, 5), "wgan": (6, 3, 6)})
    # Half of the seeds keep the order, in the others gan falls to the end: (1 - 1/3) / 2.
    found = judge(16, "other rates", run)
    assert found.verdict == OPEN
    assert found.effect == pytest.approx(1 / 3)


def test_16_the_best_rate_is_chosen_in_the_same_seed():
    # wgan's best rate is 50 at seed 0 and 0.1 at the others, where it wins.
    run = rates({"gan": (9, 1, 9), "dcgan": (8, 2, 8), "wgan": ([50] + [0.1] * 5, 3, 7)})
    found = judge(16, "best rates", run)
    # At seed 0 the order stays (tau 1); at the others it is wgan, gan, dcgan: the median.
    assert found.effect == pytest.approx(-1 / 3)
    assert (found.low, found.high) == pytest.approx((-1 / 3, 1))


def test_16_a_best_rate_that_helps_half_of_the_seeds():
    # wgan wins at three seeds and keeps its place at the other three.
    values = {"gan": (9, 1, 9), "dcgan": (8, 2, 8), "wgan": ([6, 6, 6, 0.01, 0.01, 0.01], 3, 7)}
    found = judge(16, "best rates", rates(values))
    assert found.verdict == OPEN
    assert found.effect == pytest.approx(1 / 3)


def test_16_a_lost_trial_is_last():
    run = rates({"gan": (3, 1, [None] * 6), "dcgan": (4, 2, 4), "wgan": (5, 3, 5)})
    found = judge(16, "other rates", run)
    assert found.effect == pytest.approx((1 - 1 / 3) / 2)  # 1, and gan last: one pair of three
    assert "6 of 54 trials lost" in found.note


def test_16_one_swap_of_five_is_the_margin_itself():
    # Kendall's tau is 0.8 at each seed and rate, and 0.7999999999999999 as it is computed.
    at = {"gan": (1, 1, 1), "cgan": (2, 2, 2), "dcgan": (4, 3, 4), "wgan": (3, 4, 3)}
    found = judge(16, "other rates", rates(at | {"wgangp": (5, 5, 5)}, seeds=8))
    assert found.effect == 0.8
    assert found.verdict == OPEN


@pytest.mark.parametrize("first", ["gan", "wgan"])
def test_16_a_rate_at_which_all_are_lost_has_no_winner(first):
    gone = [None] * 6
    values = {"gan": (3, 1, gone), "dcgan": (4, 2, gone), "wgan": (5, 3, gone)}
    run = rates({first: values[first]} | values)
    assert judge(16, "winner", run).effect == 0
    lost = {name: (gone, at[1], gone) for name, at in values.items()}
    assert claim(16, "winner").judge(rates(lost)) is None
