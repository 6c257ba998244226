"""In short what `make soak` tries at length: kills, damages, mutated plans."""

import json
import random
import shutil
from pathlib import Path

import pandas as pd
import pytest

import bench
from bench.errors import Damaged, InputError
from bench.files import read_json, read_toml
from bench.generators.load import load_generator
from bench.records.layout import SCALE_COLUMNS
from bench.records.results import Results
from bench.records.writing import write_facts, write_parquet
from bench.report.rebuild import rebuild
from bench.training.train import train

from ..soak import damage, kill, plans
from . import tiny

quick = tiny.quick


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind of file, two trials and a report."""
    plan, root = tiny.plan_of("gan,wgangp", probes="all"), tmp_path_factory.mktemp("made") / "r"
    with tiny.in_short():
        tiny.run(plan, root, tiny.trials_of(plan), 1, tiny.Quiet())
        scale = pd.DataFrame([["ring8", "one mode", "emd", 1.7, "points", 2500, "true:2500"]])
        write_parquet(root / "scale.parquet", scale.set_axis(SCALE_COLUMNS, axis=1))
        rebuild(root, lambda text: None)
    return root


@pytest.fixture
def small(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "small"))


def test_every_damage_to_every_file_is_named(small: Path, tmp_path: Path) -> None:
    damage.with_progress(small, tmp_path / "copy")
    assert damage.told(small).count("\n") == 0  # the line of counts
    for path, way, named in damage.damages(tmp_path / "copy", random.Random(0), 2):
        assert named, f"{path} {way}"


def test_all_kinds_of_files_are_tried(small: Path, tmp_path: Path) -> None:
    damage.with_progress(small, tmp_path / "copy")
    kinds = {damage.kind_of(path) for path in damage.files(tmp_path / "copy")}
    assert kinds >= {
        *("experiment.toml", "environment.json", "scale.parquet", "index.parquet", "summary.csv"),
        *("trial.json", "status.json", "progress.json", "events.json", "curves.parquet"),
        *("evaluations.parquet", "histograms.parquet", "samples/*.png", "generator.safetensors"),
        *("checkpoint-*.pt", "report.html", "plots/*.png", "report.sha256"),
    }


def test_every_bit_of_a_table_counts(small: Path) -> None:
    """Above all those of the footer, which no checksum of a page covers."""
    path = next(small.rglob("gan/s0/evaluations.parquet"))
    content = path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little") + 8
    rng = random.Random(1)
    places = [*range(-8, 0), *rng.sample(range(-footer, -8), 60), -footer - 1, -footer - 64]
    for at in places:
        for bit in (0, 7) if at < -8 else range(8):
            broken = bytearray(content)
            broken[at] ^= 1 << bit
            path.write_bytes(broken)
            assert Results(small).trials["status"][0] == "damaged", (at, bit)


def test_half_a_plan_is_no_plan(small: Path) -> None:
    path = small / "experiment.toml"
    text = path.read_text()
    for length in range(0, len(text) - 1, 7):
        path.write_text(text[:length])
        with pytest.raises(InputError, match=r"is damaged|no models|is not TOML"):
            _ = Results(small).experiment
    path.write_text(text.partition("\n")[2])  # as of an earlier version, or as somebody edited it
    assert read_toml(path)["images"] == 960


def test_a_picture_or_weights_that_are_damaged_are_left_out_alone(small: Path) -> None:
    results = bench.load(small)
    broken = [*results.samples("gan", 0).values()][1]
    weights = broken.parents[1] / "generator.safetensors"
    for path in (broken, weights):
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # of weights: a digit of a number
    again = bench.load(small)
    assert again.damaged == [
        f"ring8 gan s0: {broken.name} cannot be read",
        "ring8 gan s0: generator.safetensors is damaged: its sha256 is another",
    ]
    assert broken not in again.samples("gan", 0).values()
    assert again.curves.equals(results.curves)
    with pytest.raises(Damaged, match="its sha256 is another"):
        load_generator(small, "gan")


def test_nothing_goes_on_from_a_damaged_table_or_picture(small: Path, quick: None) -> None:
    """What lies on the disk between a kill and the next run is not taken on trust."""
    trial = tiny.trials_of(tiny.plan_of("gan", probes="all"))[0]
    folder = small / "trials" / trial.key
    for name in ("curves.parquet", "histograms.parquet", "samples/000000000.png"):
        path = folder / name
        content = path.read_bytes()
        path.write_bytes(damage.flipped(content, random.Random(3)))
        assert train(trial, small) == ("finished", "")
        facts = json.loads((folder / "status.json").read_text())
        assert facts["resumed"][-1] == "started anew", name
        assert Results(small).damaged == []


def test_files_of_an_earlier_version_carry_no_digest_and_load(small: Path) -> None:
    folder = next(small.glob("trials/ring8/gan/s0"))
    before = bench.load(small)
    for path in (folder / "trial.json", folder / "status.json", small / "environment.json"):
        facts = json.loads(path.read_text())
        facts.pop("files", None)
        del facts["sha256"]
        path.write_text(json.dumps(facts, indent=2))
    for name in ("curves", "evaluations"):
        getattr(before, name).query("model == 'gan'").to_parquet(folder / f"{name}.parquet")
    after = bench.load(small)
    assert after.damaged == []
    assert after.trials["status"].tolist() == ["finished", "finished"]
    assert after.evaluations.equals(before.evaluations)


def test_a_fact_of_json_is_not_believed_against_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "trial.json"
    write_facts(path, {"seed": 1, "model": "gan"})
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 3'))
    with pytest.raises(ValueError, match="sha256"):
        read_json(path)


def test_mutated_plans_end_in_one_line_or_are_plans(tmp_path: Path) -> None:
    found = plans.campaign(tmp_path / "mutated.toml", seed=1, count=300)
    assert found["plans"] > 20
    assert found["refused"] > 200


@pytest.mark.parametrize(
    ("count", "more"),
    [(1, ("--images", "1440")), pytest.param(8, (), marks=pytest.mark.slow)],
)
def test_killed_it_goes_on_to_the_same_bits(
    tmp_path: Path, count: int, more: tuple[str, ...]
) -> None:
    found = list(kill.kills(tmp_path, count, 2, lambda text: None, *more))
    assert [one.different for one in found] == [""] * count
    assert not any(one.lost or one.tracebacks for one in found)
