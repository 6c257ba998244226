"""The example notebook: executed, small, and right on other results too."""

from pathlib import Path
from typing import Any

import pytest

import bench

nbformat = pytest.importorskip("nbformat")
notebook = pytest.importorskip("tests.notebook")
ROOT = Path(__file__).parent.parent
LARGEST = 1_000_000  # bytes
PICTURES = 3


def code_of(cells: Any) -> list[Any]:
    return [cell for cell in cells if cell.cell_type == "code"]


def test_it_is_executed_small_and_of_no_machine() -> None:
    assert notebook.PATH.stat().st_size < LARGEST
    text = notebook.PATH.read_text()
    for word in ("/tmp", "/home", "/root", "ipykernel_"):
        assert word not in text
    cells = code_of(nbformat.read(notebook.PATH, as_version=4).cells)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    require_whole(cells)


def require_whole(cells: list[Any]) -> None:
    """Every cell but the first shows something, no error among it, and pictures are there."""
    shown = [list(cell.outputs) for cell in cells]
    assert all(shown[1:])
    assert all(output.output_type != "error" for outputs in shown for output in outputs)
    data = [output.get("data", {}) for outputs in shown for output in outputs]
    assert sum("image/png" in each for each in data) == PICTURES
    assert any("100 %" in str(each.get("text/html")) for each in data)  # the progress of training


def test_its_lines_hold_on_published_results(monkeypatch: pytest.MonkeyPatch) -> None:
    published = bench.load(ROOT / "results" / "reference-mnist5k")
    monkeypatch.setattr(bench, "run", lambda **options: published, raising=False)
    names: dict[str, Any] = {}
    for cell in code_of(nbformat.read(notebook.PATH, as_version=4).cells):
        if not cell.source.startswith("%%"):
            exec(cell.source, names)
    assert names["course"].loc[256_000].round(2).to_dict()["wgangp"] == 9.34


@pytest.mark.slow
def test_it_runs(tmp_path: Path) -> None:
    """In a kernel, with worker processes, as a user runs it; with a budget of a blink."""
    tiny = "import bench\nimages, seeds, evaluations = 1280, 2, 1"
    cells = code_of(notebook.executed(tmp_path, tiny).cells)
    require_whole(cells)
    results = bench.load(tmp_path / "results" / "notebook")
    assert results.trials["status"].tolist() == ["finished"] * 6
    assert results.contestants == ["dcgan", "wgangp", "hinge"]
