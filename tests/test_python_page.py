"""docs/python.md: its lines of Python are executed, in their order."""

import re
from pathlib import Path
from typing import Any

import pytest

import bench

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "python.md").read_text()
BLOCKS = re.findall(r"(?:^    .*\n|^\n(?=    ))+", PAGE, re.MULTILINE)


def test_its_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results").symlink_to(ROOT / "results")
    monkeypatch.chdir(tmp_path)
    published = bench.load("results/reference-mnist5k")
    monkeypatch.setattr(bench, "run", lambda **options: published, raising=False)
    names: dict[str, Any] = {}
    lines = [
        line.removeprefix("    ") for block in BLOCKS for line in block.splitlines() if line.strip()
    ]
    python = [line for line in lines if not line.startswith("bench convert")]
    assert len(python) == len(lines) - 1 >= 20
    for line in python:
        exec(line, names)
    assert names["results"].path == published.path
    assert names["model"].conditional is False
    assert (tmp_path / "final.pdf").read_bytes().startswith(b"%PDF")


def test_it_names_what_there_is() -> None:
    results = bench.load(ROOT / "results" / "reference-mnist5k")
    table = PAGE.partition("| attribute |")[2].partition("\n\n")[0]
    for name in (*re.findall(r"`(\w+)`", table), "metrics", "contestants", "datasets", "figures"):
        assert hasattr(bench.Results, name), name
    assert results.contestants == ["gan", "cgan", "dcgan", "wgan", "wgangp"]
