"""Killed at any moment, a trial goes on to the bits it would have had."""

import dataclasses
import hashlib
import io
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import bench.files
from bench.datasets.batches import Shuffled
from bench.datasets.dataset import Split
from bench.files import read_json
from bench.planning.trial import Trial
from bench.probes.averages import Averages
from bench.records.state import checkpoints_in
from bench.training.checkpoints import DIGITS
from bench.training.train import train
from gan_zoo.streams import BLOCK, Streams

from . import tiny
from .tiny import assert_same, plan_of, trials_of

quick = tiny.quick


class Killed(BaseException):
    """What a test ends a trial with where a process of its own would cost too much."""


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trial]:
    path = tmp_path_factory.mktemp("model") / "dropping.py"
    path.write_text(tiny.DROPPING)
    found = trials_of(plan_of(f"dropping={path}:Dropping,wgangp"))
    return {trial.label: trial for trial in found}


@pytest.fixture(scope="module")
def whole(trials: dict[str, Trial], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both trials without a break, and without a checkpoint between evaluations."""
    root = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.training.under_way.evaluate", tiny.evaluate)
        for trial in trials.values():
            assert train(trial, root) == ("finished", "")
    return root


def folder(root: Path, trial: Trial) -> Path:
    return root / "trials" / trial.key


def kill_at_step(patch: pytest.MonkeyPatch, last: int, die: Callable[[], None]) -> None:
    steps, add = iter(range(1, 10**6)), Averages.add

    def counted(self: Averages, step: Any) -> None:
        add(self, step)
        if next(steps) == last:
            die()

    patch.setattr(Averages, "add", counted)


def kill_at_write(
    patch: pytest.MonkeyPatch, last: int, where: str, die: Callable[[], None]
) -> None:
    """Die at file number `last`: in the "middle" of it, or "before" or "after" its rename."""
    writes, replacing = iter(range(1, 10**6)), bench.files.replacing

    @contextmanager
    def faulty(path: Path) -> Iterator[Path]:
        now = next(writes) == last
        with replacing(path) as temporary:
            yield temporary
            if now and where == "middle":
                with temporary.open("r+b") as file:
                    file.truncate(temporary.stat().st_size // 2)
            if now and where != "after":
                die()
        if now:
            die()

    patch.setattr(bench.files, "replacing", faulty)


def raise_killed() -> None:
    raise Killed


# 60 steps of one model, 12 of the other; each writes 34 files.
POINTS = [
    *(("dropping", "step", 1), ("dropping", "step", 30), ("wgangp", "step", 7)),
    *(("wgangp", "before", 6), ("dropping", "after", 8), ("dropping", "middle", 11)),
    *(("wgangp", "after", 22), ("dropping", "before", 31)),
]


@pytest.mark.parametrize(("label", "where", "last"), POINTS)
def test_killed_at_a_step_or_a_write(
    label: str,
    where: str,
    last: int,
    trials: dict[str, Trial],
    whole: Path,
    quick: None,
    tmp_path: Path,
) -> None:
    trial = trials[label]
    with pytest.MonkeyPatch.context() as patch:
        if where == "step":
            kill_at_step(patch, last, raise_killed)
        else:
            kill_at_write(patch, last, where, raise_killed)
        with pytest.raises(Killed):
            train(trial, tmp_path, checkpoint_every=0)
    assert train(trial, tmp_path, checkpoint_every=1e9) == ("finished", "")
    assert_same(folder(tmp_path, trial), folder(whole, trial))
    assert len(checkpoints_in(folder(tmp_path, trial))) == 1


def test_it_says_where_it_went_on_and_does_not_begin_again(
    trials: dict[str, Trial], quick: None, tmp_path: Path
) -> None:
    trial = trials["dropping"]
    for last in (31, 12):  # the second: 12 more steps from the 30 that are kept
        with pytest.MonkeyPatch.context() as patch:
            kill_at_step(patch, last, raise_killed)
            with pytest.raises(Killed):
                train(trial, tmp_path, checkpoint_every=0)
    train(trial, tmp_path)
    facts = read_json(folder(tmp_path, trial) / "status.json")
    assert facts["resumed"] == ["went on from 480 images", "went on from 640 images"]
    assert facts["generator_steps"] == 60
    curves = pd.read_parquet(folder(tmp_path, trial) / "curves.parquet")
    assert curves["seconds"].is_monotonic_increasing  # the clock went on too


def stopped(trial: Trial, root: Path) -> list[Path]:
    """A trial that stopped at 800 images, with checkpoints at 800 and 640: newest first."""
    with pytest.MonkeyPatch.context() as patch:
        kill_at_step(patch, 51, raise_killed)
        with pytest.raises(Killed):
            train(trial, root, checkpoint_every=0)
    found = checkpoints_in(folder(root, trial))
    assert [int(path.stem[-4:]) for path in found] == [800, 640]
    return found


def signed(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + content


def saved(state: Any) -> bytes:
    content = io.BytesIO()
    torch.save(state, content)
    return signed(content.getvalue())


def changed(content: bytes, **values: Any) -> bytes:
    return saved(torch.load(io.BytesIO(content[DIGITS:]), weights_only=True) | values)


class RunsCode:
    """What unpickling would call, if it were allowed to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran",)


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a flipped bit": (lambda b: b[:999] + bytes([b[999] ^ 1]) + b[1000:], "is damaged"),
    "cut off": (lambda b: b[: len(b) // 2], "is damaged"),
    "empty": (lambda b: b"", "is damaged"),
    "code": (lambda b: saved({"version": RunsCode()}), "is not a checkpoint"),
    "a list": (lambda b: saved([1, 2]), "holds no state"),
    "another version": (lambda b: changed(b, version=2), "is of version 2, not 1"),
    "another trial": (lambda b: changed(b, course="x"), "belongs to another configuration"),
    "another network": (lambda b: changed(b, model={}), "does not fit: RuntimeError"),
    "a part of it": (lambda b: changed(b, clock={"days": 1}), "does not fit: TypeError"),
    "more rows": (lambda b: changed(b, rows=(10**6, 0)), "rows of 1000000"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_bad_checkpoint_is_passed_over_and_said(
    kind: str,
    trials: dict[str, Trial],
    whole: Path,
    quick: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trial, (damage, said) = trials["dropping"], DAMAGE[kind]
    monkeypatch.chdir(tmp_path)
    newest = stopped(trial, tmp_path)[0]
    newest.write_bytes(damage(newest.read_bytes()))
    train(trial, tmp_path)
    notes = read_json(folder(tmp_path, trial) / "status.json")["resumed"]
    assert len(notes) == 2
    assert notes[0].startswith(f"{newest.name} {said}") or said in notes[0]
    assert notes[1] == "went on from 640 images"
    assert not (tmp_path / "ran").exists()
    assert_same(folder(tmp_path, trial), folder(whole, trial))


def test_without_a_good_one_it_starts_anew(
    trials: dict[str, Trial], whole: Path, quick: None, tmp_path: Path
) -> None:
    trial = trials["dropping"]
    stopped(trial, tmp_path)
    (folder(tmp_path, trial) / "curves.parquet").write_bytes(b"PAR1")  # both count on its rows
    train(trial, tmp_path)
    notes = read_json(folder(tmp_path, trial) / "status.json")["resumed"]
    assert len(notes) == 3
    assert notes[-1] == "started anew"
    assert_same(folder(tmp_path, trial), folder(whole, trial))


def test_streams_go_on_in_the_middle_of_a_block() -> None:
    def draws(streams: Streams) -> list[torch.Tensor]:
        with streams.ambient("dropout"):
            ambient = torch.rand(3)
        return [
            streams["latent"].normal(BLOCK - 50, 2),
            streams["penalty"].uniform(7, 1, 1),
            streams["data"].permutation(9),
            ambient,
        ]

    one, two = Streams(3), Streams(3)
    draws(one)
    content = io.BytesIO()
    torch.save(one.state_dict(), content)
    assert len(content.getvalue()) < 40_000  # where the block was drawn, not the block
    expected = [draws(one) for _ in range(2)]
    content.seek(0)
    two["latent"].normal(1, 2)  # whatever it did before
    two.load_state_dict(torch.load(content, weights_only=True))
    assert two.hashes() == one.hashes()
    for mine, theirs in zip([draws(two) for _ in range(2)], expected, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
    with pytest.raises(ValueError, match="latent"):
        two["latent"].normal(5, 3)  # its shape is known again


def test_streams_go_on_from_a_state_of_version_0_1() -> None:
    one, two, three = Streams(3), Streams(3), Streams(3)
    one["latent"].normal(BLOCK - 50, 2)
    state = one.state_dict()
    left = one["latent"]._block[-50:].clone()  # version 0.1 kept these rows
    old = {k: v for k, v in state["streams"]["latent"].items() if k != "used"}
    old |= {"left": left, "generator": one["latent"]._generator.get_state()}
    two.load_state_dict(state | {"streams": {"latent": old}})
    assert torch.equal(one["latent"].normal(20, 2), two["latent"].normal(20, 2))
    three.load_state_dict(two.state_dict())
    expected = one["latent"].normal(BLOCK, 2)
    for stream in (two["latent"], three["latent"]):
        assert torch.equal(stream.normal(BLOCK, 2), expected)


def test_batches_go_on_from_a_state_of_version_0_1() -> None:
    samples = torch.arange(4000).float()
    split, one, two, three = Split(samples, samples.long()), Streams(0), Streams(0), Streams(0)
    first, second, third = (Shuffled(split, 64, s["data"]) for s in (one, two, three))
    for _ in range(3):
        next(first)
    two.load_state_dict(one.state_dict())
    second.load_state_dict({"left": first._left.clone()})  # version 0.1 kept these rows
    three.load_state_dict(two.state_dict())
    third.load_state_dict(second.state_dict())
    for _ in range(65):
        rows = next(first)[1]
        assert torch.equal(rows, next(second)[1])
        assert torch.equal(rows, next(third)[1])
    assert len(first.state_dict()["before"]["generator"]) == 5056
    assert isinstance(first.state_dict()["left"], int)


@pytest.mark.parametrize("taken", [0, 3, 62, 63])  # 62 batches of 64 are an epoch
def test_batches_go_on_in_the_middle_of_an_epoch(taken: int) -> None:
    samples = torch.arange(4000).float()
    split, one, two = Split(samples, samples.long()), Streams(0), Streams(0)
    first, second = (Shuffled(split, 64, streams["data"]) for streams in (one, two))
    for _ in range(taken):
        next(first)
    two.load_state_dict(one.state_dict())
    second.load_state_dict(first.state_dict())
    for _ in range(65):
        mine, theirs = next(first), next(second)
        assert torch.equal(mine[0], theirs[0])
        assert torch.equal(mine[1], theirs[1])


def test_a_loss_that_explodes_is_a_divergence(
    trials: dict[str, Trial], quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan_zoo.wgangp import WGANGP

    monkeypatch.setattr(WGANGP, "generator_loss", lambda self, batch: 2e9 + 0 * batch.fake.sum())
    status, reason = train(trials["wgangp"], tmp_path)
    assert status == "diverged"
    assert reason == "loss/generator exploded to 2e+09 by generator step 2"


# Real processes, killed at random.


def child(trial: Trial, root: Path, fault: tuple[str, int] | None) -> None:
    """A trial in a process of its own, which kills itself at the fault, if there is one."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    patch = pytest.MonkeyPatch()
    patch.setattr("bench.training.under_way.evaluate", tiny.evaluate)
    if fault:
        kill_at_write(patch, fault[1], fault[0], die)
    train(trial, root, checkpoint_every=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("label", ["dropping", "wgangp"])
def test_killed_at_random(
    label: str, seed: int, trials: dict[str, Trial], tmp_path: Path, quick: None
) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.train", "tests.bench.tiny"])
    trial, rng, kills = dataclasses.replace(trials[label], seed=seed), random.Random(seed), 0
    began = time.monotonic()
    train(trial, tmp_path / "whole", checkpoint_every=0)
    took = time.monotonic() - began
    while kills < 15:
        root = tmp_path / f"{kills}"
        places = ("middle", "before", "after")
        fault = (rng.choice(places), rng.randrange(1, 30)) if rng.random() < 0.5 else None
        process = context.Process(target=child, args=(trial, root, fault))
        process.start()
        process.join(60 if fault else rng.uniform(0.1, 2 * took))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        assert train(trial, root, checkpoint_every=rng.choice([0, 60])) == ("finished", "")
        assert_same(folder(root, trial), folder(tmp_path / "whole", trial))
