"""Variance parts: arrays worked by hand, and experiments whose parts are known."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench import stats

SD = {"seed": 0.3, "sample": 0.1, "extractor": 0.2}


def variances(parts: list[stats.Part]) -> dict[str, float]:
    return {part.name: part.estimate for part in parts}


def experiment(rng: np.random.Generator, groups: int, seeds: int) -> dict[str, np.ndarray]:
    """first, again, second [groups * seeds], of levels that differ by group and extractor."""
    shape = (groups, seeds)
    seed, sample, again = (rng.normal(0, SD[n], shape) for n in ("seed", "sample", "sample"))
    # An extractor is drawn anew for each trial: what its level is, it is for the whole group.
    one, two = rng.normal(0, SD["extractor"], (2, *shape))
    level, other = rng.normal(0, 5, (2, groups, 1))
    scores = {
        "first": level + seed + one + sample,
        "again": level + seed + one + again,
        "second": other + seed + two + sample,
    }
    return {name: values.ravel() for name, values in scores.items()}


def test_parts_by_hand() -> None:
    # One group. first 1, 3 and second 2, 2: half the variance of -1, 1 is 1; they do not covary.
    found = variances(stats.noise_parts({"first": [1, 3], "second": [2, 2]}, ["a", "a"]))
    assert found == pytest.approx({"seed and sample": 0, "extractor": 1})
    # Two groups with 1 df each: first varies by 2 and 8, sum of squares 10 over 2 df.
    (part,) = stats.noise_parts({"first": [1, 3, 10, 14]}, ["a", "a", "b", "b"])
    assert (part.name, part.df) == ("seed and sample", 2)
    assert part.estimate == pytest.approx(5)
    found = variances(
        stats.noise_parts(
            {"first": [0, 2, 4], "again": [1, 2, 3], "second": [0, 1, 5]}, ["a", "a", "a"]
        )
    )
    # Centred: -2 0 2, -1 0 1, -2 -1 3. Differences -1 0 1 (variance 1) and 0 1 -1 (variance 1).
    assert found == pytest.approx({"seed": 5 / 2, "sample": 1 / 2, "extractor": 1 / 2})


def test_two_columns_are_the_two_way_analysis_of_variance() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 7)) + rng.normal(size=7)
    table = np.stack([first, second], axis=1)
    rows = 2 * table.mean(axis=1).var(ddof=1)
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    error = (residual**2).sum() / 6
    found = variances(stats.noise_parts({"first": first, "again": second}, ["a"] * 7))
    assert found["sample"] == pytest.approx(error)
    assert found["seed"] == pytest.approx((rows - error) / 2)


def test_a_negative_estimate_is_kept_and_counts_as_nothing() -> None:
    seed, sample = stats.noise_parts({"first": [1, 3], "again": [3, 1]}, ["a", "a"])
    assert seed.estimate == pytest.approx(-2)
    assert seed.variance == 0
    assert sample.variance == pytest.approx(4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "names"),
    [
        (("first", "again", "second"), {"seed": ["seed"]}),
        (("first", "again"), {"seed": ["seed", "extractor"]}),
        (("first", "second"), {"seed and sample": ["seed", "sample"]}),
        (("first",), {"seed and sample": ["seed", "sample", "extractor"]}),
    ],
)
def test_known_parts_come_back(columns: tuple[str, ...], names: dict[str, list[str]]) -> None:
    """Without bias whatever was measured: 400 experiments of 5 contestants and 6 seeds."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(5), 6)
    runs = []
    for _ in range(400):
        scores = experiment(rng, 5, 6)
        runs.append(variances(stats.noise_parts({n: scores[n] for n in columns}, group)))
    true = {name: sum(SD[part] ** 2 for part in parts) for name, parts in names.items()}
    true |= {"sample": SD["sample"] ** 2} if "again" in columns else {}
    if "second" in columns:  # through which the same samples are seen: their noise is shared
        true["extractor"] = SD["extractor"] ** 2
    assert runs[0].keys() == true.keys()
    for name, value in true.items():
        estimates = [run[name] for run in runs]
        assert np.mean(estimates) == pytest.approx(value, abs=4 * scipy_stats.sem(estimates))
        assert scipy_stats.sem(estimates) < 0.05 * sum(true.values())


def test_refusals_name_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="at least two trials"):
        stats.noise_parts({"first": [1.0, 2.0]}, ["a", "b"])
    with pytest.raises(ValueError, match="got 2 scores and 3 groups"):
        stats.noise_parts({"first": [1.0, 2.0]}, ["a", "a", "b"])
    with pytest.raises(ValueError, match="NaN or inf"):
        stats.noise_parts({"first": [1.0, np.nan]}, ["a", "a"])


def test_signed_ranks_by_hand() -> None:
    assert stats.signed_ranks([0.1, -5.0, 0.0, 5.0]).tolist() == [2, -3.5, 0, 3.5]


@pytest.mark.parametrize("n", [5, 8, 12])
def test_their_sign_flips_are_wilcoxons_test(n: int) -> None:
    d = np.random.default_rng(n).normal(0.4, 1, n)
    p = stats.sign_flip_test(stats.signed_ranks(d))
    assert p == pytest.approx(scipy_stats.wilcoxon(d, method="exact").pvalue)
    assert p == stats.sign_flip_test(stats.signed_ranks(np.sign(d) * np.abs(d) ** 9))


def test_equal_models_that_lose_as_often_are_rarely_told_apart() -> None:
    """Of 2,000 experiments with 8 seeds; without ties it would be 10 of 256 (two-sided)."""
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(2000):
        scores, lost = rng.normal(size=(2, 8)), rng.random((2, 8)) < 0.2
        a, b = (stats.with_failures(x, gone, 100.0) for x, gone in zip(scores, lost, strict=True))
        hits += stats.sign_flip_test(stats.signed_ranks(a - b)) < 0.05
    assert 0.02 < hits / 2000 < 0.05
