"""A trained generator as an ONNX graph, and the proof that it draws what torch draws.

The graph takes `latent` [n, latent_dim] float32 and, of a conditional model, `labels` [n] int64;
it gives `images` [n, c, h, w] in [-1, 1], or `points` [n, 2]. n is free.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError, shown
from ..evaluation.evaluate import balanced_labels
from .load import Trained

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4  # of images in [-1, 1]: an eightieth of a grey level of 8 bits
CHECKED = (1, 7, 64)  # sizes of batches that are compared
WITHOUT = "--no-onnx leaves the graph out"


class Drawing(nn.Module):
    """The sampler with the inputs that the graph has: no labels where they do not matter."""

    def __init__(self, sampler: nn.Module, conditional: bool) -> None:
        super().__init__()
        self.sampler, self.conditional = sampler, conditional

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            labels = torch.zeros(latent.shape[0], dtype=torch.int64, device=latent.device)
        samples: Tensor = self.sampler(latent, labels)
        return samples


def require_packages() -> None:
    """Raises InputError where what writes or checks the graph is not installed."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise InputError(
            f"ONNX needs packages that are not installed: pip install {' '.join(missing)} (the "
            f"extra onnx of this project has them all), or else {WITHOUT}"
        )


def as_onnx(trained: Trained) -> tuple[bytes, dict[str, Any]]:
    """The graph as a file's bytes, and facts about it, the largest difference to torch among them.

    Raises InputError, in one line, where a package is absent, the model cannot be written as a
    graph, or the graph run by onnxruntime is further than TOLERANCE from torch.
    """
    require_packages()
    model = trained.model
    drawing = Drawing(model.sampler, model.conditional).eval()
    names = ["latent", "labels"] if model.conditional else ["latent"]
    output = "images" if len(model.spec.shape) == 3 else "points"
    try:
        graph = _graph(drawing, _inputs(trained, 2), names, output)
        content: bytes = graph.SerializeToString()
        difference = max(_difference(content, drawing, _inputs(trained, n)) for n in CHECKED)
    except Exception as error:  # the exporter, protobuf and the runtime raise kinds of their own
        line = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise InputError(
            f"{trained.trial.label} cannot be written as ONNX ({shown(line)}); {WITHOUT}"
        ) from error
    if not difference <= TOLERANCE:  # also where it is no number
        raise InputError(
            f"the ONNX graph of {trained.trial.label} is {difference:.2g} from torch, beyond "
            f"{TOLERANCE:g}: does its network draw by itself? {WITHOUT}"
        )
    return content, {
        "inputs": names,
        "output": output,
        "opset": next(one.version for one in graph.opset_import if not one.domain),
        "largest_difference_from_torch": difference,
        "tolerance": TOLERANCE,
        "compared_on": f"{sum(CHECKED)} samples in batches of {', '.join(map(str, CHECKED))}",
    }


def _inputs(trained: Trained, n: int) -> tuple[Tensor, ...]:
    """Latents [n, latent_dim] and, where they matter, labels [n]: always the same."""
    generator = torch.Generator().manual_seed(n)
    latent = torch.randn(n, trained.model.config.latent_dim, generator=generator)
    labels = balanced_labels(n, trained.model.spec.classes)
    return (latent, labels) if trained.model.conditional else (latent,)


def _graph(drawing: Drawing, inputs: tuple[Tensor, ...], names: list[str], output: str) -> Any:
    """An onnx.ModelProto without what the exporter notes of this machine's files."""
    free = torch.export.Dim("n")
    with _quiet():
        program = torch.onnx.export(
            drawing,
            inputs,
            input_names=names,
            output_names=[output],
            dynamic_shapes=tuple({0: free} for _ in inputs),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # said of the old exporter only
    graph = program.model_proto
    for part in (graph, graph.graph, *graph.graph.node, *graph.functions):
        part.ClearField("metadata_props")  # the lines of code a node comes from, with their paths
        part.ClearField("doc_string")
    return graph


def _difference(content: bytes, drawing: Drawing, inputs: tuple[Tensor, ...]) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    named = zip(session.get_inputs(), inputs, strict=True)
    (drawn,) = session.run(None, {given.name: tensor.numpy() for given, tensor in named})
    with torch.no_grad():
        wanted = drawing(*inputs)
    if drawn.shape != wanted.shape:
        raise ValueError(f"the graph draws {drawn.shape}, torch {tuple(wanted.shape)}")
    return float((torch.from_numpy(drawn) - wanted).abs().max())


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own workings."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
