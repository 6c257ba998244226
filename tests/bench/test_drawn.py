"""Figures are drawn again exactly where what they show has changed."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from bench.plots import theme
from bench.records.drawn import unchanged
from bench.records.layout import SCALE_COLUMNS
from bench.records.writing import write_parquet
from bench.report.rebuild import rebuild

from . import tiny

DPI = 40
DRAWN = {"samples.png"}  # of the few figures, the one that such a folder has something for


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan, root = tiny.plan_of("gan", seeds=(0, 1)), tmp_path_factory.mktemp("drawn") / "run"
    with tiny.in_short():
        tiny.run(plan, root, tiny.trials_of(plan), 1, tiny.Quiet())
    scale = pd.DataFrame([["ring8", "one mode", "emd", 1.7, "points", 2500, "true:2500"]])
    write_parquet(root / "scale.parquet", scale.set_axis(SCALE_COLUMNS, axis=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theme, "DPI", DPI)
        assert report(root) == DRAWN
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(theme, "DPI", DPI)
    return Path(shutil.copytree(made, tmp_path / "run"))


def report(root: Path) -> set[str]:
    """Write a report; the names of the figures that were drawn for it."""
    before = {path.name: path.stat().st_mtime_ns for path in (root / "plots").glob("*.png")}
    with tiny.in_short():
        rebuild(root, lambda text: None)
    after = {path.name: path.stat().st_mtime_ns for path in (root / "plots").glob("*.png")}
    return {name for name, moment in after.items() if before.get(name) != moment}


def test_what_has_not_changed_is_not_drawn_again(root: Path) -> None:
    page = (root / "report.html").read_bytes()
    assert report(root) == set()
    assert (root / "report.html").read_bytes() == page
    (root / "plots" / "samples.png").unlink()
    assert report(root) == DRAWN  # its digest is missing, so nothing is trusted


@pytest.mark.parametrize("change", ["record", "plan", "figure", "digests", "code", "scale"])
def test_every_change_draws_again(change: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "record":
        shutil.rmtree(root / "trials" / "ring8" / "gan" / "s1")
    elif change == "plan":
        text = (root / "experiment.toml").read_text()
        (root / "experiment.toml").write_text(text.split("\n", 1)[1])  # without its digest
    elif change == "figure":
        path = root / "plots" / "samples.png"
        path.write_bytes(path.read_bytes()[:-10])
    elif change == "digests":
        (root / "report.sha256").unlink()
    elif change == "code":
        monkeypatch.setattr("bench.records.drawn._code", lambda: "another version")
    else:
        (root / "scale.parquet").unlink()
    assert report(root) == DRAWN


def test_checkpoints_are_in_no_figure(root: Path) -> None:
    dataset = "ring8"
    trial = root / "trials" / "ring8" / "gan" / "s1"
    (trial / "checkpoint-0000000640.pt").write_bytes(b"x")
    assert unchanged(root, [dataset]) == {dataset}
    (trial / "curves.parquet").touch()
    assert unchanged(root, [dataset]) == {dataset}
    (trial / "curves.parquet").write_bytes(b"x")
    assert unchanged(root, [dataset]) == set()
