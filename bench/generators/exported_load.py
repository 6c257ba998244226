"""Draws 64 samples of this generator into samples.png: python load.py

It needs torch, safetensors, and gan_zoo of the project gan-bench.
"""

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from gan_zoo.base import DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

# Build the model with its hyperparameters and load the generator's weights.
folder = Path(__file__).parent
facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
name = facts["model"]
kind: Any = load(str(folder / name) if ".py:" in name else name)
values = {key: tuple(v) if isinstance(v, list) else v for key, v in facts["config"].items()}
spec = DataSpec(tuple(facts["spec"]["shape"]), facts["spec"]["classes"])
gan = kind(spec, replace(kind.defaults, **values), Streams(0)).eval()
gan.sampler.load_state_dict(load_file(folder / "generator.safetensors"))
# Draw images [64, channels, height, width] in [-1, 1], or points [64, 2].
labels = torch.arange(64) % spec.classes  # the classes that a conditional model draws
with torch.no_grad():
    samples = gan.sample(labels, Streams(0)["latent/export"])  # Streams(1) gives other samples
# Write images as a grid of 8 x 8, as PNG without another library, or print points.
if samples.ndim == 4:
    tiles = samples.unflatten(0, (8, 8)).permute(0, 3, 1, 4, 2)
    grid = ((tiles.flatten(0, 1).flatten(1, 2) + 1) * 127.5).round().clamp(0, 255).byte()
    height, width, channels = grid.shape
    rows = b"".join(b"\0" + bytes(row.flatten().tolist()) for row in grid)
    head = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
        for kind, held in parts
    )
    Path("samples.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    print("64 images are in samples.png")
else:
    print(samples)
