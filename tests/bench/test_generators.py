"""A generator read back from its folder, and every way in which that can fail."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.datasets.dataset import load_dataset
from bench.errors import InputError
from bench.evaluation.evaluate import balanced_labels, generate
from bench.files import read_json, write_json
from bench.generators.load import load_generator
from bench.generators.sampling import Codes, codes_of, images_of
from bench.planning.trial import Trial
from bench.records.writing import write_experiment
from bench.training.train import train
from gan_zoo.streams import Streams
from tests.bench.tiny import evaluate, plan_of, trials_of


def trained_folder(
    root: Path, plan_models: str = "gan,cgan", seeds: tuple[int, ...] = (0,)
) -> Path:
    """A folder of tiny trials on ring8, as `bench run` leaves it."""
    plan = plan_of(plan_models, seeds=seeds)
    write_experiment(root, plan.as_dict(), {})
    for trial in trials_of(plan):
        train(trial, root)
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", evaluate)
        return trained_folder(tmp_path_factory.mktemp("made") / "r", seeds=(0, 1))


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "r")
    return tmp_path / "r"


def weights(root: Path, model: str = "gan", seed: int = 0) -> Path:
    return root / "trials" / "ring8" / model / f"s{seed}" / "generator.safetensors"


def test_it_has_the_weights_that_training_ended_with(made: Path) -> None:
    trained = load_generator(made, "cgan", seed=1)
    assert trained.trial.key == "ring8/cgan/s1"
    kept = load_file(weights(made, "cgan", 1))
    assert kept.keys() == trained.model.sampler.state_dict().keys()
    for name, value in trained.model.sampler.state_dict().items():
        assert torch.equal(value, kept[name])
    assert not trained.model.training
    assert torch.equal(trained.dataset.train.samples, load_dataset("ring8").train.samples)


def test_the_same_latents_give_what_an_evaluation_would_draw(made: Path) -> None:
    trained = load_generator(made, "cgan")
    labels = balanced_labels(40, 8)
    wanted = generate(trained.model, labels, Streams(5)["latent/sample"])
    assert torch.equal(images_of(trained, codes_of(trained, 40, seed=5)), wanted)


def test_mixed_labels_reach_from_one_label_to_the_other(made: Path) -> None:
    trained = load_generator(made, "cgan")
    latents = codes_of(trained, 4, seed=1).latents
    pure = images_of(trained, Codes(latents, torch.full((4,), 3)))
    shares = torch.zeros(4, 8)
    shares[:, 3] = 1
    assert torch.equal(images_of(trained, Codes(latents, shares)), pure)
    shares[:, 5], shares[:, 3] = 0.5, 0.5
    mixed = images_of(trained, Codes(latents, shares))
    assert not torch.allclose(mixed, pure)


def test_more_samples_begin_with_the_same_ones(made: Path) -> None:
    trained = load_generator(made, "gan")
    few, many = codes_of(trained, 3, seed=2), codes_of(trained, 5000, seed=2)
    assert torch.equal(few.latents, many.latents[:3])
    assert not torch.equal(few.latents, codes_of(trained, 3, seed=3).latents)


def test_labels_are_in_turn_and_only_for_those_who_are_told(made: Path) -> None:
    told = load_generator(made, "cgan")
    assert codes_of(told, 5, labels=[3, 5]).labels.tolist() == [3, 5, 3, 5, 3]
    with pytest.raises(InputError, match="labels 0 to 7, not 8"):
        codes_of(told, 5, labels=[8])
    with pytest.raises(InputError, match="gan takes no labels"):
        codes_of(load_generator(made, "gan"), 5, labels=[3])


def test_an_open_choice_names_what_there_is(made: Path) -> None:
    with pytest.raises(InputError, match="--model gan or cgan"):
        load_generator(made)
    with pytest.raises(InputError, match="did you mean 'cgan'"):
        load_generator(made, "cgn")
    with pytest.raises(InputError, match="no data set 'ring9'; did you mean 'ring8'"):
        load_generator(made, "gan", dataset="ring9")
    with pytest.raises(InputError, match="no seed 7; it has 0, 1"):
        load_generator(made, "gan", seed=7)


def test_the_first_seed_that_left_weights_is_taken(root: Path) -> None:
    weights(root).unlink()
    assert load_generator(root, "gan").trial.seed == 1
    weights(root, seed=1).unlink()
    with pytest.raises(InputError, match="published folders leave them out"):
        load_generator(root, "gan")


def test_why_there_are_no_weights_is_told(root: Path) -> None:
    weights(root, "cgan").unlink()
    status = root / "trials" / "ring8" / "cgan" / "s0" / "status.json"
    write_json(status, {"status": "failed", "reason": "out of luck"})
    with pytest.raises(InputError, match="the trial is 'failed': 'out of luck'"):
        load_generator(root, "cgan", seed=0)
    status.unlink()
    with pytest.raises(InputError, match="when a trial ends"):
        load_generator(root, "cgan", seed=0)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 500])
def test_damaged_weights_are_told(root: Path, content: bytes) -> None:
    weights(root).write_bytes(content)
    with pytest.raises(InputError, match=r"generator\.safetensors cannot be read"):
        load_generator(root, "gan")


def test_cut_off_weights_are_told(root: Path) -> None:
    path = weights(root)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(InputError, match="cannot be read"):
        load_generator(root, "gan")


def test_weights_of_other_layers_are_told(root: Path) -> None:
    save_file({"other": torch.zeros(3)}, weights(root))
    with pytest.raises(InputError, match="other layers than gan now builds"):
        load_generator(root, "gan")


def test_weights_that_are_not_finite_are_told(root: Path) -> None:
    values = load_file(weights(root))
    next(value for value in values.values() if value.is_floating_point())[0] = torch.nan
    save_file(values, weights(root))
    with pytest.raises(InputError, match="not finite"):
        load_generator(root, "gan")


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 5},
        {"label": "cgan"},
        {"dataset": "../../etc"},
        {"config": {"widht": 3}},
        {"config": {"width": -3}},
        {"config": 3},
        {"model": "nowhere:Net"},
        {"config": None},
    ],
)
def test_a_record_that_was_tampered_with_is_one_line(root: Path, change: dict[str, object]) -> None:
    path = root / "trials" / "ring8" / "gan" / "s0" / "trial.json"
    write_json(path, read_json(path) | change)
    with pytest.raises(InputError) as told:
        load_generator(root, "gan")
    assert "\n" not in str(told.value)


def test_a_record_that_lacks_facts_is_damaged(root: Path) -> None:
    path = root / "trials" / "ring8" / "gan" / "s0" / "trial.json"
    facts = read_json(path)
    del facts["batch_size"]
    path.write_text(json.dumps(facts))
    with pytest.raises(InputError, match="lacks facts"):
        load_generator(root, "gan")


def test_a_trial_of_another_device_is_loaded_on_the_cpu(root: Path) -> None:
    path = root / "trials" / "ring8" / "gan" / "s0" / "trial.json"
    write_json(path, read_json(path) | {"device": "cuda"})
    trained = load_generator(root, "gan")
    assert trained.trial.device == "cpu"
    assert isinstance(trained.trial, Trial)
