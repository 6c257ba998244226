"""Exports a trained generator, for use without this project's results folder.

The export is a folder:

generator.safetensors  the weights, byte for byte
config.json            the model, its hyperparameters, its numbers and how they were measured
load.py                a script that draws samples
README.md              the model card
generator.onnx         the generator as an ONNX graph, unless it is left out
samples.png            samples at the end of training
mine.py                the code of a user's own model, if that is a single file

`export` writes it. `code_of` finds the code that a model needs to be loaded again.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_zoo import catalog as zoo

from ..errors import InputError
from ..files import write_bytes, write_json
from ..records.results import Results
from ..records.state import readable_facts
from .export_config import exported_with, facts_of
from .load import WEIGHTS, Trained, load_generator
from .model_card import card
from .onnx import PACKAGES as ONNX_PACKAGES
from .onnx import as_onnx, require_packages

GRAPH, CONFIG, LOADER = "generator.onnx", "config.json", "load.py"
CARD, PICTURE = "README.md", "samples.png"
SCRIPT = Path(__file__).parent / "exported_load.py"  # becomes load.py
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.py")  # under which a user's file is copied


@dataclass(frozen=True)
class Code:
    """The code of an exported model: how it is loaded, and what it needs."""

    reference: str  # as `gan_zoo.catalog.load` takes it, with a file relative to the export
    content: bytes | None = None  # of the user's file, if it is copied
    file: str | None = None  # the name of the user's file in the export
    needs: str = ""  # what a person must provide; empty for a model of the zoo

    def facts(self) -> dict[str, Any]:
        """What config.json says of it; nothing for a model of the zoo."""
        if not self.needs:
            return {}
        digest = hashlib.sha256(self.content).hexdigest() if self.content is not None else None
        return {"model_code": {"file": self.file, "sha256": digest, "needs": self.needs}}


def code_of(reference: str, known: bool) -> Code:
    """The code of a model; raises InputError if its file cannot be read.

    reference: a name, package.module:Class or file.py:Class; known: whether the zoo has it. A
    user's file is copied unless it imports files beside it.
    """
    module, _, name = reference.partition(":")
    if known:
        return Code(reference)
    if not module.endswith(".py"):
        plain = re.sub(r"[^\w.]", "", module)
        return Code(reference, needs=f"the package that has {plain}: it must be installed")
    path = Path(module)
    try:
        content = path.read_bytes()
        beside = companions(path, content)
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}, the code of {name}, cannot be read: {error}") from error
    own = path.name if FILE_NAME.fullmatch(path.name) and path.name != LOADER else "model.py"
    if beside:
        others = ", ".join(beside)
        needs = f"{own}, not copied since it imports files beside it: put it here with {others}"
        return Code(f"{own}:{name}", None, own, needs)
    return Code(f"{own}:{name}", content, own, f"{own}, a copy of which lies beside")


def companions(path: Path, content: bytes) -> list[str]:
    """The files and folders beside a Python file that it imports, and so cannot do without."""
    found = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
        else:
            continue
        for first in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names):
            there = (path.parent / f"{first}.py", path.parent / first)
            installed = first in ("gan_zoo", "bench", "torch") and not getattr(node, "level", 0)
            found |= {place.name for place in there if place.exists() and not installed}
    return sorted(found)


def export(
    folder: Path | str,
    model: str | None = None,
    dataset: str | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    onnx: bool = True,
    trust_code: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Export the generator of one trial of a results folder; returns the folder of the export.

    folder, model, dataset, seed: as `load_generator` takes them. out: None writes below the
    results folder; an earlier export there is replaced. onnx: also write the ONNX graph. Raises
    InputError if there is no such generator, if the graph differs from it by more than 1e-4, or if
    `out` holds other files.
    """
    if onnx:
        require_packages()
    trained = load_generator(folder, model, dataset, seed, trust_code)
    trial = trained.trial
    place = Path(out or trained.root / "export" / f"{trial.dataset}-{trial.label}-s{trial.seed}")
    old = _earlier(place)
    code = code_of(trial.model, trial.model in zoo.ENTRIES)
    facts = facts_of(trained, Results(folder)) | {"model": code.reference, **code.facts()}
    files = _files(trained, code)
    if onnx:
        files[GRAPH], facts["onnx"] = as_onnx(trained)
        facts["exported_with"] |= exported_with(ONNX_PACKAGES)
    facts["files"] = {name: hashlib.sha256(c).hexdigest() for name, c in files.items()}
    _write(place, files | {CARD: card(facts).encode()}, facts, old)
    say(_summary(place, trained, facts))
    return place


def _earlier(place: Path) -> set[str]:
    """The names of the files of an earlier export; raises InputError for any other folder."""
    if not place.exists():
        return set()
    if not place.is_dir():
        raise InputError(f"{place} is not a folder: --out takes one that is new or empty")
    there = {path.name for path in place.iterdir()}
    before = readable_facts(place / CONFIG)
    mine = before.get("files") if before.get("format") else None
    if there and not isinstance(mine, dict):
        raise InputError(f"{place} holds other files: --out takes a folder that is new or empty")
    return there & {*(mine or {}), CARD, CONFIG}


def _files(trained: Trained, code: Code) -> dict[str, bytes]:
    """Name -> content of the weights, load.py, the user's code and the picture of samples."""
    trial = trained.trial
    files = {WEIGHTS: (trained.folder / WEIGHTS).read_bytes(), LOADER: _loader(code)}
    if code.content is not None and code.file:
        files[code.file] = code.content
    pictures = Results(trained.root).samples(trial.label, trial.dataset, trial.seed)
    if pictures:
        files[PICTURE] = pictures[max(pictures)].read_bytes()
    return files


def _loader(code: Code) -> bytes:
    """load.py, whose docstring says what a user's own model needs."""
    text = SCRIPT.read_text(encoding="utf-8")
    if code.needs:
        needs = f"The model is a user's own. It needs {code.needs}.\n"
        text = text.replace('\n"""\n', f'\n{needs}"""\n', 1)
    return text.encode()


def _write(place: Path, files: dict[str, bytes], facts: dict[str, Any], old: set[str]) -> None:
    """Write the files in place of the old ones.

    config.json is removed first and written last: where it is, the export is complete.
    """
    (place / CONFIG).unlink(missing_ok=True)
    for name in old - {*files, CONFIG}:
        (place / name).unlink()
    for name, content in files.items():
        write_bytes(place / name, content)
    write_json(place / CONFIG, facts)


def _summary(place: Path, trained: Trained, facts: dict[str, Any]) -> str:
    lines = [f"{place}: {trained.trial.key}, {facts['parameters']:,} parameters"]
    if checked := facts.get("onnx"):
        far = checked["largest_difference_from_torch"]
        lines.append(f"ONNX, opset {checked['opset']}: differs from torch by at most {far:.1e}")
    if needed := facts.get("model_code"):
        lines.append(f"It needs {needed['needs']}.")
    lines.append(f"To try it: python {place / LOADER}")
    return "\n".join(lines)
