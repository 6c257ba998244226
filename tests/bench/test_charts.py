"""What the page's charts are given: the numbers of the tables, in few bytes, in colours to see."""

import json

import numpy as np
import pytest
import seaborn as sns

from bench.analysis import Analysis
from bench.plots import colours
from bench.report import assets
from bench.report.charts import CLOCKS, LINES, LOSSES, Curve, by_model, rounded
from bench.report.page_charts import charts

from .fake_results import FIVE, fake


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    return Analysis(fake(tmp_path_factory.mktemp("charts"), FIVE, 3, (("wgan", 2),), rows=300))


@pytest.fixture(scope="module")
def found(analysis):
    return charts(analysis, "mnist5k")


def test_a_line_has_the_values_of_its_trial(analysis, found):
    (panel,) = found["quality"]["panels"]
    rows = analysis.results.evaluations.query("metric == 'fid' and features.str.len() > 0")
    rows = rows[rows["features"].str.startswith("digits-lenet:")]
    seeds = [line for line in panel["lines"] if "seed" in line]
    assert len(seeds) == 15
    for line in seeds:
        own = rows[(rows["model"] == line["model"]) & (rows["seed"] == line["seed"])]
        assert line["y"] == pytest.approx(own["value"].tolist(), rel=1e-4)
        for clock, places in line["x"].items():
            assert places == pytest.approx(own[clock].tolist(), rel=1e-3)
    assert [(x["model"], x["seed"]) for x in seeds if x.get("end") == "diverged"] == [("wgan", 2)]


def test_means_are_of_finished_seeds_and_bands_their_range(analysis, found):
    panel = next(p for p in found["losses"]["panels"] if p["title"] == "wgan")
    mean = next(x for x in panel["lines"] if x.get("mean") and x["name"] == "generator")
    rows = analysis.results.curves.query("model == 'wgan' and metric == 'loss/generator'")
    values = np.stack([rows.loc[rows["seed"] == seed, "value"] for seed in (0, 1)])
    in_bins = values.mean(0).reshape(len(mean["y"]), -1).mean(1)
    assert mean["mean"] == 2
    assert mean["y"] == pytest.approx(in_bins, rel=1e-4)
    low = values.min(0).reshape(len(mean["y"]), -1).mean(1)
    assert mean["low"] == pytest.approx(low, rel=1e-4)
    assert mean["x"]["images"][-1] == 256_000


def test_rows_are_those_of_the_tables(analysis, found):
    pairs = analysis.pairs("mnist5k")
    shown = found["pairs"]["rows"]
    assert [row["name"] for row in shown] == [
        f"{a} / {b}" for a, b in pairs[["model_a", "model_b"]].to_numpy()
    ]
    for end in ("low", "high"):
        assert [row[end] for row in shown] == pytest.approx(
            pairs[f"ratio_{end}"].tolist(), rel=1e-4
        )
    assert [row["told"] for row in shown] == [told or "open" for told in pairs["told"]]
    final = {row["name"]: row for row in found["final_quality"]["rows"]}
    for _, row in analysis.models("mnist5k").iterrows():
        assert final[row["model"]]["mid"] == pytest.approx(row["fid_mean"], rel=1e-4)
        assert len(final[row["model"]]["dots"]) == row["finished"]


def test_many_trials_stay_few_bytes(found):
    models, clocks = [f"m{i}" for i in range(20)], dict.fromkeys(CLOCKS, np.arange(1.0, 401.0))
    values = np.random.default_rng(0).uniform(1, 2, 400)
    curves = [
        Curve(model, seed, metric, "finished", clocks, values)
        for model in models
        for seed in range(9)
        for metric in LOSSES
    ]
    crowd = by_model(curves, models, "images", "loss", LOSSES)
    lines = [line for panel in crowd["panels"] for line in panel["lines"]]
    seeds = [line for line in lines if "seed" in line]
    assert len(seeds) == crowd["shown"] * len(models) * len(LOSSES) <= LINES
    assert {line["seed"] for line in seeds} == set(range(crowd["shown"]))
    assert [line["mean"] for line in lines if "mean" in line] == [9] * len(models) * len(LOSSES)
    assert 100_000 < len(json.dumps(crowd)) < 400_000
    assert "shown" not in found["quality"]


def test_every_colour_is_seen_on_dark():
    labels = [*colours.OWN, *(f"m{i}" for i in range(len(colours.REST)))]
    for colour in colours.colours(labels).values():
        dark = colours.on_dark(colour)
        assert colours.contrast(dark, colours.DARK) >= 3
        if colours.contrast(colour, colours.DARK) >= 3:
            assert dark == colour.lower()
    # W3C's own examples: black on white, and #777 on white.
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert colours.REST[-9:] == sns.color_palette("husl", 9).as_hex()


def test_numbers_and_names_cannot_break_the_page():
    assert [rounded(x) for x in (None, float("nan"), np.inf, "")] == [None] * 4
    assert [rounded(x) for x in (2.0, 0.123456789, np.int64(7))] == [2, 0.12346, 7]
    hostile = "</script><script>alert(1)</script><!-- & \u2028"
    text = assets.data({hostile: hostile})
    assert not set("<>&") & set(text)
    assert json.loads(text) == {hostile: hostile}
