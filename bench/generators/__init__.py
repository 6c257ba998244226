"""Trained generators: samples, paths, arithmetic and nearest images of one, and its export.

from bench.generators import load_generator
from bench.generators.sampling import codes_of, images_of

trained = load_generator("results/mnist5k-256k", model="dcgan")
images = images_of(trained, codes_of(trained, n=64, seed=0))   # [64, 1, 28, 28] in [-1, 1]
"""

from .load import load_generator

__all__ = ["load_generator"]
