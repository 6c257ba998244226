"""Records that are sent home in pieces: at any moment the home folder can be gone on from."""

import random
from pathlib import Path

import pytest

from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.trial import cost
from bench.training.cluster import shipped
from bench.training.cluster.connection import Needs, _fits
from bench.training.cluster.pieces import Inbox, Outbox, Piece, names_in, packed, unpack

from .tiny import trials_of

KEY = "ring8/gan/s0"


def contents(root: Path) -> dict[str, bytes]:
    folder = root / "trials" / KEY
    return {name: (folder / name).read_bytes() for name in names_in(folder)}


def test_home_is_what_the_worker_has(tmp_path: Path) -> None:
    """Random writes, changes and removals, sent now and then: the last sending makes both equal."""
    away, home, draw = tmp_path / "away", tmp_path / "home", random.Random(0)
    folder, outbox = away / "trials" / KEY, Outbox(away, [KEY])
    (folder / "samples").mkdir(parents=True)
    names = ["trial.json", "curves.parquet", "checkpoint-0000000960.pt", "samples/000000960.png"]
    sent = 0
    for step in range(200):
        name = draw.choice(names)
        if draw.random() < 0.2:
            (folder / name).unlink(missing_ok=True)
        else:
            new = folder / f".{step}.tmp"
            new.write_bytes(draw.randbytes(draw.randrange(20)))
            new.rename(folder / name)
        if draw.random() < 0.3:
            for piece in outbox.changed():
                sent += len(piece.files)
                unpack(home, piece)
            assert contents(home) == contents(away)
    assert 20 < sent < 200
    for piece in outbox.changed():
        unpack(home, piece)
    assert contents(home) == contents(away)
    assert outbox.changed() == []


def test_a_checkpoint_never_comes_before_the_rows_that_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill of the writer leaves at home, after each of its writes."""
    files = dict.fromkeys(("status.json", "checkpoint-1.pt", "curves.parquet", "trial.json"), b"x")
    seen: list[str] = []
    write = "bench.training.cluster.pieces.write_bytes"
    monkeypatch.setattr(write, lambda path, content: seen.append(path.name))
    unpack(tmp_path, Piece(KEY, files, frozenset(files)))
    assert seen == ["trial.json", "curves.parquet", "checkpoint-1.pt", "status.json"]


def test_a_file_that_is_being_written_stays(tmp_path: Path) -> None:
    folder = tmp_path / "trials" / KEY
    folder.mkdir(parents=True)
    for name in ("trial.json", ".curves.parquet.17.tmp", "progress.json"):
        (folder / name).write_bytes(b"x")
    assert packed(tmp_path, KEY).files == {"trial.json": b"x"}
    unpack(tmp_path, Piece(KEY, {}, frozenset({"trial.json"})))
    assert {path.name for path in folder.iterdir()} == {"trial.json", ".curves.parquet.17.tmp"}


def test_an_inbox_writes_where_it_sees_the_folder_and_keeps_for_the_driver_elsewhere(
    tmp_path: Path,
) -> None:
    (tmp_path / "mark").touch()
    piece = Piece(KEY, {"trial.json": b"x"}, frozenset({"trial.json"}))
    near, far = Inbox(tmp_path, "mark"), Inbox(tmp_path / "elsewhere", "mark")
    assert near.send("one", "host", [piece])
    assert near.collect() == [("one", "host", [])]
    assert contents(tmp_path) == {"trial.json": b"x"}
    assert far.send("two", "", [piece])
    assert far.collect() == [("two", "", [piece])]
    assert far.collect() == []
    far.void("two")
    assert not far.send("two", "", [piece])  # its worker was taken for dead
    assert far.collect() == []


def test_our_code_is_shipped_and_own_modules_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    for name in (
        *("mine.py", "parts/net.py", "parts/weights.safetensors", "notes.txt", ".git/hook.py"),
        *("env/pyvenv.cfg", "env/lib/x.py", "results/r/experiment.toml", "results/r/y.py"),
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("x")
    monkeypatch.chdir(here)
    shipped.stage(tmp_path / "alone", own=False)
    assert {path.name for path in (tmp_path / "alone").iterdir()} == {"bench", "gan_zoo"}
    shipped.stage(tmp_path / "both", own=True)
    both = {path.relative_to(tmp_path / "both").as_posix() for path in tmp_path.rglob("both/**/*")}
    own = {name for name in both if not name.startswith(("bench", "gan_zoo"))}
    assert own == {"mine.py", "parts", "parts/net.py", "parts/weights.safetensors"}
    assert {"bench/cli/run.py", "gan_zoo/base.py"} <= both
    assert not [name for name in both if "__pycache__" in name]


def test_a_difference_names_both_versions() -> None:
    here = shipped.facts()
    assert {"Python", "torch", "numpy", shipped.CODE} <= here.keys()
    assert shipped.difference(here, dict(here), "host") == ""
    told = shipped.difference(here, {**here, "torch": "2.0"}, "host")
    assert told.startswith(f"the worker on host would compute other bits: torch {here['torch']} ")
    assert "here, 2.0 there" in told


@pytest.mark.parametrize(
    ("resources", "needs", "fits"),
    [
        ({"CPU": 8.0}, Needs.of("cpu", 1, 4), 8),
        ({"CPU": 8.0}, Needs.of("cpu", 3, 1), 2),
        ({"CPU": 64.0, "GPU": 4.0}, Needs.of("cuda", 1, 3), 12),
        ({"CPU": 64.0, "GPU": 1.0}, Needs.of("cuda", 1, 64), 64),
        ({"CPU": 2.0, "GPU": 4.0}, Needs.of("cuda", 1, 1), 2),
        ({"CPU": 8.0}, Needs.of("cuda", 1, 1), 0),
    ],
)
def test_how_many_trials_a_node_has_room_for(
    resources: dict[str, float], needs: Needs, fits: int
) -> None:
    assert _fits(resources, needs) == fits


def test_the_longest_trials_of_the_zoo_are_guessed_to_be_so() -> None:
    """In the order of the published seconds: dcgan and wgangp, then wgan, then the others."""
    plan = Plan(tuple(parse_models("gan,cgan,wgan,dcgan,wgangp")), seeds=(0,))
    guess = {trial.label: cost(trial) for trial in trials_of(plan)}
    assert guess["gan"] == guess["cgan"]
    assert 1.1 < guess["wgan"] / guess["gan"] < 1.4
    assert 1.5 < guess["wgangp"] / guess["gan"] < 2.1
    assert 1.5 < guess["dcgan"] / guess["gan"] < 2.1
