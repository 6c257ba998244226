"""A VAE in a run: what is recorded of it, what is not, and what tables and figures say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bench.analysis import Analysis
from bench.cli import main
from bench.planning.flags import plan_from
from bench.planning.parsing import parse_models
from bench.plots.figures import FIGURES, figures_of
from bench.plots.lines import games
from bench.records.results import Results
from bench.report.prose import limits
from bench.training.train import train

from . import tiny
from .test_resume import Killed, kill_at_step, raise_killed
from .tiny import Quiet, assert_same, plan_of, trials_of

quick = tiny.quick


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("vae")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", tiny.evaluate)
        plan = plan_of("vae,gan")
        assert tiny.run(plan, root, trials_of(plan), 1, Quiet())
    return root


def test_what_a_discriminator_would_record_is_absent(folder: Path) -> None:
    results = Results(folder)
    rows = results.curves[results.curves["model"] == "vae"]
    names = set(rows["metric"])
    assert not {name for name in names if "discriminator" in name or name.startswith("score")}
    assert {"loss/encoder", "grad_norm/encoder", "elbo/kl", "diversity/fake"} <= names
    assert set(rows["discriminator_steps"]) == {0}
    assert rows["images"].max() == 960
    wide = rows.pivot_table(index="images", columns="metric", values="value")
    assert (wide["loss/generator"] + wide["elbo"]).abs().max() < 1e-4
    terms = wide["elbo/log_likelihood"] - wide["elbo/kl"]
    assert (terms - wide["elbo"]).abs().max() < 1e-4
    trial = results.trials.set_index("model").loc["vae"]
    assert pd.isna(trial["discriminator_parameters"])
    assert trial["encoder_parameters"] > 0


def test_figures_of_a_game_leave_it_out_and_its_own_shows_it(folder: Path) -> None:
    analysis = Analysis(Results(folder))
    assert games(analysis.results, "ring8") == ["gan"]
    assert {"losses", "scores", "likelihood"} <= figures_of(analysis, "ring8").keys()
    titles = [axis.get_title(loc="left") for axis in FIGURES["losses"].draw(analysis, "ring8").axes]
    assert titles == ["gan"]
    drawn = FIGURES["likelihood"].draw(analysis, "ring8")
    lines = [line for axis in drawn.axes for line in axis.lines if line.get_linewidth() > 1]
    assert [line.get_label() for line in lines] == ["vae", "_", "vae"]
    mean = analysis.results.curves.query("metric == 'elbo' and model == 'vae'")
    assert np.asarray(lines[0].get_ydata())[-1] == pytest.approx(mean["value"].iloc[-1])
    assert any(text.startswith("vae: no game") for text in limits(analysis, "ring8"))
    assert not any(text.startswith("gan: no game") for text in limits(analysis, "ring8"))


def test_it_is_resumed_bit_for_bit(folder: Path, quick: None, tmp_path: Path) -> None:
    (trial,) = trials_of(plan_of("vae"))
    with pytest.MonkeyPatch.context() as patch:
        kill_at_step(patch, 31, raise_killed)
        with pytest.raises(Killed):
            train(trial, tmp_path, checkpoint_every=0)
    assert train(trial, tmp_path, checkpoint_every=0) == ("finished", "")
    assert_same(tmp_path / "trials" / trial.key, folder / "trials" / trial.key)


def test_a_plain_run_has_no_baseline_and_a_wrong_value_is_one_line() -> None:
    plain = plan_from(None, None, None, None, None, (), "cpu")
    assert plain.contestants == tuple(parse_models("gan,cgan,dcgan,wgan,wgangp"))
    told = CliRunner().invoke(
        main, ["run", "--models", "vae,wgangp", "--set", "discriminator_steps=5", "--dry-run"]
    )
    assert told.exit_code == 2
    assert "vae: a VAE has no discriminator" in told.stderr
    assert len(told.stderr.strip().splitlines()) <= 2
