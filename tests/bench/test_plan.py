"""From flags and files to trials."""

import dataclasses
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.datasets import dataset_name
from bench.errors import InputError
from bench.extractors import extractor_name, without_hash
from bench.planning.flags import gpus, jobs_for, plan_from
from bench.planning.from_toml import from_dict
from bench.planning.hyperparameters import resolve
from bench.planning.parsing import (
    parse_datasets,
    parse_images,
    parse_models,
    parse_seeds,
    parse_set,
)
from bench.planning.plan import Plan
from bench.planning.trial import Contestant, Trial
from gan_zoo.base import DataSpec
from gan_zoo.networks import conv_generator
from gan_zoo.streams import Streams

IMAGES, POINTS = DataSpec((1, 28, 28), 10), DataSpec((2,), 8)
NOTHING: dict[str, Any] = dict.fromkeys(("models", "datasets", "seeds", "images", "device"))


def plan(models: str = "gan,wgan", **values: Any) -> Plan:
    return Plan(tuple(parse_models(models)), **values)


def flags(experiment: str | None = None, **values: Any) -> Plan:
    return plan_from(experiment, **{**NOTHING, "values": (), **values})


@pytest.mark.parametrize(
    ("text", "images"),
    [("256k", 256_000), ("1.5M", 1_500_000), ("640", 640), ("0.5k", 500), (" 20k ", 20_000)],
)
def test_images(text: str, images: int) -> None:
    assert parse_images(text) == images


@pytest.mark.parametrize("text", ["", "k", "-5", "256K", "1e5", "0", "nan", "12kk", "٣", "1 000"])
def test_images_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="256k"):
        parse_images(text)


@pytest.mark.parametrize(
    ("text", "seeds"), [("3", (0, 1, 2)), ("0,4,7", (0, 4, 7)), ("1", (0,)), ("5, 2", (5, 2))]
)
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "-1", "a", "1,1", "1,,2", "1.5", "²", "9999999999999"])
def test_seeds_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match=r"seeds"):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("text", "datasets"),
    [
        ("mnist5k", ("mnist5k",)),
        (" mnist5k , ring8", ("mnist5k", "ring8")),
        ("mnist5k,nonsense", ("mnist5k", "nonsense")),
        ("folder:a,ring8", ("folder:a", "ring8")),
        ("ring8,folder:a", ("ring8", "folder:a")),
        ("folder:a,folder:b", ("folder:a", "folder:b")),
        ("folder:cats, black", ("folder:cats, black",)),
        ("folder:a,b/c,d,ring8,folder:e,,f", ("folder:a,b/c,d", "ring8", "folder:e,,f")),
        ("folder:a,ring8/", ("folder:a,ring8/",)),  # how a path ends in a data set's name
        ("folder:a,mnist", ("folder:a", "mnist")),
        ("folder:a,mnist6k", ("folder:a,mnist6k",)),
        ("folder:a,", ("folder:a,",)),
        ("", ("",)),
        ("ring8,", ("ring8", "")),
    ],
)
def test_a_comma_may_belong_to_the_path_of_a_folder(text: str, datasets: tuple[str, ...]) -> None:
    assert parse_datasets(text) == datasets


def test_models_have_labels() -> None:
    found = parse_models("gan, dcgan@paper,mine=wgangp@paper,my.module:Net,dir/net.py:MyGAN")
    assert [(c.label, c.model, c.preset) for c in found] == [
        ("gan", "gan", None),
        ("dcgan@paper", "dcgan", "paper"),
        ("mine", "wgangp", "paper"),
        ("net", "my.module:Net", None),
        ("mygan", "dir/net.py:MyGAN", None),
    ]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("dcgn", "did you mean 'dcgan'"),
        ("dcgan@papr", "dcgan preset 'papr'; did you mean 'paper'"),
        ("gan,gan", "two contestants are called 'gan'"),
        ("../up=gan", "cannot be a label"),
        ("", "no models"),
        ("<b>=gan", "cannot be a label"),
        (f"{'x' * 65}=gan", "cannot be a label"),
    ],
)
def test_models_that_are_refused(models: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        plan(models)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("wgangp.penalty=1", {"penalty": 1.0}),
        ("wgangp.betas=0,0.9", {"betas": (0.0, 0.9)}),
        ("wgangp.width=none", {"width": None}),
        ("backbone=mlp", {"backbone": "mlp"}),
        ("discriminator_steps=2", {"discriminator_steps": 2}),
    ],
)
def test_set_is_typed_by_the_field(value: str, expected: dict[str, Any]) -> None:
    made = flags(models="wgangp", values=(value,)).resolved["wgangp"][1]
    assert {name: getattr(made, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("wgangp.penalt=1", "did you mean 'penalty'"),
        ("wgangp.penalty=much", "takes a number, not 'much'"),
        ("wgangp.penalty=nan", "takes a number, not 'nan'"),
        ("wgangp.betas=0.5", "takes a number,a number"),
        ("wgangp.discriminator_steps=2.5", "takes a whole number"),
        ("wgangp.discriminator_steps=0", "must be above 0"),
        ("wgangp.backbone=cnv", "mlp or conv"),
        ("wgangp.betas=0,1", r"\[0, 1\)"),
        ("gan.width=3", "no contestant is called 'gan'"),
        ("penalty", "model.field=value"),
        (".penalty=1", "model.field=value"),
        ("penalty=", "model.field=value"),
    ],
)
def test_set_that_is_refused(value: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        _ = flags(models="wgangp", values=(value,)).resolved


def test_a_preset_lies_between_defaults_and_set() -> None:
    _, config = resolve("x", "wgangp", "paper", {"penalty": 3})
    assert (config.learning_rate, config.betas, config.penalty) == (1e-4, (0.0, 0.9), 3.0)


def test_a_boolean_field() -> None:
    assert parse_set(("gan.saturating=true",)) == [("gan", "saturating", "true")]
    assert resolve("x", "gan", None, {"saturating": "true"})[1].saturating is True
    assert resolve("x", "gan", None, {"saturating": False})[1].saturating is False
    with pytest.raises(InputError, match="true or false"):
        resolve("x", "gan", None, {"saturating": "perhaps"})


def trials(made: Plan, spec: DataSpec = IMAGES) -> list[Trial]:
    data = SimpleNamespace(spec=spec, train=range(4000), holdout=range(1000), content="")
    return made.trials(lambda name, size: data)


def test_budget_and_points_are_whole_generator_steps_of_everyone() -> None:
    made = plan(images=10_000, evaluations=7)
    for trial in trials(made):
        steps = trial.batch_size * trial.config["discriminator_steps"]
        points = trial.evaluation_points
        assert trial.images == 10_240  # 16 units of 64 x 10
        assert all(point % steps == 0 for point in points)
        assert points[0] == 0
        assert points[-1] == trial.images
        assert len(points) == 8
        assert all(end % steps == 0 for end in row_ends(trial))


def row_ends(trial: Trial) -> list[int]:
    ends = [0]
    while ends[-1] < trial.images:
        ends.append(trial.row_end(ends[-1]))
    return ends[1:]


def test_rows_thin_out_and_do_not_depend_on_the_budget() -> None:
    small, large = (trials(plan(images=images))[0] for images in (640 * 400, 640 * 3200))
    assert row_ends(small) == [640 * k for k in range(1, 401)]
    ends = row_ends(large)
    assert ends[:400] == row_ends(small)
    assert len(ends) == 400 + 3 * 200  # three octaves
    assert ends[-2:] == [640 * (3200 - 8), 640 * 3200]
    # After an evaluation between two of them they are where they would have been.
    assert small.row_end(640 * 3 + 64) == 640 * 4
    assert large.row_end(640 * 1001) == 640 * 1004


def test_a_usual_contestant_added_later_moves_no_point() -> None:
    alone = trials(plan("gan", images=20_000))[0]
    beside = trials(plan("gan,wgan,dcgan", images=20_000))[0]
    assert alone.config_hash == beside.config_hash


def test_the_label_is_no_part_of_what_a_trial_depends_on() -> None:
    first, second = trials(plan("a=gan,b=gan", seeds=(0,)))
    assert first.config_hash == second.config_hash
    assert first.key != second.key
    other = dataclasses.replace(first, threads=2)
    assert other.config_hash != first.config_hash


def test_fewer_images_than_a_batch_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        trials(plan("gan", batch_size=8192))
    assert str(caught.value) == (
        "mnist5k has 4,000 samples to train on, beside 1,000 held out, fewer than a batch of "
        "8,192: say --batch-size 2048"
    )
    assert trials(plan("gan", batch_size=2048))


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("mnist5k", "mnist5k"),
        ("folder:/home/me/cats", "folder-cats"),
        ("folder:cats/", "folder-cats"),
        ("folder:/a/My cats", "folder-My-cats-7a1b"),
        ("folder:/a/\u1103\u1161\u11ab", "folder--d0ab"),
        ("folder:/a/..", "folder--5ec1"),
        ("folder:/a/<b>|\x1b[1m", "folder-b-1m-0000"),
    ],
)
def test_a_folder_has_a_name_that_is_safe_everywhere(reference: str, name: str) -> None:
    assert dataset_name(reference)[:-4] == name[:-4]
    assert re.fullmatch(r"[A-Za-z0-9._@-]+", dataset_name(reference))


def test_folders_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(InputError, match="two data sets would be called 'folder-cats'"):
        plan("gan", datasets=("folder:/a/cats", "folder:/b/cats"))


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("digits-lenet", "digits-lenet"),
        ("inception:/w/inc.pth", "inception"),
        ("my.nets:Net", "my.nets:Net"),
        ("dir/net.py:Net:w.safetensors", "net.py:Net"),
        ("points", "points"),
    ],
)
def test_an_extractor_is_called_without_its_file(reference: str, name: str) -> None:
    assert extractor_name(reference) == name == without_hash(f"{name}:0123456789ab")


@pytest.mark.parametrize("features", ["auto", "none", "inception:a.pth", "m:Net", "classifier"])
def test_extractors_that_may_be_asked_for(features: str) -> None:
    assert plan("gan", features=features).features == features


def test_places_are_no_part_of_what_a_trial_depends_on() -> None:
    (here,) = trials(plan("gan", seeds=(0,), datasets=("folder:/a/cats",), features="none"))
    there = dataclasses.replace(here, source="folder:/b/cats")
    assert here.config_hash == there.config_hash
    assert dataclasses.replace(here, content="other").config_hash != here.config_hash


def test_unsuited_trials_say_why() -> None:
    by_label = {t.label: t.unsuited for t in trials(plan("gan,dcgan", seeds=(0,)), POINTS)}
    assert by_label["gan"] is None
    assert by_label["dcgan"] is not None
    assert "images" in by_label["dcgan"]


@pytest.mark.parametrize(
    ("side", "said"),
    [(30, "multiple of 4, from 12 up, not 30: --size 32"), (8, "not 8: --size 12"), (48, None)],
)
def test_a_side_that_a_backbone_cannot_build_is_told(side: int, said: str | None) -> None:
    spec = DataSpec((1, side, side), 10)
    by_label = {t.label: t for t in trials(plan("gan,dcgan", seeds=(0,), size=side), spec)}
    assert by_label["gan"].unsuited is None
    reason = by_label["dcgan"].unsuited
    assert reason is None if said is None else said in str(reason)
    assert by_label["gan"].size == side
    if said:
        with pytest.raises(InputError, match=f"^no contestant can be trained: .*{said}$"):
            trials(plan("dcgan,wgan", seeds=(0,), size=side), spec)


@pytest.mark.parametrize("side", range(4, 132))
def test_what_conv_is_said_to_build_it_builds(side: int) -> None:
    spec = DataSpec((1, side, side))
    kind, config = resolve("dcgan", "dcgan", None, {"width": "2"})
    if kind.unsuited(spec, config):
        with pytest.raises(ValueError, match="the conv backbone needs a side"):
            kind(spec, config, Streams(0, "meta"), "meta")
        with pytest.raises(ValueError, match="conv networks need"):
            conv_generator(2, spec.shape, 2, "batch")
    else:
        model = kind(spec, config, Streams(0, "meta"), "meta")
        labels = torch.zeros(2, dtype=torch.int64, device="meta")
        drawn = model.generator(torch.empty(2, config.latent_dim, device="meta"), labels)
        assert drawn.shape == (2, 1, side, side)
        assert model.discriminator(drawn, labels).shape == (2,)


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    import tomli_w

    made = flags(models="gan,p=wgangp@paper", values=("p.penalty=2",), seeds="0,5", images="20k")
    path = tmp_path / "experiment.toml"
    path.write_text(tomli_w.dumps(made.as_dict()))
    again = flags(str(path))
    assert [t.config_hash for t in trials(again)] == [t.config_hash for t in trials(made)]
    assert again.as_dict() == made.as_dict()
    assert flags(str(path), seeds="2").seeds == (0, 1)  # flags override the file


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"imges": 5}, "did you mean 'images'"),
        ({"version": 9}, "version 9"),
        ({"contestants": [{"lable": "x"}]}, "lable"),
        ({"models": ["gan"], "datasets": ["mnst5k"]}, "did you mean 'mnist5k'"),
        ({"models": ["gan"], "images": "many"}, "256k"),
        ({"models": ["gan"], "images": -1}, "from 1 to"),
        ({"models": ["gan"], "size": 3}, "size must be a whole number from 4 to 1,024"),
        ({"models": ["gan"], "size": 1025}, "size must be a whole number from 4 to 1,024"),
        ({"models": ["gan"], "size": 28.0}, "size must be a whole number"),
        ({"models": ["gan"], "size": True}, "size must be a whole number"),
        ({"models": ["gan"], "precision": "fp16"}, "fp32 or bf16"),
        ({"models": ["gan"], "features": "inceptoin"}, "no feature extractor"),
        ({"models": ["gan"], "samples": 1}, "from 2 to 100,000"),
    ],
)
def test_files_that_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_dict(values, "x.toml")


def test_defaults_are_the_five_models() -> None:
    made = flags()
    assert [c.label for c in made.contestants] == ["gan", "cgan", "dcgan", "wgan", "wgangp"]
    assert (made.seeds, made.budget, made.default_folder()) == ((0, 1, 2), 256_000, "mnist5k-256k")


def test_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.planning.flags.cores", lambda: 8)
    made = plan(threads=3)
    assert jobs_for("auto", made) == 2
    assert jobs_for("auto", dataclasses.replace(made, device="cuda")) == 1
    cuda = dataclasses.replace(made, device="cuda")
    assert jobs_for("auto", cuda, per_device=3, devices=2) == 6
    assert jobs_for("auto", made, per_device=3, devices=0) == 2
    assert jobs_for("5", made) == 5
    for bad in ("0", "-1", "many", "1.5"):
        with pytest.raises(InputError, match="--jobs"):
            jobs_for(bad, made)


@pytest.mark.parametrize(
    ("named", "found"), [(None, ["0", "1"]), ("3,GPU-a,5", ["3", "GPU-a"]), ("", ["0", "1"])]
)
def test_gpus_as_the_driver_names_them(
    monkeypatch: pytest.MonkeyPatch, named: str | None, found: list[str]
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert gpus() == found


def test_contestants_are_data() -> None:
    assert Contestant("a", "gan") == Contestant("a", "gan", None, {})


def test_only_a_field_that_means_something_by_it_takes_inf(tmp_path: Path) -> None:
    import tomli_w

    made = flags(models="free=wgan", values=("free.clip=inf",), seeds="1")
    (trial,) = trials(made)
    assert trial.config["clip"] == math.inf
    path = tmp_path / "experiment.toml"
    path.write_text(tomli_w.dumps(made.as_dict()))
    assert "clip = " in path.read_text()
    assert [t.config_hash for t in trials(flags(str(path)))] == [trial.config_hash]
    for value, said in {"clip=-inf": "a number or inf", "clip=nan": "a number or inf"}.items():
        with pytest.raises(InputError, match=said):
            _ = flags(models="wgan", values=(value,)).resolved
    with pytest.raises(InputError, match="learning_rate takes a number, not"):
        _ = flags(models="wgan", values=("learning_rate=inf",)).resolved
