"""Executes the example notebook: python -m tests.notebook writes it with its outputs.

`make notebook` does that. Tests execute it with a smaller budget, and keep nothing.
"""

import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

PATH = Path(__file__).parent.parent / "examples" / "compare.ipynb"
PARAMETERS = "parameters"  # the tag of the cell whose values a test replaces
CELL_PLACE = re.compile(r"\S*ipykernel_\d+/\d+\.py:\d+: ")  # of a warning: never the same


def executed(folder: Path, parameters: str | None = None) -> nbformat.NotebookNode:
    """The notebook, executed in `folder`; `parameters` replaces the cell of that tag."""
    notebook = nbformat.read(PATH, as_version=4)
    if parameters is not None:
        (cell,) = (c for c in notebook.cells if PARAMETERS in c.metadata.get("tags", ()))
        cell.source = parameters
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=1800, resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
        for output in cell.get("outputs", ()):
            if "text" in output:
                output.text = CELL_PLACE.sub("", output.text)
    return notebook


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        nbformat.write(executed(Path(name)), PATH)
