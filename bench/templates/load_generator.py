"""Draws samples of this generator: python load.py [HOW MANY] [SEED].

It needs torch, safetensors and gan_zoo, which comes with the package gan-bench.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from gan_zoo.base import DataSpec
from gan_zoo.catalog import load
from gan_zoo.streams import Streams

folder = Path(__file__).parent
facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
count = int(sys.argv[1]) if len(sys.argv) > 1 else 64
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0

# Build the model as it was trained, and put the generator's weights in.
name = facts["model"]
kind: Any = load(str(folder / name) if ".py:" in name else name)
values = {key: tuple(v) if isinstance(v, list) else v for key, v in facts["config"].items()}
spec = DataSpec(tuple(facts["spec"]["shape"]), facts["spec"]["classes"])
gan = kind(spec, replace(kind.defaults, **values), Streams(0)).eval()
gan.sampler.load_state_dict(load_file(folder / "generator.safetensors"))

# Draw images [count, channels, height, width] in [-1, 1], or points [count, 2].
labels = torch.arange(count) % spec.classes  # a conditional model is asked for these classes
with torch.no_grad():
    samples = gan.sample(labels, Streams(seed)["latent/export"])

# Write a grid of the images, eight to a row; show the first points.
if samples.ndim == 4:
    columns = min(count, 8)
    tiles = samples[: count // columns * columns].unflatten(0, (-1, columns))
    grid = tiles.permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)  # [height, width, channels]
    height, width, channels = grid.shape
    head = f"P{6 if channels == 3 else 5} {width} {height} 255\n".encode()
    pixels = ((grid + 1) * 127.5).round().clamp(0, 255).byte()
    Path("samples.ppm").write_bytes(head + bytes(pixels.flatten().tolist()))
    print(f"samples.ppm: {len(tiles) * columns} images")
else:
    print(samples[:8])
