"""The code behind whatever is not ours, as a part of a trial's identity or a folder's record.

What counts is the content of files, not the place where they lie. Covered are the file of the class
and the local modules that it imports, and in turn theirs. Of an installed package the version is
taken. Sources are read, not executed: only the import that loads the class runs code.
"""

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from ..datasets import code_reference
from ..errors import InputError
from ..extensions import OURS, is_ours
from ..extractors import is_custom

DIGITS = 16  # of a sha256
Code = dict[str, str]  # file -> the start of its sha256, or package -> its version
IMPORTED: dict[Path, str] = {}  # local modules of this process, as they were when first seen


def code_of(reference: str) -> Code:
    """The code of a class "file.py:Class" or "package.module:Class"; empty for a class of ours.

    The class must have been loaded, which loads what it imports. Raises InputError if a source
    cannot be read, or has changed since this process imported it.
    """
    if is_ours(reference):
        return {}
    module = reference.partition(":")[0]
    is_file = module.endswith(".py")
    path = Path(module).absolute() if is_file else _path_of(module)
    if path is None:
        raise InputError(f"{module} has no source file, so nothing could say which code ran")
    if _is_installed(path):
        return _version_of(module)
    names = {path: path.name if is_file else _as_file(module)}
    package = "" if is_file else _package_of(module)
    waiting = [(path, package)]
    while waiting:
        for name, found in _local_imports(*waiting.pop()):
            if found not in names:
                names[found] = _as_file(name)
                waiting.append((found, _package_of(name)))
    # A file that is named is executed anew each time; a module that it imports is not.
    imported = set(names) - ({path} if is_file else set())
    digests = {found: _digest(found, found in imported) for found in names}
    return dict(sorted((names[found], digest) for found, digest in digests.items()))


def code_behind(
    model: str,
    features: str,
    source: str = "",
    metrics: Iterable[str] = (),
    probes: Iterable[str] = (),
) -> Code:
    """The code of a trial: of its model, and of all else of the user's own that it names.

    An extractor's weights count too. Each must have been loaded. Raises InputError as `code_of`.
    """
    found = code_of(model)
    if is_custom(features):
        from ..extractors.custom import files_of  # imports torch

        target, weights = files_of(features)
        found |= _of("extractor", target)
        found |= {f"extractor {weights.name}": _digest(weights, False)}
    found |= _of("data set", code_reference(source))
    for kind, references in (("metric", metrics), ("probe", probes)):
        for reference in references:
            found |= _of(kind, reference)
    return found


def _of(kind: str, reference: str) -> Code:
    return {f"{kind} {name}": digest for name, digest in code_of(reference).items()}


def changed(recorded: Code, now: Code) -> str:
    """The files or packages in which two codes differ, in words; empty if they are equal."""
    names = [name for name in {**recorded, **now} if recorded.get(name) != now.get(name)]
    return ", ".join(sorted(names))


def _local_imports(path: Path, package: str) -> Iterator[tuple[str, Path]]:
    """Name and file of each module that a file imports and that is neither installed nor ours.

    Raises InputError if it got another file than the one beside it.
    """
    beside = path.parents[len(package.split(".")) if package else 0]  # of the whole package
    for name in _imported(path, package):
        found, there = _path_of(name), _file_beside(name, beside)
        if found and there and not found.samefile(there):
            raise InputError(
                f"{path.name} imports {name}, and got {found}, which had been imported before "
                f"{there}: rename one of the two"
            )
        found = found or there
        if found and name.partition(".")[0] not in OURS and not _is_installed(found):
            yield name, found


def _imported(path: Path, package: str) -> Iterator[str]:
    """The absolute names of what a file imports, also within functions: modules, or their parts."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (base, node.module)))
            names = [base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        for name in filter(None, names):
            pieces = name.split(".")
            yield from (".".join(pieces[: k + 1]) for k in range(len(pieces)))  # parents run too


def _package_of(module: str) -> str:
    """The package that a module's relative imports start from."""
    loaded = getattr(sys.modules.get(module), "__package__", None)
    return str(loaded or module.rpartition(".")[0])


def _path_of(module: str) -> Path | None:
    """The source file of a module that is loaded."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file) if file and file.endswith(".py") else None


def _file_beside(name: str, folder: Path) -> Path | None:
    """A module that is not loaded yet, since a function imports it: looked for in the folder."""
    stem = folder.joinpath(*name.split("."))
    places = (stem.with_name(f"{stem.name}.py"), stem / "__init__.py")
    return next((place for place in places if place.is_file()), None)


def _is_installed(path: Path) -> bool:
    """Does the file belong to Python or to an installed package?"""
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    return any(path.is_relative_to(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))


def _version_of(module: str) -> Code:
    """The versions of the packages that a module was installed by."""
    top = module.partition(".")[0]
    found = _packages(tuple(sys.path)).get(top, [])
    return {name: metadata.version(name) for name in sorted(set(found))} or {top: "unknown"}


@cache
def _packages(path: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Module -> the packages that installed it: half a second, so once for a search path."""
    return metadata.packages_distributions()


def _as_file(module: str) -> str:
    return module.replace(".", "/") + ".py"


def _digest(path: Path, imported: bool) -> str:
    """The start of a file's sha256; raises InputError if this process runs an older content."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if imported and IMPORTED.setdefault(path, found) != found:
        raise InputError(f"{path} has changed since this process imported it: start a new one")
    return found
