"""The topics of the lectures: closed forms, enumeration, other libraries, the notes' numbers."""

import itertools
import math
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scipy.stats import binom, wasserstein_distance
from torch.nn import functional

from bench.cli import main
from bench.lectures import (
    TOPICS,
    collapse,
    contradictions,
    convolution,
    divergences,
    information,
    lipschitz,
    norms,
    sharpness,
    transport,
    vanishing,
)
from bench.lectures.lesson import Lesson, published
from bench.studies import distances

ROOT = Path(__file__).parents[2]
LESSONS: dict[str, Lesson] = {}


def lesson(topic: str) -> Lesson:
    if topic not in LESSONS:
        LESSONS[topic] = import_module(f"bench.lectures.{topic}").lesson()
    return LESSONS[topic]


def values(topic: str) -> dict[str, float]:
    frame = lesson(topic).table.frame
    return dict(zip(frame["quantity"], frame["value"], strict=True))


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if topic != "contradictions"])
def test_a_number_of_the_notes_is_ours_to_its_last_digit(topic):
    table = lesson(topic).table
    printed = [(row[3], value) for row, value in zip(table.rows, table.frame["value"], strict=True)]
    for text, value in printed:
        if re.fullmatch(r"-?[\d.,]+", text):  # the notes cut off digits: 116.547 is 116.54
            digit = 10 ** -len(text.partition(".")[2])
            assert value == pytest.approx(float(text.replace(",", "")), abs=1.01 * digit), text


def test_the_cross_entropies_are_gaussian_integrals():
    for mean in (0.0, 2.0, 4.0, 8.0):
        closed = math.log(2 * math.pi) / 2 + (1 + mean**2) / 2
        assert information.integral(mean) == pytest.approx(closed, abs=1e-8)


def test_the_divergences_are_those_of_a_published_example():
    # The binomial with two trials and p = 0.4 against the uniform law: Kullback 1959, table 2.1.
    assert pytest.approx(binom.pmf([0, 1, 2], 2, 0.4)) == divergences.P
    assert divergences.kl(divergences.P, divergences.Q) == pytest.approx(0.0852996, abs=1e-7)
    assert divergences.kl(divergences.Q, divergences.P) == pytest.approx(0.097455, abs=1e-6)


def test_no_discriminator_beats_the_optimum_and_training_finds_it():
    p, q = divergences.P, divergences.Q
    best = 2 * distances.jensen_shannon(p, q) - 2 * math.log(2)
    assert divergences.value(p, q, np.log(p / q)) == pytest.approx(best, abs=1e-12)
    assert divergences.value(p, q, divergences.trained(p, q)) == pytest.approx(best, abs=1e-9)
    for scores in itertools.product(np.linspace(-2, 2, 9), repeat=3):
        assert divergences.value(p, q, np.array(scores)) <= best + 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_hand_plan_and_critic_agree_with_scipy_and_pot(seed):
    rng = np.random.default_rng(seed)
    p, q = (rng.multinomial(20, [0.25] * 4).astype(float) for _ in "pq")
    by_scipy = 20 * wasserstein_distance(range(4), range(4), p, q)
    best, critic = transport.plan(p, q, transport.COSTS), transport.critic(p, q)
    assert best.sum(1) == pytest.approx(p)
    assert best.sum(0) == pytest.approx(q)
    assert np.abs(np.diff(critic)).max() <= 1 + 1e-9
    for found in (
        np.abs(transport.by_hand(p, q)).sum(),
        (best * transport.COSTS).sum(),
        critic @ (p - q),
        transport.by_network_simplex(p, q),
    ):
        assert found == pytest.approx(by_scipy, abs=1e-9)


def test_no_weights_of_a_clipped_critic_beat_the_bounds():
    values, weights = lipschitz.clipped(16, 0.01)
    assert (np.abs(weights) == 0.01).all()
    rng, knots = np.random.default_rng(0), np.linspace(*lipschitz.INSIDE, 10)[1:-1]
    fine = lipschitz.FINE[:, None]
    features = 0.01 * np.maximum(np.concatenate([fine - knots, knots - fine], axis=1), 0)
    for _ in range(100):
        other = features @ rng.uniform(-0.01, 0.01, 16)
        assert lipschitz.dual(other) < lipschitz.dual(values)
    # |x| is what a free critic may be, and W = .5 by moving .25 + .25 half a place each.
    assert lipschitz.at_most_one() == pytest.approx((0.5, 0.5), abs=1e-9)
    assert pytest.approx(wasserstein_distance(lipschitz.P, lipschitz.Q)) == 0.5


@pytest.mark.parametrize("penalty", [10.0, 0.1])
def test_the_penalised_critic_is_the_best_under_its_penalty(penalty):
    density, place = 1 / 1.5, (lipschitz.FINE[1:] + lipschitz.FINE[:-1]) / 2
    inside = np.abs(place) <= 0.75

    def objective(values: np.ndarray) -> float:
        slopes = np.diff(values) / np.diff(lipschitz.FINE)
        cost = penalty * (np.abs(slopes) - 1) ** 2 * density
        paid = (cost * np.diff(lipschitz.FINE))[inside].sum()
        return lipschitz.dual(values) - float(paid)

    best = lipschitz.penalised(penalty)
    for change in (np.abs(lipschitz.FINE), np.square(lipschitz.FINE), np.sin(9 * lipschitz.FINE)):
        for size in (-0.02, 0.02):
            assert objective(best + size * change) < objective(best)
    outer = values("lipschitz")[f"largest slope under the penalty of {penalty:g}"]
    assert outer == pytest.approx(1 + 0.5 * 1.5 / (2 * penalty), rel=1e-6)


@pytest.mark.parametrize("layer", convolution.WORKED)
def test_convolutions_are_those_of_torch_and_transposes_of_each_other(layer):
    rng = np.random.default_rng(1)
    image, kernel = rng.normal(size=(6, 6)), rng.normal(size=(layer.kernel,) * 2)
    of_torch = functional.conv2d(
        torch.from_numpy(image)[None, None],
        torch.from_numpy(kernel)[None, None],
        stride=layer.stride,
        padding=layer.padding,
    )[0, 0]
    ours = convolution.convolved(image, kernel, layer.stride, layer.padding)
    assert ours == pytest.approx(of_torch.numpy())
    assert len(ours) == convolution.size(6, layer)
    matrix = convolution.matrix(6, kernel, layer.stride, layer.padding)
    assert matrix @ image.ravel() == pytest.approx(ours.ravel())
    back = functional.conv_transpose2d(
        of_torch[None, None],
        torch.from_numpy(kernel)[None, None],
        stride=layer.stride,
        padding=layer.padding,
    )[0, 0].numpy()
    assert len(back) == convolution.transposed_size(len(ours), layer)
    # Rows of the image that no window reaches are not part of what torch gives back.
    assert (matrix.T @ ours.ravel()).reshape(6, 6)[: len(back), : len(back)] == pytest.approx(back)


def test_lasso_thresholds_and_ridge_shrinks():
    lasso, ridge = norms.fitted(norms.STRENGTH)
    assert lasso == pytest.approx([2.5, -1.0, 0, 0], abs=1e-9)
    assert ridge == pytest.approx(norms.WEIGHTS / 1.5, abs=1e-12)
    assert (norms.closest(1), norms.closest(2)) == pytest.approx((3, 22), abs=1e-6)
    walks = [w for w in itertools.product("xy", repeat=7) if w.count("x") == 3]
    assert values("norms")["shortest paths along a grid from (0, 0) to (3, 4)"] == len(walks)


@pytest.mark.parametrize("shift", [0.5, 2.0, 6.0])
def test_the_saturating_gradient_is_twice_that_of_js(shift):
    step = 1e-4
    js = [distances.gaussians(shift + by)["js"] for by in (-step, step)]
    found = vanishing.by_shift(shift)
    assert found["saturating"] == pytest.approx((js[1] - js[0]) / step, rel=1e-4)
    assert found["saturating"] + found["non-saturating"] == pytest.approx(shift, abs=1e-8)
    score = torch.tensor(-3.0, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.log(1 - torch.sigmoid(score)), score)
    sizes = vanishing.by_score(torch.sigmoid(score).item())
    assert sizes["saturating"] == pytest.approx(-slope.item(), rel=1e-5)


def test_few_modes_and_small_gradients_are_two_things():
    found = collapse.measured().groupby("model").mean()
    assert collapse.measured().groupby("model").size().eq(8).all()
    assert found.loc["gan", "modes"] < 6 < found.loc["wgan", "modes"] == 8
    small, large = (found.loc[m, "grad_norm/generator"] for m in ("wgan", "gan"))
    assert small < large / 100


def test_sharpness_is_that_of_the_recorded_samples_and_the_ratio_goes_the_right_way():
    results, found = published("reference-lectures/vae"), values("sharpness")
    end = sharpness.last(results)
    logs = np.log(end.pivot(index="seed", columns="model", values="value").astype(float))
    for model in sharpness.MODELS:
        recorded = end.loc[end["model"] == model, "value"]
        assert found[f"{model}: sharpness"] == pytest.approx(recorded.mean())
    for model in sharpness.MODELS[1:]:
        ratio, low, high = sharpness.ratio_of(results.comparisons, "vae", model)
        assert ratio == pytest.approx(np.exp((logs["vae"] - logs[model]).mean()))
        assert low < ratio < high
        inverse = sharpness.ratio_of(results.comparisons, model, "vae")
        assert inverse == pytest.approx((1 / ratio, 1 / high, 1 / low))
    assert found["held-out digits, blurred 3 x 3: sharpness"] < found["vae: sharpness"] < 1
    bound = found["vae-free: log p(x) of a digit, at least (ELBO)"]
    terms = ("of that log p(x | z)", "less KL(q(z | x), p(z))")
    fit, kl = (found[f"vae-free: {name}"] for name in terms)
    assert bound == pytest.approx(fit - kl)
    assert bound > found["vae: log p(x) of a digit, at least (ELBO)"]


def test_each_contradiction_is_decided_by_its_number():
    assert contradictions.influence("wgangp@notes") == 0
    assert contradictions.influence("wgangp@notes-bn") > 0.01
    assert 0.1 < contradictions.printed_eps() < 2  # pixels lie in [-1, 1]
    assert (contradictions.reached(True), contradictions.reached(False)) == (0, 14)
    assert contradictions.penalised(-1, 100) < 1 < contradictions.penalised(1, 100)
    assert contradictions.quotient(784) == pytest.approx(28)
    assert not contradictions.runs()
    assert contradictions.bounded(1) == 1 < contradictions.bounded(math.inf) == 4
    assert len(contradictions.decided()) == 13


@pytest.mark.parametrize("topic", TOPICS)
def test_the_page_has_what_the_command_prints_and_draws(topic, tmp_path):
    done = CliRunner().invoke(main, ["lecture", topic, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"{topic}.png").stat().st_size > 5000
    page = (ROOT / "docs" / "lectures.md").read_text()
    quoted = page.split(f"<!-- {topic}: begin -->\n")[1].split(f"<!-- {topic}: end -->")[0]
    lines = [line for line in done.output.splitlines() if line.startswith("|")]
    assert [line for line in quoted.splitlines() if line.startswith("|")] == lines
    assert (ROOT / "docs" / "lectures" / f"{topic}.png").stat().st_size < 90_000


def test_numbers_in_the_sentences_of_the_page_are_computed():
    page = (ROOT / "docs" / "lectures.md").read_text()
    (short,) = re.findall(r"dual value is (\S+) of its largest slope", page)
    assert values("lipschitz")["that divided by its largest slope"] == pytest.approx(
        float(short), abs=0.005
    )
    (least,) = re.findall(r"at least (\S+) nats apart", page)
    late = values("divergences")["V of the published GAN on ring8, last tenth"]
    assert (late + 2 * math.log(2)) / 2 == pytest.approx(float(least), abs=5e-4)
    korean = (ROOT / "docs" / "lectures.ko.md").read_text()
    for text in lesson("sharpness").says[:2]:
        assert text in " ".join(page.split())
        listed = text.partition(": ")[2].removesuffix(".")
        assert listed in " ".join(korean.split())


def test_topics_are_listed_and_a_misspelt_one_is_told():
    listed = CliRunner().invoke(main, ["lecture"]).output
    assert all(topic in listed for topic in TOPICS)
    wrong = CliRunner().invoke(main, ["lecture", "lipshitz"])
    assert wrong.exit_code == 2
    assert "did you mean 'lipschitz'" in wrong.stderr


def test_the_korean_page_has_the_numbers_of_the_english_one():
    pages = [(ROOT / "docs" / name).read_text() for name in ("lectures.md", "lectures.ko.md")]
    blocks = [re.findall(r"<!-- (\w+): begin -->(.*?)<!-- \1: end -->", p, re.S) for p in pages]
    assert [topic for topic, _ in blocks[0]] == [topic for topic, _ in blocks[1]] == [*TOPICS]
    for (topic, english), (_, korean) in zip(*blocks, strict=True):
        rows = [[r for r in text.splitlines() if r.startswith("|")] for text in (english, korean)]
        assert len(rows[0]) == len(rows[1]), topic
        for ours, theirs in zip(*rows, strict=True):
            found = [re.findall(r"\d+(?:[.,]\d+)*(?:e[-+]?\d+)?|∞", row) for row in (ours, theirs)]
            assert sorted(found[0]) == sorted(found[1]), (ours, theirs)
