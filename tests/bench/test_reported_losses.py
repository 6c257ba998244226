"""Reported losses beside the seeds', on rows made for it; and where a contestant comes from."""

from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from bench.analysis import Analysis
from bench.plots import figures as plots
from bench.records.origins import origins, presets
from bench.records.results import Results
from bench.report import exports
from bench.report.page import page
from bench.report.terminal import text_of
from bench.tables import summary as tables
from bench.tables.joint_losses import joint_losses, pair_of_seeds
from bench.tables.reported_losses import reported_losses, sentences
from gan_zoo.catalog import MODELS

from .fake_results import FakeResults, fake

STEPS = [1500, 2996, 3004, 4000]
AT = 3004  # the row that holds step 3,000
# Five seeds of mean 2 and sd sqrt(0.025): t(.975, 4) sqrt(1 + 1/5) sd = 2.776445 x 0.173205
GENERATOR = [1.8, 1.9, 2.0, 2.1, 2.2]
HALF = 2.776445 * 1.2**0.5 * 0.025**0.5


def made(
    path: Path, critic: list[float], generator: list[float] | None = None, steps: list[int] = STEPS
) -> FakeResults:
    """Contestant `mine`, wgangp@notes, whose losses at AT are given and elsewhere 1000."""
    results = cast(FakeResults, fake(path, ("mine", "dcgan"), len(critic), diverged=(), rows=4))
    values = {"loss/generator": generator or GENERATOR, "loss/discriminator": critic}
    rows = [
        {"dataset": "mnist5k", "model": "mine", "seed": seed, "images": 320 * step}
        | {"generator_steps": step, "discriminator_steps": 5 * step, "seconds": 1.0}
        | {"metric": metric, "value": losses[seed] if step == AT else 1000.0}
        for metric, losses in values.items()
        for seed in range(len(critic))
        for step in steps
    ]
    others = results.curves[results.curves["model"] != "mine"]
    results.curves = pd.concat([others, pd.DataFrame(rows)], ignore_index=True)
    results.experiment["contestants"] = [
        {"label": "mine", "model": "wgangp", "preset": "notes", "values": {"penalty": 5}},
        {"label": "dcgan", "model": "dcgan"},
    ]
    return results


def table_of(results: FakeResults) -> pd.DataFrame:
    return reported_losses(cast(Results, results)).set_index("loss")


def test_the_interval_is_that_computed_by_hand(tmp_path: Path) -> None:
    table = table_of(made(tmp_path, [-14.0, -15.0, -16.0, -15.5, -14.5]))
    assert table["model"].tolist() == ["mine", "mine"]
    row = table.loc["generator"]
    assert [row["step"], row["averaged"], row["n"]] == [3000, 8, 5]
    assert [row["mean"], row["least"], row["most"]] == pytest.approx([2.0, 1.8, 2.2])
    assert row["sd"] == pytest.approx(0.025**0.5)
    assert [row["low"], row["high"]] == pytest.approx([2 - HALF, 2 + HALF], abs=1e-5)
    assert row["reported"] == 2.82485
    assert row["verdict"] == "above"  # 2.82 is beyond 2.48
    critic = table.loc["discriminator"]
    assert critic["reported"] == -14.99197
    assert critic["verdict"] == "within"


@pytest.mark.parametrize(
    ("critic", "generator", "verdicts"),
    [
        ([-15.0, -14.9, -15.1], [2.8, 2.9, 2.7], ["within", "within"]),
        ([-1.0, -1.1, -0.9], [2.8, 2.9, 2.7], ["within", "below"]),
        ([-99.0, -98.0, -97.0], [5.0, 5.1, 5.2], ["below", "above"]),
    ],
)
def test_verdicts(
    tmp_path: Path, critic: list[float], generator: list[float], verdicts: list[str]
) -> None:
    table = table_of(made(tmp_path, critic, generator))
    assert table.loc[["generator", "discriminator"], "verdict"].tolist() == verdicts
    (said,) = sentences(table.reset_index(), "mnist5k")
    assert ("both lie where another seed would (3 seeds)" in said) == (set(verdicts) == {"within"})
    for loss, verdict in zip(("generator", "discriminator"), verdicts, strict=True):
        assert (f"the {loss}'s lies {verdict}" in said) == (verdict != "within")


def test_a_run_that_is_too_short_is_not_compared(tmp_path: Path) -> None:
    table = table_of(made(tmp_path, [-15.0, -14.0], [2.0, 3.0], steps=[1500, 2996]))
    assert table["n"].tolist() == [0, 0]
    assert set(table["verdict"]) == {"not reached: the last row is of step 2,996"}
    assert "cannot be judged: not reached" in sentences(table.reset_index(), "mnist5k")[0]


def test_one_seed_has_no_spread(tmp_path: Path) -> None:
    table = table_of(made(tmp_path, [-15.0], [2.8]))
    assert set(table["verdict"]) == {"one seed has no spread"}
    assert table["low"].isna().all()


def test_other_data_and_other_presets_are_not_compared(tmp_path: Path) -> None:
    results = made(tmp_path, [-15.0, -14.0])
    results.experiment["contestants"][0]["preset"] = "paper"
    assert reported_losses(cast(Results, results)).empty
    results.experiment["contestants"][0]["preset"] = "notes"
    results.experiment["datasets"] = ["fashion-mnist"]
    assert reported_losses(cast(Results, results)).empty


def test_the_report_shows_them_and_the_preset(tmp_path: Path) -> None:
    results = cast(Results, made(tmp_path, [-15.0, -14.9, -15.1], [2.8, 2.9, 2.7]))
    analysis = Analysis(results)
    assert "reported_losses" in plots.figures_of(analysis, "mnist5k")
    figure = plots.FIGURES["reported_losses"].draw(analysis, "mnist5k")
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert {"reported: 2.82485", "reported: -14.99197"} == set(words)
    text = text_of(analysis)
    assert "both lie where another seed would (3 seeds)" in text
    assert "| preset " in text
    assert "| wgangp@notes " in text
    shown = page(analysis, {})
    assert "Losses reported elsewhere, and here" in shown
    assert "-14.99197" in shown
    source = MODELS["wgangp"].presets["notes"].source.partition("'")[2]
    assert source in shown
    assert source in exports.markdown(analysis, {})
    summary = tables.summary(results).set_index("model")
    assert summary["preset"].to_dict() == {"mine": "wgangp@notes", "dcgan": ""}


def test_without_any_the_report_has_no_such_part(tmp_path: Path) -> None:
    analysis = Analysis(fake(tmp_path, rows=4))
    assert "reported_losses" not in plots.figures_of(analysis, "mnist5k")
    assert "Losses reported elsewhere" not in page(analysis, {})
    assert "preset" not in text_of(analysis)


def test_where_a_contestant_comes_from() -> None:
    experiment: dict[str, Any] = {
        "contestants": [
            {"label": "b", "model": "dcgan", "preset": "notes-b", "values": {"width": 8}},
            {"label": "gan", "model": "gan"},
            {"label": "own", "model": "own.py:Own"},
            {"label": "old", "model": "dcgan", "preset": "of another version"},
        ]
    }
    found = {origin.label: origin for origin in origins(experiment)}
    assert found["b"].model == "dcgan@notes-b"
    assert found["b"].changed == "width = 8"
    assert found["b"].source.startswith(MODELS["dcgan"].presets["notes-b"].source)
    assert "assumed:" in found["b"].source
    assert found["gan"].source == "Goodfellow et al. 2014, arXiv:1406.2661; the zoo's own values"
    assert found["own"].source == ""
    assert presets(experiment) == {"b": "dcgan@notes-b", "old": "dcgan@of another version"}


def test_the_pair_is_judged_together(tmp_path: Path) -> None:
    """Each loss lies within its own interval, but the pair not where the two go together."""
    critic = [-14.0, -14.5, -15.0, -15.5, -16.0]
    together = made(tmp_path / "a", critic, [2.0 - c for c in (-0.8, -0.4, 0.0, 0.41, 0.8)])
    alone = table_of(together)
    assert alone["verdict"].tolist() == ["within", "within"]
    (row,) = joint_losses(cast(Results, together)).to_dict("records")
    assert (row["n"], row["step"], row["verdict"]) == (5, 3000, "outside")
    assert row["distance"] > row["bound"] == pytest.approx(1.2 * 8 / 3 * 9.5521, rel=1e-4)
    assert row["discriminator_half"] == pytest.approx(0.625**0.5 * row["bound"] ** 0.5)
    apart = made(tmp_path / "b", critic, [2.9, 2.0, 2.5, 3.1, 2.4])
    assert joint_losses(cast(Results, apart))["verdict"].item() == "within"
    few = made(tmp_path / "c", critic[:2], GENERATOR[:2])
    assert joint_losses(cast(Results, few))["verdict"].item() == "cannot tell"


def test_a_pair_is_the_mean_of_the_steps_asked_for(tmp_path: Path) -> None:
    """Rows end at 1500, 2996, 3004 and 4000; all but that of 3004 are 1000."""
    results = cast(Results, made(tmp_path, [-14.0, -15.0, -16.0]))
    assert pair_of_seeds(results, "mnist5k", "mine", 3000).to_numpy()[0].tolist() == [1.8, -14.0]
    two = pair_of_seeds(results, "mnist5k", "mine", 3000, over=500)
    expected = (1496 * 1000 + 8 * 1.8) / 1504
    assert two["loss/generator"].iloc[0] == pytest.approx(expected)
    assert pair_of_seeds(results, "mnist5k", "mine", 5000).empty
