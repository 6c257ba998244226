"""Equal search for all: its split, its draws, its choice, and that it goes on after a break."""

import dataclasses
import itertools
import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

import bench
from bench.cli import main
from bench.cli.running import RunOptions
from bench.cli.tuning import search, tune
from bench.datasets import dataset_name, primary_metric
from bench.datasets.dataset import Split, load_dataset
from bench.datasets.mixtures import true_samples
from bench.datasets.selection import rows as split_rows
from bench.datasets.selection import selection
from bench.errors import InputError
from bench.evaluation.evaluate import Subject, evaluate
from bench.extractors.judge import judge_of
from bench.planning.hyperparameters import typed
from bench.planning.trial import Trial
from bench.stats import best_of
from bench.training.train import begun
from bench.tuning import rows as rows_of
from bench.tuning.protocol import Protocol, selection_seeds
from bench.tuning.report import REPORTED
from bench.tuning.rows import Rows, choose, scores
from bench.tuning.search import Search
from gan_zoo.base import Config, held, searched
from gan_zoo.catalog import MODELS, load
from gan_zoo.config import Space, spaces

from . import tiny
from .tiny import plan_of, sole

SEEDS = (0, 1, 2, 3, 4, 5)
records_alone = tiny.records_alone
QUIET = RunOptions(jobs="1", check=False)


def protocol_of(models: str = "gan,wgan", configs: int = 3, **values: object) -> Protocol:
    return Protocol(
        plan_of(models, **{"seeds": SEEDS, "evaluations": 1, "images": 320, **values}),
        configs,
        (7, 8),
    )


def near(samples: Tensor, reference: Tensor) -> float:
    """In place of the exact distance, which takes seconds: how far the moments are apart."""
    both = [torch.stack([x.mean(0), x.std(0)]) for x in (samples, reference)]
    return float((both[0] - both[1]).norm())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, records_alone: None) -> None:
    monkeypatch.setattr("bench.evaluation.points.transport.emd", near)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """A search of two contestants, and its rows."""
    root = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.evaluation.points.transport.emd", near)
        patch.setattr("bench.cli.forecast.rates_file", lambda: root / "rates.json")
        return root, searched_rows(protocol_of(), root)


def of_gan(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["contestant"] == "gan"].reset_index(drop=True)


def searched_rows(protocol: Protocol, root: Path) -> pd.DataFrame:
    """The rows of a search without its report, and without what hangs on the clock."""
    root.mkdir(exist_ok=True)
    trials, kept = protocol.trials(), Rows(root, protocol)
    kept.collect(trials)
    assert search(protocol, trials, kept, root, QUIET, lambda text: None)
    return kept.of(trials).drop(columns=["seconds", "evaluating_seconds"])


# Spaces.


@dataclass
class Own(Config):
    learning_rate: float = 3e-4
    betas: tuple[float, float] = held((0.0, 0.9))
    margin: int = searched(2, 1, 9, later=True)


def test_a_subclass_keeps_the_spaces_of_its_base_unless_it_holds_a_field():
    assert list(spaces(Own())) == ["learning_rate", "discriminator_steps", "margin"]
    assert spaces(Own())["learning_rate"] == Space(1e-5, 1e-2, log=True)
    (margin,) = (field for field in dataclasses.fields(Own) if field.name == "margin")
    assert margin.metadata["later"]
    drawn = [values["margin"] for values in Search(spaces(Own()), 40).values]
    assert {type(value) for value in drawn} == {int}
    assert set(drawn) <= set(range(1, 10))
    assert len(set(drawn)) > 5


@pytest.mark.parametrize(
    "given", [{"low": 1.0, "high": 1.0}, {"low": 0.0, "high": 1.0, "log": True}]
)
def test_a_range_without_room_is_refused(given):
    with pytest.raises(ValueError, match="low < high"):
        Space(**given)


@pytest.mark.parametrize("model", MODELS)
def test_each_model_declares_what_is_searched_and_its_default_lies_within(model):
    config = load(model).defaults  # type: ignore[attr-defined]
    for name, space in spaces(config).items():
        value = getattr(config, name)
        assert value in space.choices if space.choices else space.low <= value <= space.high


def test_draws_agree_where_fields_do_and_a_larger_search_begins_with_a_smaller_one():
    own = {name: Search(spaces(load(name).defaults), 12).values for name in MODELS}  # type: ignore[attr-defined]
    for one, other in itertools.combinations(own.values(), 2):
        for first, second in zip(one, other, strict=True):
            shared = first.keys() & second.keys()
            assert {"learning_rate", "discriminator_steps"} <= shared
            assert all(first[name] == second[name] for name in shared)
    more = Search(spaces(load("wgangp").defaults), 200).values  # type: ignore[attr-defined]
    assert more[:12] == own["wgangp"]
    rates = np.log10([values["learning_rate"] for values in more])
    # Uniform in the logarithm on [-5, -2]: mean -3.5 and sd 0.866, both within four errors.
    assert abs(rates.mean() + 3.5) < 4 * 0.866 / math.sqrt(200)
    assert abs(rates.std() - 0.866) < 0.15
    assert -5.01 < rates.min() < -4.9 < -2.1 < rates.max() < -1.99
    steps = Counter(values["discriminator_steps"] for values in more)
    assert all(35 < steps[one] < 100 for one in (1, 2, 5))  # 67 expected, sd 6.7
    assert all(typed("x", str(v["penalty"]), float) == v["penalty"] for v in more)


# The selection split.


@pytest.mark.parametrize(("name", "held_out"), [("mnist5k", 800), ("ring8", 10_000)])
def test_the_selection_split_is_a_fifth_of_the_training_split_and_meets_nothing_else(
    name, held_out
):
    whole, found = load_dataset(name), load_dataset(f"selection:{name}")
    rest, part = split_rows(whole.train.labels, name)
    assert sorted([*rest.tolist(), *part.tolist()]) == list(range(len(whole.train)))
    assert len(part) == held_out
    assert torch.equal(found.train.samples, whole.train.samples[rest])
    assert torch.equal(found.holdout.samples, whole.train.samples[part])
    assert torch.equal(found.holdout.labels, whole.train.labels[part])
    counts = [split.labels.bincount() for split in (whole.train, found.holdout)]
    assert ((counts[0] / 5 - counts[1]).abs() < 1).all()  # of each class a fifth
    others = [whole.holdout.samples]
    if name == "ring8":
        others.append(true_samples(name, "reference", 2500)[0])
    chosen = {sample.numpy().tobytes() for sample in found.holdout.samples}
    assert len(chosen) == held_out
    for other in others:
        assert not chosen & {sample.numpy().tobytes() for sample in other}


def test_its_names_and_its_metric():
    assert dataset_name("selection:mnist5k") == "mnist5k-selection"
    assert dataset_name("selection:folder:/a/cats") == "folder-cats-selection"
    assert primary_metric("ring8-selection") == primary_metric("selection:ring8") == "emd"
    assert primary_metric("mnist5k-selection") == "fid"
    with pytest.raises(InputError, match="did you mean 'ring8'"):
        load_dataset("selection:rng8")


def test_images_are_compared_with_the_selection_split_alone():
    protocol = Protocol(plan_of("gan", datasets=("mnist5k",), seeds=SEEDS, samples=100), 2, (7, 8))
    trial = protocol.trials()[0]
    judge = judge_of(trial.source, None, trial.features, "cpu")
    model = begun(trial, judge.dataset).model
    subject = Subject(model, trial, judge)
    assert evaluate([subject], last=False) == [([], {})]
    ((found,), _) = sole(evaluate([subject], last=True))
    assert (found.metric, found.reference, found.samples) == ("fid", "selection:800", 100)
    real = judge.extractor(torch.zeros(0, 1, 28, 28)).features.shape[1]
    assert judge.compared.seen.features.shape == (800, real)


# The best of k.


@pytest.mark.parametrize("values", [[3.0, 1.0, 2.0, 7.0], [5.0, math.inf, 2.0, 2.0]])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_best_of_k_is_that_of_all_draws(values, k):
    bests = np.sort([min(drawn) for drawn in itertools.product(values, repeat=k)])
    found = best_of(values, k, level=0.8)
    finite = bests[np.isfinite(bests)]
    assert found.expected == pytest.approx(finite.mean(), rel=1e-12)
    assert found.none == pytest.approx(1 - len(finite) / len(bests), abs=1e-12)
    # The lowest value that a tenth, and nine tenths, of the draws do not exceed.
    below = [float((bests <= value).mean()) for value in bests]
    for end, share in ((found.low, 0.1), (found.high, 0.9)):
        assert end == next(v for v, p in zip(bests, below, strict=True) if p >= share - 1e-9)


def test_no_scores_are_refused():
    for wrong in ([], [math.nan, 1.0]):
        with pytest.raises(ValueError, match="scores are"):
            best_of(wrong, 1)
    assert best_of([math.inf], 2).expected == math.inf


# The protocol.


def test_what_would_not_be_fair_is_refused():
    with pytest.raises(InputError, match="seed 5 would select and report"):
        Protocol(plan_of("gan", seeds=SEEDS), 3, (5, 9))
    with pytest.raises(InputError, match="--selection-seeds are 2 or more, not 1"):
        Protocol(plan_of("gan", seeds=SEEDS), 3, (9,))
    with pytest.raises(InputError, match="--report-seeds are 6 or more, not 5"):
        Protocol(plan_of("gan", seeds=SEEDS[:5]), 3, (8, 9))
    with pytest.raises(InputError, match="one data set"):
        Protocol(plan_of("gan", seeds=SEEDS, datasets=("ring8", "grid25")), 3, (8, 9))
    assert selection_seeds("2") == (1000, 1001)
    assert selection_seeds("2,9") == (2, 9)


def test_a_folder_keeps_what_was_fixed(tmp_path):
    protocol_of().keep(tmp_path)
    protocol_of().keep(tmp_path)
    with pytest.raises(InputError, match=r"begun with search\.configs 3, not 4"):
        protocol_of(configs=4).keep(tmp_path)
    with pytest.raises(InputError, match=r"begun with report\.images 320, not 1920"):
        protocol_of(images=1920).keep(tmp_path)


# The search and its choice.


def test_a_search_gives_all_the_same_and_chooses_the_lowest_mean(whole):
    protocol, (root, rows) = protocol_of(), whole
    for _, own in rows.groupby("contestant"):
        assert sorted(own["configuration"]) == [-1, -1, 0, 0, 1, 1, 2, 2]
        assert sorted(own["seed"].unique()) == [7, 8]
        assert set(own["images"]) == {320}
    assert set(rows["dataset"]) == {"ring8-selection"}
    assert set(rows["reference"]) == {"selection:2500"}
    assert rows["config_hash"].nunique() == len(rows) == 16
    chosen = choose(protocol, rows)
    for name, own in rows[rows["configuration"] >= 0].groupby("contestant"):
        means = own.groupby("configuration")["value"].mean()
        assert chosen[name].number == means.idxmin()
        assert chosen[name] == protocol.configurations[f"{name}.{means.idxmin():02d}"]
        (values,) = own.loc[own["configuration"] == means.idxmin(), "values"].unique()
        assert json.loads(values) == json.loads(json.dumps(chosen[name].values))
    assert not list((root / "search").rglob("*.parquet"))  # rows alone are kept
    # A lost seed loses the configuration.
    best = chosen["gan"]
    gone = (rows["label"] == best.label) & (rows["seed"] == 8)
    lost = rows.assign(status=rows["status"].mask(gone, "diverged"))
    assert choose(protocol, lost)["gan"] != best
    table = scores(lost).set_index(["contestant", "configuration"])
    assert table.loc[("gan", best.number), "lost"] == 1
    everything = rows.assign(status=rows["status"].mask(rows["contestant"] == "gan", "diverged"))
    assert choose(protocol, everything).keys() == {"wgan"}


def test_the_choice_never_sees_the_holdout(tmp_path, quick, monkeypatch, whole):
    expected, ring8 = of_gan(whole[1]), load_dataset("ring8")
    ruined = Split(torch.full_like(ring8.holdout.samples, 1e6), ring8.holdout.labels)
    other = dataclasses.replace(ring8, holdout=ruined)
    selection.cache_clear()
    load_dataset.cache_clear()
    judge_of.cache_clear()
    monkeypatch.setattr("bench.datasets.selection.load_dataset", lambda name, size: other)
    try:
        assert load_dataset("selection:ring8").holdout.samples.abs().max() < 10
        found = searched_rows(protocol_of("gan"), tmp_path / "ruined")
    finally:
        for cached in (selection, load_dataset, judge_of):
            cached.cache_clear()
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    # What the corruption is seen in: another training split.
    other = dataclasses.replace(ring8, train=Split(ring8.train.samples + 0.1, ring8.train.labels))
    monkeypatch.setattr("bench.datasets.selection.load_dataset", lambda name, size: other)
    try:
        found = searched_rows(protocol_of("gan"), tmp_path / "another")
    finally:
        for cached in (selection, load_dataset, judge_of):
            cached.cache_clear()
    assert (found["value"] != expected["value"]).all()


def test_a_search_that_was_killed_goes_on_to_the_same_rows(tmp_path, quick, monkeypatch, whole):
    real, calls = Rows.collect, itertools.count()

    def dying(self: Rows, trials: list[Trial]) -> None:
        if next(calls) == 5:  # between the end of a trial and its row
            raise KeyboardInterrupt
        real(self, trials)

    monkeypatch.setattr(Rows, "collect", dying)
    with pytest.raises(KeyboardInterrupt):
        searched_rows(protocol_of("gan"), tmp_path / "killed")
    monkeypatch.setattr(Rows, "collect", real)
    kept = rows_of.read(tmp_path / "killed")
    assert len(kept) == 4
    (left,) = (tmp_path / "killed" / "search").rglob("status.json")  # the fifth, not yet a row
    found = searched_rows(protocol_of("gan"), tmp_path / "killed")
    pd.testing.assert_frame_equal(found, of_gan(whole[1]), check_exact=True)
    assert not left.exists()
    trained = rows_of.read(tmp_path / "killed").merge(kept, on=[*kept])  # not trained twice
    assert len(trained) == 4


@pytest.mark.slow
def test_a_whole_run_reports_on_other_seeds_and_then_has_nothing_to_do(tmp_path, quick):
    plan = plan_of("gan,wgan,dcgan", seeds=SEEDS, evaluations=1, images=320)
    dcgan = dataclasses.replace(plan.contestants[2], values={})  # made for images
    plan = dataclasses.replace(plan, contestants=(*plan.contestants[:2], dcgan))
    said: list[str] = []
    root = tmp_path / "tuned"
    assert tune(plan, 2, (7, 8), root, QUIET, said.append)
    page = (root / "tuned.md").read_text()
    assert "dcgan is left out" in page
    assert "2 configurations, each on 2 selection seeds with 320 images a trial" in page
    reported = bench.load(root / REPORTED)
    assert set(reported.trials["model"]) == {"gan", "gan-tuned", "wgan", "wgan-tuned"}
    assert set(reported.trials["seed"]) == set(SEEDS)
    assert set(reported.trials["dataset"]) == {"ring8"}
    chosen = pd.read_csv(root / "tuned.csv").set_index("contestant")
    for name, row in chosen.iterrows():
        tuned = reported.trials.query("model == @name + '-tuned'")["config"].map(json.loads)
        for pair in row["values"].split():
            field, value = pair.split("=")
            assert all(
                str(config[field]).strip("[]").replace(", ", ",") == value for config in tuned
            )
        means = {
            label: final.groupby("seed")["value"].last().mean()
            for label, final in reported.evaluations.query("metric == 'emd'").groupby("model")
        }
        assert row["default_mean"] == pytest.approx(means[name], rel=1e-9)
        assert row["tuned_mean"] == pytest.approx(means[f"{name}-tuned"], rel=1e-9)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("s[0-9]/*.parquet")}
    assert before
    assert tune(plan, 2, (7, 8), root, QUIET, said.append)
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("s[0-9]/*.parquet")}
    assert (root / "tuned.md").read_text() == page
    assert not (root / "search").exists()


def test_bad_input_is_one_line(tmp_path):
    for arguments, told in (
        (["--dataset", "ring8,grid25"], "one data set"),
        (["--report-seeds", "3"], "6 or more"),
        (["--selection-seeds", "3,4"], "seed 3 would select and report"),
        (["--configs", "1"], "configs must be a whole number from 2"),
        (["--features", "none"], "nothing to choose by"),
    ):
        command = ["tune", "--models", "gan", "--out", str(tmp_path / "out"), *arguments]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 2, result.output
        assert told in result.output
        assert len(result.output.strip().splitlines()[-1].splitlines()) == 1
        assert not (tmp_path / "out").exists()
