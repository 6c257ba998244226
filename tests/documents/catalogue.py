"""Tables of the documents that are made from the catalogues and the published records."""

import numpy as np
from torch import nn

from bench.formats import plain
from bench.metrics import METRICS
from bench.records.results import Results
from bench.tables.matching import matched
from bench.tables.protocol import own_extractor, primary
from bench.words import number
from gan_zoo import backbones, catalog

from .marks import ROOT

MANIFOLD = ("fid", "kid", "precision", "recall", "density", "coverage")
PUBLISHED = ROOT / "results" / "reference-mnist5k"
SIDES = (28, 32, 64)  # of grey images, the first that a backbone takes


def models() -> str:
    """A row a model of the zoo: class, paper, and what its defaults are."""
    sizes = Results(PUBLISHED).summary.set_index("model")
    rows = []
    for name, entry in catalog.MODELS.items():
        config = catalog.load(name).defaults  # type: ignore[attr-defined]
        counts = [f"{sizes.loc[name, f'{p}_parameters']:,}" for p in ("generator", "discriminator")]
        rows.append(
            [
                *(name, entry.help, entry.source, config.backbone, number(config.learning_rate, 1)),
                *(str(config.discriminator_steps), " / ".join(counts)),
            ]
        )
    heads = ["model", "what it is", "paper", "backbone", "learning rate"]
    return "\n".join(plain([*heads, "critic steps", "parameters, G / D"], rows))


def presets() -> str:
    """A row a preset: what it is, what was assumed, and its batch size."""
    rows = [
        [
            *(f"{model}@{name}", preset.source, preset.assumed),
            str(preset.batch_size or ""),
        ]
        for model, entry in catalog.MODELS.items()
        for name, preset in entry.presets.items()
    ]
    heads = ["preset", "what it is", "left open, and assumed here", "its batches"]
    return "\n".join(plain(heads, rows))


def networks() -> str:
    """A row a backbone: its width, what it takes, and how large it is on grey images."""
    rows = []
    for name, family in backbones.FAMILIES.items():
        side = next(s for s in SIDES if backbones.unsuited(name, (1, s, s)) is None)
        shape, labels = (1, side, side), 10 if name == "two-paths" else 0  # which is built for them
        pair = (
            backbones.build_generator(name, 64, shape, None, labels, "batch"),
            backbones.build_discriminator(name, shape, None, labels, "none"),
        )
        takes = "images" if backbones.unsuited(name, (2,)) else "images and points"
        cells = [name, str(family.width), takes, f"{side} x {side}"]
        rows.append([*cells, " / ".join(f"{parameters(network):,}" for network in pair)])
    heads = ["backbone", "default width", "takes", "counted at", "parameters, G / D"]
    return "\n".join(plain(heads, rows))


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def known_images() -> str:
    """What metrics give for images of which one knows what they are."""
    results = Results(PUBLISHED)
    scale = results.scale[own_extractor(results, results.scale, "mnist5k")]
    rows = []
    for level in scale["level"].unique():
        values = scale[scale["level"] == level].set_index("metric")["value"]
        rows.append([str(level), *(number(values[metric]) for metric in MANIFOLD)])
    start = []
    for metric in MANIFOLD:
        values = primary(results, metric, "mnist5k").query("images == 0")["value"]
        start.append(number(float(np.median(values))))
    rows.append(["untrained generator, median", *start])
    return "\n".join(plain(["images", *(METRICS[m].title for m in MANIFOLD)], rows))


def streams_matched() -> str:
    """What the hashes of the published run prove, a row a stream."""
    found = matched(Results(PUBLISHED))
    rows = [[f"{row.stream}", str(row.drawn)] for row in found.itertuples()]
    return "\n".join(plain(["stream", "first draws of the trials of one seed"], rows))
