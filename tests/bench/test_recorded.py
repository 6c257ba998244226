"""What a trial records of its Config: what was published keeps its hash as fields are added."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import bench
from bench.datasets.dataset import Dataset, load_dataset
from bench.errors import InputError
from bench.files import read_toml
from bench.planning.from_toml import from_dict
from bench.planning.hyperparameters import recorded, resolve
from gan_zoo.base import Config, later
from gan_zoo.catalog import MODELS
from gan_zoo.gan import VanillaGAN

RESULTS = Path(bench.__file__).parent.parent / "results"
PUBLISHED = sorted(path.parent for path in RESULTS.glob("reference-*/**/experiment.toml"))


@dataclass
class Grown(Config):
    added: int = later(3)


class Usual(VanillaGAN):
    defaults = Grown()  # type: ignore[assignment]


class Other(VanillaGAN):
    defaults = Grown(added=5)  # type: ignore[assignment]


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda path: path.name)
def test_a_published_plan_still_makes_the_trials_that_are_recorded(folder: Path) -> None:
    path = folder / "experiment.toml"
    made = from_dict(read_toml(path), str(path)).trials(digits_for_mnist)
    assert made
    for trial in made:
        kept = json.loads((folder / "trials" / trial.key / "trial.json").read_text())
        assert trial.config == kept["config"]
        assert trial.config_hash == kept["config_hash"]


def digits_for_mnist(name: str, size: int | None = None) -> Dataset:
    """The data set, or one of the same shape and classes that needs no download."""
    return load_dataset("mnist5k" if name in ("mnist", "fashion-mnist") else name, size)


def test_a_later_field_is_recorded_once_it_is_another() -> None:
    usual = recorded(Usual, Grown())
    assert usual.keys() == {
        *("backbone", "width", "latent_dim", "generator_norm", "discriminator_norm"),
        *("init", "learning_rate", "betas", "discriminator_steps"),
    }
    assert recorded(Usual, Grown(added=4)) == usual | {"added": 4}
    # A model that has another default has both of them in its record.
    assert recorded(Other, Grown(added=5)) == usual | {"added": 5}
    assert recorded(Other, Grown(added=3)) == usual | {"added": 3}


@pytest.mark.parametrize("model", MODELS)
def test_a_record_gives_its_config_back(model: str) -> None:
    for preset, found in MODELS[model].presets.items():
        kind, config = resolve(model, model, preset, {})
        kept = recorded(kind, config)
        assert resolve(model, model, None, json.loads(json.dumps(kept)))[1] == config
        assert {name for name in found.values if name not in kept} == set()


def test_a_preset_that_is_not_there_is_one_line() -> None:
    with pytest.raises(InputError, match="did you mean 'notes-b'"):
        resolve("dcgan", "dcgan", "note-b", {})


def test_later_is_a_field_with_a_default() -> None:
    assert [f.name for f in dataclasses.fields(Grown) if f.metadata.get("later")] == [
        "discriminator_width",
        "norm_eps",
        "norm_momentum",
        "shared_fakes",
        "added",
    ]
