"""Claims about training on constructed rows, for each outcome, with effects worked by hand."""

import math

import numpy as np
import pytest

from .fake_claims import (
    NO,
    OPEN,
    SPREAD,
    YES,
    claim,
    contestant,
    depth,
    judge,
    mixed,
    run_of,
    scaled,
    vanishing,
)

# Curves.


@pytest.mark.parametrize(
    ("number", "part", "model", "metric", "values", "verdict"),
    [
        (3, "clipping", "wgan", "weights/edge", scaled(0.6), YES),
        (3, "clipping", "wgan", "clip/saturated", scaled(0.6), YES),
        (3, "clipping", "wgan", "weights/edge", scaled(0.02), NO),
        (3, "clipping", "wgan", "weights/edge", mixed(0.02, 0.6), OPEN),
        (3, "penalty", "wgangp", "weights/edge", scaled(0.02), YES),
        (3, "penalty", "wgangp", "weights/edge", scaled(0.6), NO),
        (3, "penalty", "wgangp", "weights/edge", mixed(0.02, 0.6), OPEN),
        (5, "near 1", "wgangp", "slope/between/mean", scaled(1), YES),
        (5, "near 1", "wgangp", "slope/mean", scaled(1), YES),
        (5, "near 1", "wgangp", "slope/between/mean", scaled(1.5), NO),
        (5, "near 1", "wgangp", "slope/between/mean", mixed(1, 1.5), OPEN),
        (5, "at most 1", "wgangp", "lipschitz/max", scaled(1.5), NO),
        (5, "at most 1", "wgangp", "lipschitz/max", scaled(0.5), OPEN),  # it cannot support
        (5, "at most 1", "wgangp", "lipschitz/max", mixed(0.5, 2), OPEN),
        (8, "gan, real", "gan", "output/real", scaled(0.5), YES),
        (8, "gan, real", "gan", "output/real", scaled(0.9), NO),
        (8, "gan, real", "gan", "output/real", mixed(0.3, 0.5), OPEN),
        (8, "dcgan, fake", "dcgan", "output/fake", scaled(0.5), YES),
        (8, "dcgan, fake", "dcgan", "output/fake", scaled(0.1), NO),
        (8, "dcgan, fake", "dcgan", "output/fake", mixed(0.3, 0.5), OPEN),
    ],
)
def test_what_a_curve_ends_at(number, part, model, metric, values, verdict):
    # Only the last tenth counts: the row at 900 is before it, those at 950 and 1000 are in it.
    course = {
        900: [77.0] * 6,
        950: [0.9 * v for v in values],
        1000: [1.1 * v for v in values],
    }
    found = judge(number, part, run_of(curves=[(model, metric, course)]))
    assert found.verdict == verdict
    assert found.metric == metric
    assert found.effect == pytest.approx(np.mean(values))


def test_5_what_does_not_break_the_bound_supports_nothing():
    run = run_of(curves=[("wgangp", "lipschitz/max", {1000: scaled(0.5)})])
    found = judge(5, "at most 1", run)
    assert "says nothing of the others" in found.note
    assert "penalty = 10" in found.note


def losing(order: list[int]) -> dict[int, list[float]]:
    """The discriminator's loss, falling from image 100 to 400 or as `order` has it, six seeds."""
    return {100 * (i + 1): [-10.0 * x - 0.01 * s for s in range(6)] for i, x in enumerate(order)}


@pytest.mark.parametrize(
    ("part", "order", "verdict", "rho"),
    [
        ("wgan", [4, 3, 2, 1], YES, 1),
        ("wgangp", [4, 3, 2, 1], YES, 1),
        ("wgangp", [1, 2, 3, 4], NO, -1),
        ("wgangp", [2, 3, 1, 4], NO, -0.4),
        ("gan", [1, 2, 3, 4], YES, -1),
        ("gan", [4, 3, 2, 1], NO, 1),
    ],
)
def test_6_does_the_loss_track_quality(part, order, verdict, rho):
    quality = {0: [99] * 6, 100: [40] * 6, 200: [30] * 6, 300: [20] * 6, 400: [10] * 6}
    run = run_of(
        courses=[(part, "fid", quality)],
        curves=[(part, "loss/discriminator", losing(order))],
    )
    found = judge(6, part, run)
    assert found.verdict == verdict
    # Minus the loss is 10 order: its rank correlation with 4, 3, 2, 1.
    assert found.effect == pytest.approx(rho)


@pytest.mark.parametrize("part", ["wgan", "gan"])
def test_6_seeds_that_disagree(part):
    quality = {at: [50 - at / 10] * 6 for at in (0, 100, 200, 300, 400)}
    loss = {at: [*[at] * 3, *[-at] * 3] for at in (100, 200, 300, 400)}
    run = run_of(courses=[(part, "fid", quality)], curves=[(part, "loss/discriminator", loss)])
    found = judge(6, part, run)
    assert found.verdict == OPEN
    assert found.effect == 0


def test_6_the_loss_is_the_mean_since_the_evaluation_before():
    quality = {0: [9] * 6, 100: [4] * 6, 200: [3] * 6, 300: [2] * 6, 400: [1] * 6}
    loss = {at: [1.0] * 6 for at in (50, 100, 150, 200, 250, 300, 350)}
    # Means 1, 1, 1 and (1 + 9) / 2: three ties below, so rho of (2, 2, 2, 4) and (1, 2, 3, 4).
    run = run_of(
        courses=[("wgan", "fid", quality)],
        curves=[("wgan", "loss/discriminator", loss | {400: [9.0] * 6})],
    )
    assert judge(6, "wgan", run).effect == pytest.approx(3 / math.sqrt(3 * 5))


@pytest.mark.parametrize(
    ("part", "model", "freed"),
    [("clip = inf", "wgan", {"clip": math.inf}), ("penalty = 0", "wgangp", {"penalty": 0.0})],
)
@pytest.mark.parametrize(
    ("growth", "verdict"), [(scaled(50), YES), (scaled(2), NO), (mixed(2, 50), OPEN)]
)
def test_13_a_free_critic(part, model, freed, growth, verdict):
    free = contestant(model, "free", **freed)
    half = {450: [1.0] * 6, 500: [3.0] * 6, 920: [2 * g for g in growth], 960: [0.0] * 6}
    real = half | {960: [2 * g for g in growth]}  # the mean gap: from 2 to 2 growth
    run = run_of(
        curves=[
            ("free", "score/real", real),
            ("free", "score/fake", {at: [0.0] * 6 for at in real}),
        ],
        contestants=[contestant(model), free],
    )
    found = judge(13, part, run)
    assert found.verdict == verdict
    assert found.margin == pytest.approx(10)
    assert found.effect == pytest.approx(np.exp(np.log(growth).mean()))


def test_13_a_diverged_critic_has_exploded():
    free = contestant("wgan", "free", clip=math.inf)
    run = run_of({"free": [None] * 6}, contestants=[contestant("wgan"), free])
    found = judge(13, "clip = inf", run)
    assert found.verdict == YES
    assert found.n == 6
    assert found.effect == pytest.approx(1e9)
    assert found.note == (
        "free: 6 lost; 6 diverged, counted as 9 decades; "
        "the 6 seeds have few values: rare exceptions are not excluded"
    )


def test_13_a_trial_that_failed_tells_nothing_of_the_critic():
    free = contestant("wgan", "free", clip=math.inf)
    run = run_of({"free": [None] * 6}, contestants=[contestant("wgan"), free])
    run.trials["status"] = "failed"
    assert claim(13, "clip = inf").judge(run) is None


@pytest.mark.parametrize("model", ["wgan", "wgangp"])
@pytest.mark.parametrize(
    ("swing", "verdict"), [(scaled(0.4), YES), (scaled(0.05), NO), (mixed(0.05, 0.4), OPEN)]
)
def test_14_oscillation(model, swing, verdict):
    # The critic goes 10, 8, 10: a change of 2 on a mean of 28 / 3. The GAN 1, 1 + swing, 1.
    gan = {600: [1] * 6, 800: [1 + s for s in swing], 1000: [1] * 6}
    critic = {100: [999] * 6, 600: [-10] * 6, 800: [-8] * 6, 1000: [-10] * 6}
    run = run_of(curves=[("gan", "loss/discriminator", gan), (model, "loss/discriminator", critic)])
    found = judge(14, f"{model}, by size", run)
    assert found.verdict == verdict
    ratios = [s / ((3 + s) / 3) / (2 / (28 / 3)) for s in swing]
    assert found.effect == pytest.approx(np.exp(np.log(ratios).mean()))


@pytest.mark.parametrize("model", ["wgan", "wgangp"])
def test_14_oscillation_by_range(model):
    # Both losses change by 0.1 a row late. The GAN's went through 0.5 in all, the critic's through
    # 10, and came to rest near 0, so that by size its 0.1 is the larger change.
    gan = {100: [1.2] * 6, 600: [0.7] * 6, 800: [0.8] * 6, 1000: [0.7] * 6}
    critic = {100: [-10.0] * 6, 600: [0.0] * 6, 800: [-0.1] * 6, 1000: [0.0] * 6}
    run = run_of(curves=[("gan", "loss/discriminator", gan), (model, "loss/discriminator", critic)])
    assert judge(14, f"{model}, by range", run).effect == pytest.approx(0.1 / 0.5 / (0.1 / 10))
    assert judge(14, f"{model}, by range", run).verdict == YES
    assert judge(14, f"{model}, by size", run).verdict == NO


# Studies.


@pytest.mark.parametrize(
    ("game", "last", "verdict"),
    [
        ("saturating", scaled(0.001), YES),
        ("saturating", scaled(0.5), NO),
        ("saturating", mixed(0.001, 3), OPEN),
        ("clipping", scaled(0.5), YES),
        ("clipping", scaled(0.001), NO),
        ("clipping", mixed(0.001, 3), OPEN),
        ("penalty", scaled(0.5), YES),
        ("penalty", scaled(0.001), NO),
        ("penalty", mixed(0.001, 3), OPEN),
    ],
)
def test_7_vanishing_gradients(game, last, verdict):
    found = judge(7, game, vanishing({game: [(1.0, x) for x in last], "other": [(1, 1)] * 6}))
    assert found.verdict == verdict
    assert found.margin == pytest.approx(0.1)
    assert found.effect == pytest.approx(np.exp(np.log(last).mean()))
    assert "from step 1 to 1,000" in found.note


def layers(decades: float, seeds: int = 6) -> list[list[float]]:
    """Norms that change by so many decades from the output side to the input side, 12 layers."""
    line = np.linspace(decades, 0, 12)
    return [list(10 ** (line * x)) for x in SPREAD[:seeds]]


@pytest.mark.parametrize("part", ["clip=0.1", "clip=0.01", "clip=0.001"])
@pytest.mark.parametrize(
    ("norms", "verdict"),
    [
        (layers(4), YES),
        (layers(-4), YES),
        (layers(0.2), NO),
        ([*layers(4, 3), *layers(0.1, 3)], OPEN),
    ],
)
def test_11_depth_under_clipping(part, norms, verdict):
    found = judge(11, part, depth({part: norms, "penalty=10": layers(0.1)}))
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("norms", "verdict"),
    [(layers(0.2), YES), (layers(4), NO), ([*layers(4, 3), *layers(0.1, 3)], OPEN)],
)
def test_11_depth_under_the_penalty(norms, verdict):
    found = judge(11, "penalty", depth({"penalty=10": norms, "clip=0.1": layers(4)}))
    assert found.verdict == verdict
    assert found.effect == pytest.approx(
        np.exp(np.mean([np.log(seed[0] / seed[-1]) for seed in norms]))
    )


def test_11_of_two_penalties_the_first_is_judged():
    both = depth({"penalty=1": layers(0), "penalty=10": layers(3)})
    found = judge(11, "penalty", both)
    assert (found.verdict, found.note) == (
        YES,
        "penalty=1; 12 layers; the 6 seeds have few values: rare exceptions are not excluded",
    )
