"""The code that a user's own model needs once its generator has left: one file is copied."""

import ast
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.py")
TAKEN = "load.py"  # a name that the folder has a file of its own for


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
