"""A trained generator leaves: weights, config, code to load it, an ONNX graph and a model card.

generator.safetensors  config.json  load.py  README.md
generator.onnx         unless it was not wanted
samples.png            what it drew when its training ended
mine.py                the code of a user's own model, where that is one file
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
from .config import ONNX_PACKAGES, exported_with, facts_of
from .load import WEIGHTS, Trained, load_generator
from .model_card import card
from .onnx import as_onnx, require_packages

GRAPH, CONFIG, LOADER, CARD, PICTURE = (
    *("generator.onnx", "config.json", "load.py", "README.md"),
    "samples.png",
)
TEMPLATE = Path(__file__).parent / "load_template.py"


@dataclass(frozen=True)
class Code:
    """What a model is loaded by in the folder, its file if there is one, and what is needed."""

    reference: str  # of `gan_zoo.catalog.load`, a file relative to the folder
    content: bytes | None = None  # to be written under `file`
    file: str | None = None
    needs: str = ""  # for a person; empty for a model of the zoo

    def facts(self) -> dict[str, Any]:
        """For config.json: which file it is, and whether it came along."""
        if not self.needs:
            return {}
        digest = hashlib.sha256(self.content).hexdigest() if self.content is not None else None
        return {"model_code": {"file": self.file, "sha256": digest, "needs": self.needs}}


def code_of(reference: str, known: bool) -> Code:
    """The code behind a model; `known`: it is a model of the zoo. Raises InputError."""
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
    own = path.name if PLAIN.fullmatch(path.name) and path.name != TAKEN else "model.py"
    if beside:
        others = ", ".join(beside)
        needs = f"{own}, not copied since it imports files beside it: put it here with {others}"
        return Code(f"{own}:{name}", None, own, needs)
    return Code(f"{own}:{name}", content, own, f"{own}, a copy of which lies beside")


def companions(path: Path, content: bytes) -> list[str]:
    """Files and folders beside a Python file that it imports: then it is not whole alone."""
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
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write the generator of one trial of a results folder for use elsewhere; returns where.

    `model`, `dataset` and `seed` are those of `load_generator`. `out` None: below the results
    folder. An earlier export there is replaced. Raises InputError where there is no such
    generator, the ONNX graph is not equal to it within 1e-4, or `out` holds other files.
    """
    if onnx:
        require_packages()
    trained = load_generator(folder, model, dataset, seed)
    trial = trained.trial
    place = Path(out or trained.root / "export" / f"{trial.dataset}-{trial.label}-s{trial.seed}")
    old = _earlier(place)
    code = code_of(trial.model, trial.model in zoo.MODELS)
    facts = facts_of(trained, Results(folder)) | {"model": code.reference, **code.facts()}
    files = _files(trained, code)
    if onnx:
        files[GRAPH], facts["onnx"] = as_onnx(trained)
        facts["exported_with"] |= exported_with(ONNX_PACKAGES)
    facts["files"] = {name: hashlib.sha256(c).hexdigest() for name, c in files.items()}
    _write(place, files | {CARD: card(facts).encode()}, facts, old)
    say(_said(place, trained, facts))
    return place


def _earlier(place: Path) -> set[str]:
    """The files of an export that is there already; raises InputError for any other folder."""
    if not place.exists():
        return set()
    if not place.is_dir():
        raise InputError(f"{place} is not a folder: --out names one that is new or empty")
    there = {path.name for path in place.iterdir()}
    before = readable_facts(place / CONFIG)
    mine = before.get("files") if before.get("format") else None
    if there and not isinstance(mine, dict):
        raise InputError(f"{place} holds other files: --out names a folder that is new or empty")
    return there & {*(mine or {}), CARD, CONFIG}


def _files(trained: Trained, code: Code) -> dict[str, bytes]:
    """name -> content of what is copied: the weights to the byte, the picture, the code."""
    trial = trained.trial
    files = {WEIGHTS: (trained.folder / WEIGHTS).read_bytes(), LOADER: _loader(code)}
    if code.content is not None and code.file:
        files[code.file] = code.content
    pictures = Results(trained.root).samples(trial.label, trial.dataset, trial.seed)
    if pictures:
        files[PICTURE] = pictures[max(pictures)].read_bytes()
    return files


def _loader(code: Code) -> bytes:
    """load.py; of a user's own model it says which code it needs."""
    text = TEMPLATE.read_text(encoding="utf-8")
    if code.needs:
        needs = f"The model is a user's own. It needs {code.needs}.\n"
        text = text.replace('\n"""\n', f'\n{needs}"""\n', 1)
    return text.encode()


def _write(place: Path, files: dict[str, bytes], facts: dict[str, Any], old: set[str]) -> None:
    """config.json goes first and comes last: where it is, the others are whole."""
    (place / CONFIG).unlink(missing_ok=True)
    for name in old - {*files, CONFIG}:
        (place / name).unlink()
    for name, content in files.items():
        write_bytes(place / name, content)
    write_json(place / CONFIG, facts)


def _said(place: Path, trained: Trained, facts: dict[str, Any]) -> str:
    lines = [f"{place}: {trained.trial.key}, {facts['parameters']:,} parameters"]
    if checked := facts.get("onnx"):
        far = checked["largest_difference_from_torch"]
        lines.append(f"ONNX, opset {checked['opset']}: at most {far:.1e} from torch")
    if needed := facts.get("model_code"):
        lines.append(f"It needs {needed['needs']}.")
    lines.append(f"To try it: python {place / LOADER}")
    return "\n".join(lines)


PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.py")
TAKEN = "load.py"  # a name that the folder has a file of its own for
