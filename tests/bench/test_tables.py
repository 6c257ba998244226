"""Tables against numbers computed by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from bench import stats
from bench.analysis import Analysis
from bench.plots import figures as plots
from bench.report import prose
from bench.report.terminal import text_of
from bench.tables import summary as tables
from bench.tables.agreement import extractor_agreement
from bench.tables.matching import matched
from bench.tables.pairs import comparisons
from bench.tables.protocol import final, one_protocol, primary
from bench.tables.scale import UNTRAINED
from bench.tables.scale import scale as scale_of
from bench.words import NONE, number

from .fake_results import FINAL_FID, MAIN, fake, final_only

LEVELS = [("a", 0.0), ("b", 0.3), ("c", 1.5), ("d", 1.6)]
THREE = {"gan": [10.0, 12.0, 14.0], "dcgan": [4.0, 5.0, 6.0], "wgan": [30.0, 20.0, 40.0]}


def by_model(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("model")


def test_mean_interval_and_rank_are_those_computed_by_hand(tmp_path):
    table = by_model(tables.summary(final_only(tmp_path, THREE)))
    assert list(table.index) == ["dcgan", "gan", "wgan"]
    assert list(table["rank"]) == [1, 2, 3]
    # gan: mean 12, sd 2, half width t(.975, 2) 2 / sqrt(3) with t = 4.302653
    half = 4.302653 * 2 / math.sqrt(3)
    gan = table.loc["gan"]
    assert [gan["fid_low"], gan["fid_mean"], gan["fid_high"]] == pytest.approx(
        [12 - half, 12, 12 + half], abs=1e-5
    )
    assert gan["fid_n"] == 3
    assert math.isnan(gan["fid_iqm"])  # not below 8 seeds
    assert gan["fid_to_untrained"] == pytest.approx(0.12)  # 12 of 100, the median
    assert math.isnan(gan["kid_mean"])
    assert gan["kid_n"] == 0


def test_the_interquartile_mean_comes_from_eight_seeds_on(tmp_path):
    eight = {"gan": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1000.0]}
    row = tables.summary(final_only(tmp_path, eight)).iloc[0]
    assert row["fid_iqm"] == pytest.approx(4.5)  # of 3, 4, 5, 6


def test_swapping_two_models_swaps_their_ranks(tmp_path):
    swapped = THREE | {"gan": THREE["dcgan"], "dcgan": THREE["gan"]}
    table = by_model(tables.summary(final_only(tmp_path, swapped)))
    assert list(table.index) == ["gan", "dcgan", "wgan"]
    assert table.loc["gan", "fid_mean"] == pytest.approx(5)


def test_a_diverged_trial_is_counted_not_averaged(tmp_path):
    results = fake(tmp_path, rows=2)
    row = by_model(tables.summary(results)).loc["wgan"]
    assert [row["started"], row["finished"], row["diverged"], row["fid_n"]] == [3, 2, 1, 2]
    assert set(final(results, "fid", "mnist5k").query("model == 'wgan'")["seed"]) == {0, 1}
    assert "2 of 3 seeds finished (1 diverged)" in text_of(Analysis(results))


def test_a_model_without_a_finished_trial_keeps_its_row(tmp_path):
    results = fake(tmp_path, ("gan", "wgan"), 2, diverged=(("wgan", 0), ("wgan", 1)), rows=2)
    row = by_model(tables.summary(results)).loc["wgan"]
    assert pd.isna(row["rank"])
    assert row["diverged"] == 2
    assert "wgan has no final FID: 0 of 2 seeds finished (2 diverged)" in text_of(Analysis(results))


@pytest.mark.parametrize(
    ("column", "other"),
    [("samples", 2000), ("reference", "train:1000"), ("features", "digits-lenet:other")],
)
def test_two_protocols_are_refused_with_the_difference_named(tmp_path, column, other):
    results = final_only(tmp_path, THREE)
    results.evaluations.loc[0, column] = other
    with pytest.raises(ValueError, match=f"^fid was measured with different {column}: .*{other}"):
        tables.summary(results)


def test_the_second_extractor_is_left_to_its_own_table(tmp_path):
    results = fake(tmp_path, rows=2)
    with pytest.raises(ValueError, match="different features"):
        one_protocol(results.evaluations, "fid")
    assert set(primary(results, "fid", "mnist5k")["features"]) == {MAIN}
    results.experiment["features"] = "auto"  # the data set's own, from the catalogue
    assert set(primary(results, "fid", "mnist5k")["features"]) == {MAIN}


def test_a_pair_is_compared_by_seed_on_the_log_scale(tmp_path):
    results = final_only(tmp_path, {"gan": [8.0, 18.0, 32.0], "dcgan": [4.0, 6.0, 8.0]})
    row = comparisons(results).iloc[0]
    assert (row["model_a"], row["model_b"], row["n"]) == ("dcgan", "gan", 3)
    # ratios 1/2, 1/3, 1/4, whose geometric mean is 24^(-1/3)
    assert row["ratio"] == pytest.approx(24 ** (-1 / 3))
    assert row["difference"] == pytest.approx(-math.log(24) / 3)
    sd = np.std(np.log([2, 3, 4]), ddof=1)
    half = 4.302653 * sd / math.sqrt(3)
    assert row["ratio_high"] == pytest.approx(math.exp(-math.log(24) / 3 + half), rel=1e-6)
    # Of two contestants it is the paired t test: two degrees of freedom.
    t = math.log(24) / 3 / (sd / math.sqrt(3))
    assert row["p"] == row["adjusted_p"] == pytest.approx(1 - t / math.sqrt(t * t + 2))
    assert row["sign_flip_p"] == row["sign_flip_holm_p"] == pytest.approx(0.25)  # 2 / 2^3
    assert row["probability_of_improvement"] == 1
    assert (row["told"], row["verdict"]) == ("lower", "dcgan lower than gan")


def test_a_large_difference_over_enough_seeds_is_told(tmp_path):
    good = [4.0, 4.2, 4.4, 4.1, 4.3, 4.5]
    results = final_only(tmp_path, {"gan": [3 * x for x in good], "dcgan": good})
    row = comparisons(results).iloc[0]
    assert (row["told"], row["verdict"]) == ("lower", "dcgan lower than gan")
    assert row["sign_flip_holm_p"] == pytest.approx(2 / 2**6)
    assert row["adjusted_p"] < 1e-6
    assert "The pair is told apart (paired t)" in text_of(Analysis(results))


def test_a_label_that_reads_like_a_verdict_changes_nothing(tmp_path):
    good = [4.0, 4.2, 4.4, 4.1, 4.3, 4.5]
    first, second = "cannot tell", "a lower than b"
    told = final_only(tmp_path, {first: good, second: [3 * x for x in good]})
    (row,) = comparisons(told).to_dict("records")
    assert (row["told"], row["verdict"]) == ("lower", f"{first} lower than {second}")
    assert "The pair is told apart" in text_of(Analysis(told))
    open_ = final_only(tmp_path, {first: good[:3], second: good[:3]})
    found = prose.limits(Analysis(open_), "mnist5k")
    assert any(line.startswith("A pair that cannot be told apart") for line in found)


def test_a_copy_of_a_model_is_no_different_from_it(tmp_path):
    same = [4.0, 4.2, 4.4, 4.1, 4.3, 4.5, 4.6]
    row = comparisons(final_only(tmp_path, {"a": same, "b": same})).iloc[0]
    assert row["difference"] == 0
    assert row["ratio"] == 1
    assert row["p"] == 1
    assert row["probability_of_improvement"] == 0.5
    assert row["verdict"].startswith("cannot tell")


def test_the_family_is_all_pairs_of_a_metric(tmp_path):
    pairs = comparisons(final_only(tmp_path, THREE))
    assert len(pairs) == 3
    np.testing.assert_allclose(pairs["adjusted_p"], (3 * pairs["p"]).clip(upper=1))
    np.testing.assert_allclose(pairs["sign_flip_holm_p"], 0.75)  # 3 * 2 / 2^3


def test_told_apart_and_an_interval_without_no_difference_are_one(tmp_path):
    rng = np.random.default_rng(0)
    for seeds in (3, 5):
        values = {name: list(np.exp(at + 0.2 * rng.normal(size=seeds))) for name, at in LEVELS}
        pairs = comparisons(final_only(tmp_path / str(seeds), values))
        outside = (pairs["ratio_low"] > 1) | (pairs["ratio_high"] < 1)
        assert ((pairs["told"] != "") == outside).all()
        assert 0 < outside.sum() < len(pairs)


def test_a_pair_uses_all_seeds_that_both_have_and_who_else_has_them(tmp_path):
    values = {"gan": [10.0, 12.0, 14.0], "dcgan": [4.0, 5.0, 6.0], "wgan": [30.0, 20.0, 40.0]}
    results = final_only(tmp_path, values)
    rows, trials = results.evaluations, results.trials
    lost = (rows["model"] == "wgan") & (rows["seed"] == 2) & (rows["images"] > 0)
    results.evaluations = rows[~lost]
    trials.loc[(trials["model"] == "wgan") & (trials["seed"] == 2), "status"] = "interrupted"
    table = comparisons(results).set_index(["model_a", "model_b"])
    assert table.loc[("dcgan", "gan"), ["n", "method"]].tolist() == [3, "paired t"]
    assert table.loc[("dcgan", "wgan"), ["n", "method"]].tolist() == [2, "partly pooled t"]
    alone = stats.compare_all(np.log([[4, 10], [5, 12], [6, 14]]), pairs=3)[0]
    assert table.loc[("dcgan", "gan"), "ratio_low"] == pytest.approx(math.exp(alone.low))


def test_a_conditional_models_modes_are_flagged_not_compared(tmp_path):
    results = fake(tmp_path, ("cgan", "dcgan"), diverged=(), rows=2)
    assert not by_model(tables.summary(results)).loc["cgan", "modes_comparable"]
    pairs = comparisons(results).set_index("metric")
    assert pairs.loc["modes", "verdict"] == "not comparable: cgan is handed its labels"
    assert pairs.loc["modes", "told"] == ""
    assert math.isnan(pairs.loc["modes", "p"])
    assert not math.isnan(pairs.loc["kid", "p"])
    assert "10.0†" in text_of(Analysis(results))


def test_the_scale_goes_from_the_floor_to_noise(tmp_path):
    scale = scale_of(fake(tmp_path, rows=2)).set_index("level")
    assert scale.index[0] == "held-out real"
    assert scale["fid"].is_monotonic_increasing
    assert scale.loc["held-out real", ["fid", "samples"]].tolist() == [3.1, 1000]
    untrained = scale.loc[UNTRAINED]
    assert untrained["n"] == 15
    assert untrained["low"] < untrained["fid"] < untrained["high"]


def test_the_ranking_under_the_second_extractor(tmp_path):
    results = fake(tmp_path, rows=2)
    row = extractor_agreement(results).iloc[0]
    assert row["tau"] == pytest.approx(1)
    assert "survives" in row["sentence"]
    assert row["order_first"] == ", ".join(sorted(FINAL_FID, key=lambda m: FINAL_FID[m]))
    second = results.evaluations["features"] != MAIN
    results.evaluations.loc[second, "value"] *= -1
    row = extractor_agreement(results).iloc[0]
    assert row["tau"] == pytest.approx(-1)
    assert row["sentence"].startswith("The ranking does not survive")


def test_streams_are_compared_seed_by_seed(tmp_path):
    streams = matched(fake(tmp_path, rows=2)).set_index("stream")["drawn"]
    assert streams["data"] == "all equal"
    assert streams["penalty"] == "only wgangp uses it"
    assert streams["latent/generator"] == "differs: gan | cgan, dcgan, wgan, wgangp"
    two = matched(fake(tmp_path, ("dcgan", "wgangp", "wgangp-2"), rows=2))
    drawn = two.set_index("stream").loc["penalty", "drawn"]
    assert drawn == "equal among those that use it (wgangp, wgangp-2)"


def test_the_text_fits_a_terminal(tmp_path):
    many = tuple(f"model-{i}" for i in range(14))
    for models, seeds in ((tuple(FINAL_FID), 3), (many, 1)):
        assert len(text_of(Analysis(fake(tmp_path, models, seeds, rows=2))).splitlines()) <= 60


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.345, "12.3"), (0.00123, "0.00123"), (1234.5, "1,234"), (0, "0"), (3e-9, "3.00e-09")],
)
def test_numbers_have_three_digits(value, text):
    assert number(value) == text


def test_what_is_not_there_is_a_dash():
    assert {number(value) for value in (math.nan, None, pd.NA, "x")} == {NONE}


def test_each_data_set_has_its_own_rows_ranks_and_families(tmp_path):
    results = fake(tmp_path, ("gan", "cgan"), diverged=(), rows=8)
    for name in ("trials", "curves", "evaluations", "scale"):
        first = getattr(results, name)
        setattr(results, name, pd.concat([first, first.assign(dataset="other")]))
    results.experiment["datasets"] = ["mnist5k", "other"]
    table = tables.summary(results)
    assert list(table["dataset"]) == ["mnist5k", "mnist5k", "other", "other"]
    assert list(table["rank"]) == [1, 2, 1, 2]
    assert set(comparisons(results).query("metric == 'fid'")["n"]) == {3}
    assert text_of(Analysis(results)).count("\n# other") == 1
    for name in ("modes", "quality"):
        assert "other" in plots.FIGURES[name].draw(Analysis(results), "other").get_suptitle()
