"""Tables and texts of 2-D points, against numbers computed by hand."""

import math
import re

import pytest

from bench.analysis import Analysis
from bench.datasets import primary_metric
from bench.report import prose
from bench.report.terminal import text_of
from bench.tables import scale as checks
from bench.tables import summary as tables
from bench.tables.pairs import comparisons
from bench.tables.protocol import primary, title, unit

from .fake_points import both, fake_points, final_points
from .fake_results import fake, final_only

THREE = {"gan": [0.5, 0.6, 0.7], "cgan": [0.1, 0.2, 0.3], "wgan": [1.0, 2.0, 6.0]}


@pytest.mark.parametrize(
    ("dataset", "metric"),
    [
        ("ring8", "emd"),
        ("ring8@pacgan", "emd"),
        ("swissroll", "emd"),
        ("mnist5k", "fid"),
        ("mine", "fid"),
    ],
)
def test_the_primary_outcome_belongs_to_the_data_set(dataset, metric):
    assert primary_metric(dataset) == metric
    assert title(dataset) == metric.upper()
    assert unit(dataset) == {"emd": "points", "fid": "images"}[metric]


def test_points_are_ranked_by_emd_as_computed_by_hand(tmp_path):
    table = tables.summary(final_points(tmp_path, THREE)).set_index("model")
    assert list(table.index) == ["cgan", "gan", "wgan"]
    assert list(table["rank"]) == [1, 2, 3]
    assert list(table["emd_mean"]) == pytest.approx([0.2, 0.6, 3.0])
    # cgan: sd 0.1, half width t(.975, 2) 0.1 / sqrt(3) with t = 4.302653
    half = 4.302653 * 0.1 / math.sqrt(3)
    ends = [table.loc["cgan", "emd_low"], table.loc["cgan", "emd_high"]]
    assert ends == pytest.approx([0.2 - half, 0.2 + half], abs=1e-6)
    assert list(table["emd_to_untrained"]) == pytest.approx([0.002, 0.006, 0.02])  # medians / 100
    assert list(table["best_emd_mean"]) == pytest.approx([0.2, 0.6, 3.0])
    assert set(table["best_emd_note"]) == {tables.BEST_NOTE}
    assert set(table["fid_n"]) == {0}
    assert "fid_to_untrained" not in table
    protocol = table.iloc[0][["features", "samples", "reference"]]
    assert list(protocol) == ["points", 2500, "true:2500"]


def test_points_keep_their_own_features_whatever_network_was_asked_for(tmp_path):
    results = final_points(tmp_path, THREE)
    for features in ("auto", "digits-lenet"):
        results.experiment["features"] = features
        assert len(primary(results, "emd", "ring8")) == 18


def test_a_pair_is_compared_by_the_ratio_of_its_emd(tmp_path):
    results = final_points(tmp_path, {"gan": [0.8, 1.8, 3.2], "cgan": [0.4, 0.6, 0.8]})
    row = comparisons(results).iloc[0]
    assert (row["metric"], row["outcome"], row["scale"]) == ("emd", "primary", "log")
    assert (row["model_a"], row["model_b"]) == ("cgan", "gan")
    assert row["ratio"] == pytest.approx(24 ** (-1 / 3))  # of 1/2, 1/3, 1/4
    assert row["probability_of_improvement"] == 1


def test_a_higher_share_of_high_quality_is_the_better(tmp_path):
    shares = {"gan": [0.5, 0.6, 0.8], "wgan": [0.9, 0.7, 0.7]}
    row = comparisons(final_points(tmp_path, shares, "high_quality")).iloc[0]
    assert (row["outcome"], row["scale"]) == ("exploratory", "linear")
    assert row["difference"] == pytest.approx((-0.4 - 0.1 + 0.1) / 3)
    assert row["probability_of_improvement"] == pytest.approx(1 / 3)
    assert math.isnan(row["ratio"])


def test_labels_make_modes_not_comparable_but_quality_is(tmp_path):
    pairs = comparisons(fake_points(tmp_path, models=("cgan", "gan"), rows=2))
    verdicts = pairs.set_index("metric")["verdict"]
    told = "not comparable: cgan is handed its labels"
    assert verdicts["modes"] == verdicts["mode_kl"] == told
    assert verdicts["high_quality"].startswith("cgan higher than gan")
    assert verdicts["emd"].startswith("cgan lower than gan")


def test_the_scale_of_points_goes_from_the_floor_to_one_mode(tmp_path):
    scale = checks.scale(fake_points(tmp_path, rows=2)).set_index("level")
    order = ["held-out real", "uniform square", checks.UNTRAINED, "one mode"]
    assert list(scale.index) == order
    assert scale.loc["held-out real", ["emd", "high_quality"]].tolist() == [0.05, 0.989]
    assert scale.loc[checks.UNTRAINED, ["n", "emd"]].tolist() == [9, pytest.approx(1.3)]
    assert set(scale["high_quality_reference"]) == {"true:2500"}


def test_the_text_speaks_of_emd_and_points(tmp_path):
    text = re.sub(" +", " ", text_of(Analysis(fake_points(tmp_path, rows=2))))
    for words in (
        "# grid25, 256k points",
        "cgan has the lowest mean EMD, 0.0",
        "1. cgan: EMD 0.0",
        "of its untrained EMD",
        "EMD, mean [95 % t]",
        "| finished | high quality | modes | mode KL | training, s |",
        "25.0†",
        "EMD ratio [simultaneous 95 %]",
        "Scale (EMD): held-out real 0.0500 < uniform square 0.720 < untrained generator 1.30 (",
        "Protocol of EMD: points, 2,500 samples against true:2500.",
    ):
        assert words in text
    assert "FID" not in text
    assert "images" not in text


def test_what_a_run_on_points_cannot_tell(tmp_path):
    limits = prose.limits(Analysis(fake_points(tmp_path, rows=2)), "grid25")
    assert "† cgan: handed the labels, so modes and mode KL are not comparable." in limits
    assert limits[-1].startswith("EMD is in the unit of the plane")
    assert not [limit for limit in limits if "FID" in limit]


def test_a_folder_of_images_and_points_ranks_each_by_its_own(tmp_path):
    images = final_only(tmp_path, {"gan": [10.0, 12.0], "cgan": [4.0, 5.0]})
    results = both(images, final_points(tmp_path, {"gan": [0.1, 0.3], "cgan": [0.6, 0.8]}))
    table = tables.summary(results)
    assert list(table["model"]) == ["cgan", "gan", "gan", "cgan"]
    assert list(table["rank"]) == [1, 2, 1, 2]
    assert list(table["fid_mean"].dropna()) == [4.5, 11.0]
    assert list(table["emd_mean"].dropna()) == pytest.approx([0.2, 0.7])
    pairs = comparisons(results)
    assert list(pairs["dataset"] + " " + pairs["metric"]) == ["mnist5k fid", "ring8 emd"]
    assert set(pairs["outcome"]) == {"primary"}
    text = text_of(Analysis(results))
    assert "cgan has the lowest mean fid, 4.50" in text.lower()
    assert "gan has the lowest mean emd, 0.200" in text.lower()


def test_what_image_folders_had_is_still_there(tmp_path):
    table = tables.summary(fake(tmp_path, rows=2))
    old = ["fid_mean", "fid_low", "fid_to_untrained", "best_fid_mean", "best_fid_note", "kid_n"]
    assert set(old) <= set(table)
    assert not {"emd_to_untrained", "best_emd_mean", "best_emd_note"} & set(table)


def test_points_without_modes_have_text_too(tmp_path):
    text = re.sub(" +", " ", text_of(Analysis(fake_points(tmp_path, "swissroll", 0, rows=2))))
    assert "cgan has the lowest mean EMD" in text
    assert "| finished | training, s |" in text
    assert "one mode" not in text
