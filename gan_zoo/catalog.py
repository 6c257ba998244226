"""The models of the zoo by name, without importing torch, so that help is instant."""

import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from .presets import PRESETS, Preset


@dataclass(frozen=True)
class Entry:
    """Where a model's class is, what it is in a line, and its paper."""

    target: str  # "module:Class"
    help: str
    source: str
    presets: dict[str, Preset] = field(default_factory=dict)


MODELS: dict[str, Entry] = {
    "gan": Entry(
        "gan_zoo.gan:VanillaGAN",
        "the original two-player game, on fully connected networks",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        PRESETS["gan"],
    ),
    "cgan": Entry(
        "gan_zoo.cgan:ConditionalGAN",
        "the same game, with both networks told the class label",
        "Mirza & Osindero 2014, arXiv:1411.1784",
        PRESETS["cgan"],
    ),
    "dcgan": Entry(
        "gan_zoo.dcgan:DCGAN",
        "the same game, on strided convolutions with batch norm",
        "Radford et al. 2015, arXiv:1511.06434",
        PRESETS["dcgan"],
    ),
    "wgan": Entry(
        "gan_zoo.wgan:WGAN",
        "a critic that estimates the earth mover's distance, its weights clipped",
        "Arjovsky et al. 2017, arXiv:1701.07875",
        PRESETS["wgan"],
    ),
    "wgangp": Entry(
        "gan_zoo.wgangp:WGANGP",
        "the same critic, its input gradient penalised in place of the clipping",
        "Gulrajani et al. 2017, arXiv:1704.00028",
        PRESETS["wgangp"],
    ),
}


def preset_of(model: str, preset: str | None) -> Preset | None:
    """The preset of a model of this catalogue, or None where there is no such."""
    presets = MODELS[model].presets if model in MODELS else {}
    return presets.get(preset) if preset else None


def load(reference: str) -> type:
    """The class of a model: a name of this catalogue, "package.module:Class" or "file.py:Class".

    Imports torch. Raises LookupError, in one line, where there is no such model.
    """
    module_name, colon, class_name = (
        MODELS[reference].target.partition(":")
        if (reference in MODELS)
        else reference.partition(":")
    )
    if not colon:
        raise LookupError(unknown("model", reference, MODELS))
    try:
        if module_name.endswith(".py"):
            module = _import_file(Path(module_name))
        else:
            module = importlib.import_module(module_name)
        found = getattr(module, class_name)
    except (Exception, SystemExit) as error:  # a user's module may do anything when it is imported
        text = f"{error}" if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise LookupError(f"cannot load the model {reference!r}: {text}") from error
    if not isinstance(found, type):
        raise LookupError(f"{reference!r} is not a class")
    return found


def _import_file(path: Path) -> ModuleType:
    # A name of its own: one's gan.py, or json.py, takes no other module's place.
    name = f"model_{hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up here
    spec.loader.exec_module(module)
    return module


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One line for a name that is not known, with the nearest that is."""
    names, name = list(known), name if len(name) <= 80 else f"{name[:77]}..."
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
    return f"there is no {kind} {name!r}; {hint}"
