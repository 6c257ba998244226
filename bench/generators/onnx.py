"""Writes a trained generator as an ONNX graph, and checks that it draws what torch draws.

The graph takes `latent` [n, latent_dim] float32 and, for a conditional model, `labels` [n] int64.
It returns `images` [n, c, h, w] in [-1, 1] or `points` [n, 2], for any n.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from gan_zoo.base import GAN

from ..errors import InputError, shown
from ..evaluation.evaluate import balanced_labels
from .load import Trained

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4  # for images in [-1, 1]: an eightieth of a grey level of 8 bits
CHECKED = (1, 7, 64)  # sizes of the batches that are compared
WITHOUT = "--no-onnx leaves the graph out"


class Drawing(nn.Module):
    """The sampler with the inputs of the graph: without labels unless the model is conditional."""

    def __init__(self, model: GAN) -> None:
        super().__init__()
        self.sampler, self.latent_of = model.sampler, model.latent_of

    def forward(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        if labels is None:
            labels = torch.zeros(latent.shape[0], dtype=torch.int64, device=latent.device)
        samples: Tensor = self.sampler(self.latent_of(latent), labels)
        return samples


def require_packages() -> None:
    """Raises InputError if a package that writes or checks the graph is not installed."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise InputError(
            f"ONNX needs packages that are not installed: pip install {' '.join(missing)} (the "
            f"extra onnx of this project has them all); {WITHOUT}"
        )


def as_onnx(trained: Trained) -> tuple[bytes, dict[str, Any]]:
    """The graph as the bytes of a file, and facts about it, such as its difference from torch.

    Raises InputError, in one line, if a package is missing, if the model cannot be written as a
    graph, or if the graph in onnxruntime differs from torch by more than TOLERANCE.
    """
    require_packages()
    model = trained.model
    drawing = Drawing(model).eval()
    names = ["latent", "labels"] if model.conditional else ["latent"]
    output = "images" if len(model.spec.shape) == 3 else "points"
    try:
        graph = _graph(drawing, _inputs(trained, 2), names, output)
        content: bytes = graph.SerializeToString()
        difference = max(_difference(content, drawing, _inputs(trained, n)) for n in CHECKED)
    except Exception as error:  # the exporter, protobuf and the runtime raise their own kinds
        line = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise InputError(
            f"{trained.trial.label} cannot be written as ONNX ({shown(line)}); {WITHOUT}"
        ) from error
    if not difference <= TOLERANCE:  # also if it is NaN
        raise InputError(
            f"the ONNX graph of {trained.trial.label} differs from torch by {difference:.2g}, more "
            f"than {TOLERANCE:g}: does its network draw random numbers? {WITHOUT}"
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
    """Latents [n, latent_dim] and, for a conditional model, labels [n]; the same at every call."""
    generator = torch.Generator().manual_seed(n)
    latent = torch.randn(n, trained.model.config.latent_dim, generator=generator)
    labels = balanced_labels(n, trained.model.spec.classes)
    return (latent, labels) if trained.model.conditional else (latent,)


def _graph(drawing: Drawing, inputs: tuple[Tensor, ...], names: list[str], output: str) -> Any:
    """The graph as an onnx.ModelProto, without the paths on this machine that exporters note."""
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
    assert program is not None  # only the old exporter returns None
    graph = program.model_proto
    for part in (graph, graph.graph, *graph.graph.node, *graph.functions):
        part.ClearField("metadata_props")  # source lines with their paths
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
    """Silence the exporter's log and warnings within the block."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
