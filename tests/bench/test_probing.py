"""Probes change nothing but their own rows, and those are where they should be."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

import bench
from bench.checks.verify import repeatable_trial
from bench.datasets.dataset import load_dataset
from bench.errors import InputError
from bench.files import read_json, write_json
from bench.planning.trial import PROBED, ROWS, Trial
from bench.probes import PROBES, SETS, chosen
from bench.records.state import checkpoints_in
from bench.records.writing import write_experiment
from bench.training import probing
from bench.training.checkpoints import DIGITS
from bench.training.probing import Probing, undisturbed
from bench.training.train import begun, train
from gan_zoo.catalog import MODELS

from . import tiny
from .tiny import plan_of, trials_of

quick = tiny.quick

OWN = ("update_ratio/", "lipschitz/", "weights/", "accuracy/", "output/", "diversity/")
LATER = ("score/train", "score/holdout")  # beside the means that are always there
SLOPES = tuple(f"slope/{where}/" for where in ("real", "fake", "between"))


def is_probed(metric: str) -> bool:
    return metric.startswith((*OWN, *SLOPES, *LATER, "score/real/", "score/fake/"))


def trial_of(model: str, backbone: str, probes: str = "default", **values: Any) -> Trial:
    """A narrow model on points, or for convolutions on digits."""
    dataset = "ring8" if backbone == "mlp" else "mnist5k"
    plan = plan_of(model, **{"datasets": (dataset,), "images": 320, "probes": probes} | values)
    narrow = {"width": 4, "latent_dim": 3, "backbone": backbone}
    one = tuple(dataclasses.replace(c, values=narrow) for c in plan.contestants)
    (trial,) = trials_of(dataclasses.replace(plan, contestants=one))
    return trial


def state(folder: Path) -> dict[str, Any]:
    """What the last checkpoint holds of networks, optimizers, streams and batches."""
    content = checkpoints_in(folder)[0].read_bytes()[DIGITS:]
    found: dict[str, Any] = torch.load(io.BytesIO(content), weights_only=True)
    return {name: found[name] for name in ("model", "optimizers", "streams", "batches")}


def flat(found: Any, path: str = "") -> dict[str, Any]:
    """A state as leaves by path."""
    if isinstance(found, dict):
        parts = [flat(value, f"{path}/{name}") for name, value in found.items()]
        return {name: value for part in parts for name, value in part.items()}
    if isinstance(found, list | tuple):
        return flat(dict(enumerate(found)), path)
    return {path: found}


def assert_equal_states(one: Path, two: Path) -> None:
    first, second = flat(state(one)), flat(state(two))
    assert first.keys() == second.keys()
    for name, value in first.items():
        other = second[name]
        equal = torch.equal(value, other) if isinstance(value, Tensor) else value == other
        assert equal, name


@pytest.fixture(scope="module")
def dropping(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "dropping.py"
    path.write_text(tiny.DROPPING)
    return f"dropping={path}:Dropping"


@pytest.mark.parametrize("backbone", ["mlp", "conv"])
@pytest.mark.parametrize("model", [*MODELS, "dropping"])
def test_a_run_with_probes_has_the_bits_of_one_without(
    model: str, backbone: str, dropping: str, quick: None, tmp_path: Path
) -> None:
    reference = dropping if model == "dropping" else model
    folders, kept = {}, {}
    for probes in ("none", "default", "all"):
        trial = trial_of(reference, backbone, probes)
        assert train(trial, tmp_path / probes) == ("finished", "")
        folder = folders[probes] = tmp_path / probes / "trials" / trial.key
        table = tiny.timeless(folder / "curves.parquet")
        assert set(table["metric"].map(is_probed)) == (
            {False} if probes == "none" else {True, False}
        )
        rest = table[~table["metric"].map(is_probed)].reset_index(drop=True)
        kept[probes] = rest, tiny.timeless(folder / "evaluations.parquet")
        assert read_json(folder / "status.json")["not_probed"] == {}
    for probes in ("default", "all"):
        for one, two in zip(kept[probes], kept["none"], strict=True):
            pd.testing.assert_frame_equal(one, two, check_exact=True)
        assert_equal_states(folders[probes], folders["none"])
        mine, theirs = (folders[p] / "generator.safetensors" for p in (probes, "none"))
        assert mine.read_bytes() == theirs.read_bytes()
    both = [tiny.timeless(folders[p] / "curves.parquet") for p in ("default", "all")]
    shared = both[1][both[1]["metric"].isin(both[0]["metric"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, both[0], check_exact=True)


def test_all_metrics_are_there_under_their_names(quick: None, tmp_path: Path) -> None:
    trial = trial_of("gan", "mlp", "all")
    train(trial, tmp_path)
    found = set(pd.read_parquet(tmp_path / "trials" / trial.key / "curves.parquet")["metric"])
    slopes = {f"slope/{w}/{s}" for w in ("real", "fake", "between") for s in ("mean", "max")}
    quantiles = {
        f"score/{w}/q{q}" for w in ("real", "fake") for q in ("05", "25", "50", "75", "95")
    }
    assert {
        *slopes,
        *quantiles,
        *(
            "update_ratio/discriminator",
            "update_ratio/generator",
            "lipschitz/mean",
            "lipschitz/max",
        ),
        *("weights/edge", "accuracy/real", "accuracy/fake", "output/real", "output/fake"),
        *("score/train", "score/holdout", "diversity/fake", "diversity/real"),
        *("update_ratio/discriminator/layers.0", "update_ratio/generator/layers.0"),
    } <= found


@pytest.mark.parametrize("name", [name for name in PROBES if name != "layer_updates"])
def test_one_probe_alone_has_the_numbers_that_it_has_among_all(
    name: str, quick: None, tmp_path: Path
) -> None:
    alone, among = (trial_of("wgan", "mlp", probes, images=160) for probes in (name, "all"))
    tables = []
    for trial, root in ((alone, tmp_path / "alone"), (among, tmp_path / "among")):
        train(trial, root)
        tables.append(tiny.timeless(root / "trials" / trial.key / "curves.parquet"))
        histograms = root / "trials" / trial.key / "histograms.parquet"
        assert histograms.exists() == ("weights" in trial.probes)
    shared = tables[1][tables[1]["metric"].isin(tables[0]["metric"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(tables[0], shared, check_exact=True)
    assert tables[0]["metric"].map(is_probed).any() == (name != "guesses")  # a critic has none


def test_the_tenth_rows_and_evaluations_are_probed_whatever_the_budget() -> None:
    for images in (64_000, 640_000, 6_400_000):
        trial = dataclasses.replace(trial_of("gan", "mlp"), unit=160, images=images, evaluations=3)
        at, ends = 0, []
        while at < images:
            point = next(p for p in trial.evaluation_points if p > at)
            at = min(trial.row_end(at), point)
            ends.append(at)
        probed = [end for end in ends if trial.probed(end)]
        assert set(trial.evaluation_points[1:]) <= set(probed)
        units = [end // 160 for end in probed if end not in trial.evaluation_points]
        whole = [n * PROBED for n in range(1, ROWS // PROBED + 1)]
        assert [u for u in units if u < ROWS] == [u for u in whole if u * 160 < images and u < ROWS]
        assert len(probed) <= len(ends) / PROBED + 3
        # What is probed are rows: nothing within a step of one is.
        assert not trial.probed(probed[0] + 16)


def test_a_larger_budget_probes_the_smaller_ones_rows() -> None:
    small = dataclasses.replace(trial_of("gan", "mlp"), unit=160, images=160 * 700, evaluations=7)
    large = dataclasses.replace(small, images=2 * small.images, evaluations=14)
    places = range(160, small.images + 1, 160)
    assert [small.probed(at) for at in places] == [large.probed(at) for at in places]


def test_updates_are_the_difference_of_two_checkpoints() -> None:
    trial = trial_of("wgan", "mlp", "all")
    data = load_dataset(trial.source, trial.size)
    now = begun(trial, data)
    twin = begun(trial, data)
    probing = Probing(now.model, trial, data)
    with probing.step(trial.images):
        now.model.train_step(now.batches, now.streams)
    found = probing.read(trial.images)
    # Four critic steps by hand, then the fifth: the twin stands just before the last update.
    weights: list[list[Tensor]] = []
    optimizer = twin.model.discriminator_optimizer
    old_step = optimizer.step

    def noted(*arguments: Any, **named: Any) -> Any:
        weights.append([p.detach().clone() for p in twin.model.discriminator.parameters()])
        return old_step(*arguments, **named)

    optimizer.step = noted  # type: ignore[method-assign]
    before = [p.detach().clone() for p in twin.model.generator.parameters()]
    twin.model.train_step(twin.batches, twin.streams)
    assert len(weights) == 5
    for network, old in (("discriminator", weights[-1]), ("generator", before)):
        new = [p.detach() for p in getattr(twin.model, network).parameters()]
        moved = torch.cat([(a - b).double().flatten() for a, b in zip(new, old, strict=True)])
        size = torch.cat([b.double().flatten() for b in old])
        expected = float(moved.norm() / size.norm())
        assert found[f"update_ratio/{network}"] == pytest.approx(expected, rel=1e-5)
        names = [name for name, _ in getattr(twin.model, network).named_parameters()]
        first = [i for i, name in enumerate(names) if name.startswith("layers.0.")]
        moved = torch.cat([(new[i] - old[i]).double().flatten() for i in first])
        size = torch.cat([old[i].double().flatten() for i in first])
        expected = float(moved.norm() / size.norm())
        assert found[f"update_ratio/{network}/layers.0"] == pytest.approx(expected, rel=1e-5)
    assert not now.model.discriminator_optimizer._optimizer_step_pre_hooks


def test_a_look_leaves_modes_gradients_and_generators_as_they_were() -> None:
    trial = trial_of("dcgan", "conv", "all")
    data = load_dataset(trial.source, trial.size)
    now = begun(trial, data)
    now.model.train_step(now.batches, now.streams)
    model = now.model
    next(iter(model.discriminator.modules())).eval()  # a part that a user keeps in eval mode
    modes = [module.training for module in model.modules()]
    grads = [p.grad.clone() if p.grad is not None else None for p in model.parameters()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    assert Probing(model, trial, data).read(trial.images)
    assert torch.equal(torch.rand(3), expected)
    assert [module.training for module in model.modules()] == modes
    for parameter, grad in zip(model.parameters(), grads, strict=True):
        assert (grad is None) == (parameter.grad is None)
        assert grad is None or torch.equal(parameter.grad, grad)  # type: ignore[arg-type]
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_modes_come_back_after_an_error() -> None:
    trial = trial_of("gan", "mlp")
    model = begun(trial, load_dataset("ring8")).model

    def look() -> None:
        with undisturbed(model, 0, "cpu"):
            assert not any(module.training for module in model.modules())
            raise KeyError

    with pytest.raises(KeyError):
        look()
    assert all(module.training for module in model.modules())


def test_a_network_that_cannot_be_asked_is_told_and_the_trial_goes_on(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(look: Any) -> dict[str, Tensor]:
        raise RuntimeError("no derivative\nof that kind")

    monkeypatch.setattr("bench.probes.measures.slopes", refuses)
    probing.measure.cache_clear()
    trial = trial_of("gan", "mlp")
    assert train(trial, tmp_path) == ("finished", "")
    probing.measure.cache_clear()
    folder = tmp_path / "trials" / trial.key
    assert read_json(folder / "status.json")["not_probed"] == {
        "slopes": "RuntimeError: no derivative"
    }
    metrics = set(pd.read_parquet(folder / "curves.parquet")["metric"])
    assert "lipschitz/mean" in metrics
    assert not any(name.startswith("slope/") for name in metrics)


def test_what_is_not_finite_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"a": torch.tensor(float("nan")), "b": torch.tensor(float("inf")), "c": torch.ones(())}
    monkeypatch.setattr("bench.training.probing.measure", lambda name: lambda look: values)
    trial = trial_of("gan", "mlp", "slopes")
    data = load_dataset("ring8")
    assert Probing(begun(trial, data).model, trial, data).read(trial.images) == {"c": 1.0}


def test_histograms_and_events_are_read_with_the_rest(quick: None, tmp_path: Path) -> None:
    plan = plan_of("gan,wgan")
    write_experiment(tmp_path, plan.as_dict(), {})
    for trial in trials_of(plan):
        train(trial, tmp_path)
    results = bench.load(tmp_path)
    found = results.histograms
    assert set(found["model"]) == {"gan", "wgan"}
    assert sorted(found["images"].unique()) == [0, 480, 960]
    keys = ["model", "images", "network"]
    assert found.groupby(keys)["share"].sum().tolist() == pytest.approx([1.0] * 12)
    assert set(found.groupby(keys).size()) == {40}
    clipped = found.query("model == 'wgan' and network == 'discriminator' and images == 960")
    assert clipped["high"].max() == pytest.approx(0.01, rel=1e-6)
    assert results.events.empty
    assert list(results.events) == [
        *("dataset", "model", "seed", "step", "images", "kind", "text"),
    ]
    assert results.trials["collapse_alarms"].tolist() == [0, 0]


def test_a_divergence_is_an_event(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.probes.averages.EXPLODED", 1e-6)
    plan = plan_of("gan")
    write_experiment(tmp_path, plan.as_dict(), {})
    train(trials_of(plan)[0], tmp_path)
    (event,) = bench.load(tmp_path).events.to_dict("records")
    assert (event["kind"], event["step"], event["images"]) == ("divergence", 10, 160)
    assert "exploded" in event["text"]


def test_names_are_chosen_in_their_order_or_refused() -> None:
    assert chosen("diversity, updates") == ("updates", "diversity")
    assert chosen("none") == ()
    assert set(SETS["default"]) < set(chosen("all")) == set(PROBES)
    with pytest.raises(InputError, match="no probe 'slope'; did you mean 'slopes'"):
        chosen("updates,slope")
    with pytest.raises(InputError, match="not all with names"):
        chosen("all,updates")
    with pytest.raises(InputError, match="no probe ''"):
        chosen("")


def test_probes_are_no_part_of_what_a_trial_is() -> None:
    with_some, without = (trial_of("gan", "mlp", probes) for probes in ("all", "none"))
    assert with_some.config_hash == without.config_hash
    assert with_some.course == without.course
    assert "probes" not in with_some.identity


def test_verify_trains_with_the_recorded_probes(quick: None, tmp_path: Path) -> None:
    plan = plan_of("gan", probes="diversity,updates", images=320)
    write_experiment(tmp_path, plan.as_dict(), {})
    (trial,) = trials_of(plan)
    train(trial, tmp_path)
    results = bench.load(tmp_path).records
    assert repeatable_trial(results, trial.key).probes == ("updates", "diversity")
    path = tmp_path / "trials" / trial.key / "trial.json"
    facts = read_json(path)
    write_json(path, {k: v for k, v in facts.items() if k != "probes"})  # of version 0.1.0
    assert repeatable_trial(results, trial.key).probes == ()
    write_json(path, facts | {"probes": ["slopes", "of a later version"]})
    assert repeatable_trial(results, trial.key).probes == ("slopes",)
