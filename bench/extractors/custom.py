"""A user's own extractor: `--features package.module:Class` or `file.py:Class`.

The class is a torch.nn.Module that takes no arguments. Its weights are a .safetensors file: either
the third part of the reference, `package.module:Class:FILE.safetensors`, or the class attribute
`weights`, a path relative to the module's file. `forward(images)` takes float32 [n, c, h, w] in
[-1, 1], of the data set's shape, and gives features [n, d] and logits [n, classes], as
`DigitsLeNet` in network.py does. Modes can only be counted if the classes of the logits are those
of the data set, in its order.
"""

import hashlib
import inspect
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from gan_zoo import catalog as zoo
from gan_zoo.streams import Streams

from ..errors import InputError
from ..extensions import one_line as _one_line
from ..extensions import portable
from .network import Extractor

TRIED_ON = 4  # random images
TOLERANCE = 1e-3  # of the largest feature: an image alone and in a batch may differ by rounding


def load_custom(
    reference: str, shape: tuple[int, ...], device: torch.device | str = "cpu"
) -> Extractor:
    """The user's network, after a try on a few images of `shape`, the data set's [c, h, w].

    The extractor's name is the reference without the file. Its sha256 is that of the weights'
    bytes followed by the source of the class's module, since both decide the numbers. Raises
    InputError, in one line, for whatever is not as this module demands.
    """
    target, file = files_of(reference)
    found = _class(target)
    source = Path(inspect.getfile(found))
    network = _built(found, target)
    try:
        raw = file.read_bytes()
        network.load_state_dict(safetensors.torch.load(raw))
    except (OSError, safetensors.SafetensorError, RuntimeError) as error:
        raise InputError(f"the weights of {target}: {_one_line(error)}") from error
    network.to(device).eval().requires_grad_(False)
    features, classes = _sizes_when_tried(network, target, shape, torch.device(device))
    sha256 = hashlib.sha256(raw + source.read_bytes()).hexdigest()
    return Extractor(portable(target), sha256, features, classes, network)


def files_of(reference: str) -> tuple[str, Path]:
    """The class "module:Class" of a reference, and the file of its weights. Raises InputError."""
    target, named = parse(reference)
    found = _class(target)
    return target, named or _own_weights(found, Path(inspect.getfile(found)))


def parse(reference: str) -> tuple[str, Path | None]:
    """ "module:Class:FILE" -> ("module:Class", FILE), "module:Class" -> ("module:Class", None)."""
    module, _, rest = reference.partition(":")
    name, colon, file = rest.partition(":")
    if not module or not name.isidentifier() or (colon and not file.endswith(".safetensors")):
        raise InputError(
            "a network for --features is module:Class, file.py:Class or "
            f"module:Class:FILE.safetensors, not {reference!r}"
        )
    return f"{module}:{name}", Path(file) if file else None


def _class(target: str) -> type[nn.Module]:
    try:
        found = zoo.load(target)
    except LookupError as error:
        raise InputError(str(error).replace("the model", "the feature network")) from error
    except Exception as error:  # the user's module may raise anything
        reason = _one_line(error)
        raise InputError(f"cannot load the feature network {target!r}: {reason}") from error
    if not issubclass(found, nn.Module):
        raise InputError(f"{target} is not a torch.nn.Module")
    return found


def _own_weights(found: type[nn.Module], source: Path) -> Path:
    weights = getattr(found, "weights", None)
    if not isinstance(weights, str | Path):
        raise InputError(
            f"{found.__name__} has no weights: give module:Class:FILE.safetensors, or the class an "
            "attribute `weights`, the path of a file beside its module"
        )
    return source.parent / weights


def _built(found: type[nn.Module], target: str) -> nn.Module:
    try:
        with Streams(0).ambient("init"):  # it draws weights, which the file's then replace
            return found()
    except Exception as error:
        raise InputError(f"{target}() fails: {_one_line(error)}") from error


@torch.inference_mode()
def _sizes_when_tried(
    network: nn.Module, target: str, shape: tuple[int, ...], device: torch.device
) -> tuple[int, int]:
    """The numbers of features and of classes; raises InputError for outputs that are no use."""
    images = Streams(0)["probe"].uniform(TRIED_ON, *shape).to(device) * 2 - 1
    subject = f"{target}, tried on images {list(images.shape)},"
    features, logits = (_finite_rows(part, subject) for part in _outputs(network, images, subject))
    again, _ = _outputs(network, images, subject)
    if not torch.equal(features, again):
        raise InputError(
            f"{subject} gives other features each time: eval() must switch off dropout"
        )
    alone, _ = _outputs(network, images[:1], subject)
    tolerance = TOLERANCE * float(features.abs().max())
    if alone.shape != features[:1].shape or float((alone - features[:1]).abs().max()) > tolerance:
        raise InputError(f"{subject} gives an image other features alone than in a batch")
    return features.shape[1], logits.shape[1]


def _outputs(network: nn.Module, images: Tensor, subject: str) -> tuple[Any, Any]:
    try:
        given = network(images)
    except Exception as error:
        raise InputError(f"{subject} fails: {_one_line(error)}") from error
    if not isinstance(given, tuple) or len(given) != 2:
        raise InputError(f"{subject} gives {type(given).__name__}, not a pair: features, logits")
    return given[0], given[1]


def _finite_rows(part: Any, subject: str) -> Tensor:
    if not isinstance(part, Tensor) or part.ndim != 2 or len(part) != TRIED_ON or not part.shape[1]:
        shown = list(part.shape) if isinstance(part, Tensor) else type(part).__name__
        raise InputError(f"{subject} gives {shown}, not [{TRIED_ON}, d]")
    if part.dtype != torch.float32 or not bool(part.isfinite().all()):
        raise InputError(
            f"{subject} gives {part.dtype}, or NaN or infinity: it must give finite float32"
        )
    return part
