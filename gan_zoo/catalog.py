"""ENTRIES: the models of the zoo by name. No torch at import, so that help is instant."""

import ast
import difflib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from .presets import PRESETS, Preset


@dataclass(frozen=True)
class Entry:
    """A model: its class, what it is in one line, its paper and its presets."""

    target: str  # "module:Class"
    help: str
    source: str  # the paper
    presets: dict[str, Preset] = field(default_factory=dict)


MODELS: dict[str, Entry] = {  # the GANs
    "gan": Entry(
        "gan_zoo.gan:VanillaGAN",
        "the original game of generator and discriminator, on fully connected networks",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        PRESETS["gan"],
    ),
    "cgan": Entry(
        "gan_zoo.cgan:ConditionalGAN",
        "the GAN's game, with the class label given to both networks",
        "Mirza & Osindero 2014, arXiv:1411.1784",
        PRESETS["cgan"],
    ),
    "dcgan": Entry(
        "gan_zoo.dcgan:DCGAN",
        "the GAN's game, on strided convolutions with batch norm",
        "Radford et al. 2015, arXiv:1511.06434",
        PRESETS["dcgan"],
    ),
    "wgan": Entry(
        "gan_zoo.wgan:WGAN",
        "a critic that estimates the earth mover's distance, with clipped weights",
        "Arjovsky et al. 2017, arXiv:1701.07875",
        PRESETS["wgan"],
    ),
    "wgangp": Entry(
        "gan_zoo.wgangp:WGANGP",
        "WGAN with a penalty on the critic's input gradient in place of the clipping",
        "Gulrajani et al. 2017, arXiv:1704.00028",
        PRESETS["wgangp"],
    ),
}
# What a GAN is compared with: no game, and so not among the models of a plain `bench run`.
BASELINES: dict[str, Entry] = {
    "vae": Entry(
        "gan_zoo.vae:VAE",
        "no game: encoder and generator climb a bound on the log likelihood, an explicit density",
        "Kingma & Welling 2014, arXiv:1312.6114",
    ),
}
ENTRIES = MODELS | BASELINES


def preset_of(model: str, preset: str | None) -> Preset | None:
    """A model's preset, or None if the catalogue has no such model or preset."""
    presets = ENTRIES[model].presets if model in ENTRIES else {}
    return presets.get(preset) if preset else None


def load(reference: str) -> type:
    """The class of a model: a name of this catalogue, "package.module:Class" or "file.py:Class".

    Imports torch. Raises LookupError with a message of one line if there is no such model.
    """
    target = ENTRIES[reference].target if reference in ENTRIES else reference
    module_name, colon, class_name = target.partition(":")
    if not colon:
        raise LookupError(unknown("model", reference, ENTRIES))
    try:
        module = imported(module_name)
        found = getattr(module, class_name, None)
    except (Exception, SystemExit) as error:  # importing a user's module may raise anything
        text = f"{error}" if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
        raise LookupError(f"cannot load the model {reference!r}: {text}") from error
    if not isinstance(found, type):
        what = f"there is no {class_name!r} in it" if found is None else "it is not a class"
        raise LookupError(f"cannot load {reference!r}: {what}; {_classes_of(module)}")
    return found


def imported(name: str) -> ModuleType:
    """The module "package.module", or that of "file.py", which is executed anew at each call.

    Raises whatever the module raises.
    """
    if not name.endswith(".py"):
        return importlib.import_module(name)
    if not Path(name).is_file():
        raise ImportError(f"there is no file {name}")
    return _import_file(Path(name))


def _classes_of(module: ModuleType) -> str:
    """The classes that a module defines, in words; of a module with models only these."""
    known = [x for x in vars(module).values() if isinstance(x, type)]
    classes = [x for x in known if x.__module__ == module.__name__]
    models = [x for x in classes if hasattr(x, "train_step")]
    names = ", ".join(x.__name__ for x in models or classes) or "no class"
    return f"{Path(module.__file__ or module.__name__).name} has {names}"


def models_in(path: Path) -> list[str]:
    """The classes of a Python file that look like models; its code is read, not run.

    They define a loss, or extend such a class of the file or one whose name ends in "GAN". Raises
    LookupError if the file cannot be read.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise LookupError(f"{path} cannot be read: {error}") from error
    found: list[str] = []
    for one in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        bases = [ast.unparse(base).rpartition(".")[2] for base in one.bases]
        own = {part.name for part in one.body if isinstance(part, ast.FunctionDef)}
        is_model = own & {"discriminator_loss", "generator_loss"}
        if is_model or any(base in found or base.endswith("GAN") for base in bases):
            found.append(one.name)
    return found


def _import_file(path: Path) -> ModuleType:
    # Under a name of its own, so that a user's gan.py or json.py replaces no other module.
    name = f"model_{hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module here
    with _beside(path):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """The files beside this one can be imported, as by a script: within it before all others.

    Afterwards, when a function of theirs imports, after all others: none hides a package of ours.
    """
    folder = str(path.absolute().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One line that says a name is unknown, with the nearest known name or all of them."""
    names, name = list(known), name if len(name) <= 80 else f"{name[:77]}..."
    lower = {known.lower(): known for known in reversed(names)}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f"did you mean {lower[near[0]]!r}?" if near else f"known: {', '.join(names)}"
    return f"there is no {kind} {name!r}; {hint}"
