"""Shards partition a plan; merged, they are the folder of one run, and contradictions are named."""

import dataclasses
import itertools
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import bench
from bench.cli import main
from bench.digests import json_with_digest
from bench.errors import InputError
from bench.planning.plan import Plan
from bench.planning.shards import Shard
from bench.planning.stacks import units
from bench.planning.trial import Trial
from bench.records.merging import merge
from bench.records.state import readable_facts
from bench.records.writing import write_parquet
from bench.training import runner

from . import tiny
from .tiny import Quiet, assert_same, trials_of

quick = tiny.quick


def train(plan: Plan, root: Path, trials: list[Trial]) -> None:
    with runner.locked(root):
        left = runner.pending(root, trials)
        assert runner.run(plan, root, trials, left, 1, Quiet())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run as a whole, and the same run in two shards."""
    root = tmp_path_factory.mktemp("made")
    plan = tiny.plan_of("gan,wgan", seeds=(0, 1, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", tiny.evaluate)
        train(plan, root / "whole", trials_of(plan))
        for part in (1, 2):
            train(plan, root / f"part{part}", Shard(part, 2).of(trials_of(plan)))
    return root


@pytest.fixture
def parts(made: Path, tmp_path: Path) -> list[Path]:
    return [Path(shutil.copytree(made / name, tmp_path / name)) for name in ("part1", "part2")]


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 16])
def test_shards_are_a_partition_with_equal_shares_of_each_contestant(parts: int) -> None:
    trials = trials_of(tiny.plan_of("gan,wgan,wgangp", seeds=tuple(range(10))))
    dealt = [Shard(part, parts).of(trials) for part in range(1, parts + 1)]
    keys = [trial.key for shard in dealt for trial in shard]
    assert sorted(keys) == sorted(trial.key for trial in trials)
    for label in ("gan", "wgan", "wgangp"):
        counts = [sum(trial.label == label for trial in shard) for shard in dealt]
        assert max(counts) - min(counts) <= 1


def test_a_stack_is_not_torn_apart() -> None:
    plan = tiny.plan_of("gan,wgan", seeds=tuple(range(8)), stack=4)
    trials = trials_of(plan)
    for part in (1, 2, 3):
        kept = {trial.key for trial in Shard(part, 3).of(trials)}
        for unit in units(trials):
            assert len(kept & {trial.key for trial in unit}) in (0, 4)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_a_shard_that_is_none(text: str) -> None:
    with pytest.raises(InputError, match="--shard is i/n"):
        Shard.parsed(text)
    with pytest.raises(InputError, match="has 1 parts at most"):
        Shard(2, 2).of(trials_of(tiny.plan_of("gan")))


def test_merged_shards_are_the_folder_of_one_run(made: Path, parts: list[Path]) -> None:
    out = parts[0].parent / "out"
    (line,) = merge(parts, out)
    assert line.endswith("6 of 6 trials, from 2 folders")
    assert bench.load(out).experiment == bench.load(made / "whole").experiment
    assert bench.load(out).trials["status"].tolist() == ["finished"] * 6
    for folder in (made / "whole" / "trials").glob("*/*/*"):
        assert_same(folder, out / folder.relative_to(made / "whole"))
    assert not bench.load(out).damaged
    with pytest.raises(InputError, match="is there already"):
        merge(parts, out)


def test_the_same_trial_in_both_is_taken_once(made: Path, parts: list[Path]) -> None:
    out = parts[0].parent / "out"
    merge([made / "whole", *parts], out)
    assert len(list(out.glob("trials/*/*/*"))) == 6
    # One that only one of them has ended, and one that has ended in none.
    shutil.copytree(made / "whole/trials", parts[1] / "trials", dirs_exist_ok=True)
    for part, key in itertools.product(parts, ("gan/s0", "gan/s1")):
        folder = part / "trials/ring8" / key
        if folder.exists() and not (part == parts[1] and key == "gan/s1"):
            (folder / "status.json").unlink()
    merge(parts, out.with_name("again"))
    found = bench.load(out.with_name("again")).trials.set_index(["model", "seed"])["status"]
    assert found["gan", 1] == "finished"
    assert found["gan", 0] != "finished"
    assert (found == "finished").sum() == 5


def test_rows_that_contradict_each_other_are_named(made: Path, parts: list[Path]) -> None:
    (one,) = (parts[0] / "trials").glob("*/gan/s0")
    path = one / "evaluations.parquet"
    frame = pd.read_parquet(path)
    last = frame.index[-1]
    was, metric = frame.loc[last, "value"], frame.loc[last, "metric"]
    frame.loc[last, "value"] = was + 1
    write_parquet(path, frame)
    out = parts[0].parent / "out"
    with pytest.raises(InputError) as told:
        merge([made / "whole", parts[0]], out)
    assert str(told.value) == (
        f"ring8 gan s0 ended in {made / 'whole'} and in {parts[0]}, and its {metric} at 960 images "
        f"is {was:.6g} and {was + 1:.6g}"
    )
    assert [path.name for path in out.parent.glob("*out*")] == []


def test_plans_versions_and_settings_that_contradict_each_other(parts: list[Path]) -> None:
    out, toml = parts[0].parent / "out", parts[1] / "experiment.toml"
    text = "\n".join(line for line in toml.read_text().splitlines() if "sha256" not in line)
    environment = readable_facts(parts[1] / "environment.json")
    for old, new, said in (
        ("threads = 1", "threads = 2", "with threads 1, .* with 2"),
        ("width = 4", "width = 5", "gan has values .*'width': 4.*'width': 5"),
    ):
        assert old in text
        toml.write_text(text.replace(old, new))
        with pytest.raises(InputError, match=said):
            merge(parts, out)
    toml.write_text(text)
    changed = json_with_digest({**environment, "torch": "1.0"})
    (parts[1] / "environment.json").write_text(changed)
    with pytest.raises(InputError, match=r"with torch .*, .* with 1\.0"):
        merge(parts, out)
    assert not out.exists()


def test_a_damaged_trial_is_left_out_and_named(parts: list[Path]) -> None:
    (one,) = (parts[0] / "trials").glob("*/gan/s0")
    (one / "curves.parquet").write_bytes(b"PAR1")
    out = parts[0].parent / "out"
    first, second = merge(parts, out)
    assert "5 of 6 trials" in first
    assert second == f"ring8 gan s0 of {parts[0]} is left out: curves.parquet cannot be read"
    assert not (out / "trials/ring8/gan/s0").exists()


@pytest.mark.usefixtures("quick", "few_figures")
def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bench.cli.running.measure_scale", lambda root, trials: None)
    words = "run --dataset ring8 --models gan,wgan --seeds 1 --images 640 --evaluations 1 --jobs 1"
    values = ["--set", "backbone=mlp", "--set", "width=4", "--batch-size", "16"]
    for part in (1, 2):
        done = CliRunner().invoke(main, [*words.split(), *values, "--shard", f"{part}/2"])
        assert done.exit_code == 0, done.output
        assert f"shard {part} of 2 of 2 trials" in done.output
    folders = sorted(str(path) for path in Path("results").iterdir())
    assert folders == [f"results/ring8-640-shard{part}of2" for part in (1, 2)]
    done = CliRunner().invoke(main, ["merge", *folders, "--out", "whole"])
    assert done.exit_code == 0, done.output
    assert json.dumps(bench.load("whole").trials["status"].tolist()) == '["finished", "finished"]'
    assert Path("whole/report.html").exists()
    done = CliRunner().invoke(main, ["merge", *folders, "--out", "whole"])
    assert done.exit_code == 2
    assert done.output == "bench: whole is there already: name a new folder with --out\n"


def test_a_contestant_of_one_part_alone_is_added(parts: list[Path], made: Path) -> None:
    plan = tiny.plan_of("cgan=gan", seeds=(0,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", tiny.evaluate)
        train(dataclasses.replace(plan), parts[0].parent / "more", trials_of(plan))
    out = parts[0].parent / "out"
    merge([*parts, parts[0].parent / "more"], out)
    trials = bench.load(out).trials
    assert trials.groupby("model")["seed"].apply(list).to_dict() == {
        "gan": [0, 1, 2],
        "wgan": [0, 1, 2],
        "cgan": [0],
    }
