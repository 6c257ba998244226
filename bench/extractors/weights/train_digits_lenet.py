"""Trains `digits-lenet`: python -m bench.extractors.weights.train_digits_lenet --help

It trains on MNIST without the images of `mnist5k`, so that the extractor has never seen the images
that it judges. With one thread and named streams, a seed gives the same bytes on the same machine.
"""

import hashlib
import json
import time
from math import pi
from pathlib import Path

import click
import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional

from gan_zoo.streams import Streams

from ...datasets.dataset import Split, to_unit
from ...datasets.digits import mnist5k
from ..network import DigitsLeNet

BATCH = 128
PEAK_RATE = 5e-3  # the highest learning rate of the cycle
TOTAL_VARIANCE = float(DigitsLeNet.features)  # of all features: 1 for each on average


def read_mnist(folder: Path, train: bool) -> tuple[Split, int]:
    """MNIST's training or test split without the images of `mnist5k`, and how many those were."""
    from torchvision.datasets import MNIST  # here, since `classifier` needs the rest of this file

    raw = MNIST(str(folder), train=train, download=False)
    own = mnist5k()
    taken = {image.tobytes() for part in (own.train, own.holdout) for image in part.samples.numpy()}
    kept = torch.tensor([image.tobytes() not in taken for image in raw.data.numpy()])
    return Split(raw.data[kept, None], raw.targets[kept]), int((~kept).sum())


def augment(images: Tensor, uniform: Tensor) -> Tensor:
    """Images [n, c, h, w], randomly turned, sheared, scaled and shifted.

    By up to 10 degrees, a shear of 0.15, 10 % and 2 of 28 pixels; `uniform` [n, 6] has random
    numbers in [0, 1).
    """
    turn, shear, wide, tall, right, down = (2 * uniform - 1).unbind(1)
    angle = turn * pi / 18
    cos, sin, shear = angle.cos(), angle.sin(), 0.15 * shear
    wide, tall = 1 + 0.1 * wide, 1 + 0.1 * tall
    across = torch.stack([wide * cos, wide * (shear * cos - sin), right / 7], 1)
    along = torch.stack([tall * sin, tall * (shear * sin + cos), down / 7], 1)
    grid = functional.affine_grid(
        torch.stack([across, along], 1), list(images.shape), align_corners=False
    )
    # The sampling fills with 0 from outside, but the background is -1.
    return functional.grid_sample(images + 1, grid, align_corners=False) - 1


def train(split: Split, epochs: int, streams: Streams) -> DigitsLeNet:
    """A network trained for `epochs` on augmented images, by Adam, one cycle and cross-entropy."""
    with streams.ambient("init"):
        network = DigitsLeNet()
    optimizer = torch.optim.Adam(network.parameters(), lr=PEAK_RATE)
    steps = len(split) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=epochs * steps)
    for epoch in range(epochs):
        start, total = time.perf_counter(), torch.zeros(())
        order = streams["data"].permutation(len(split))
        for rows in torch.split(order[: steps * BATCH], BATCH):
            images = augment(to_unit(split.samples[rows]), streams["augment"].uniform(BATCH, 6))
            loss = functional.cross_entropy(network(images)[1], split.labels[rows])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            total += loss.detach()
        seconds = time.perf_counter() - start
        click.echo(f"epoch {epoch + 1}/{epochs}  loss {total / steps:.4f}  {seconds:.0f} s")
    return network.eval()


@torch.inference_mode()
def see(network: DigitsLeNet, split: Split) -> tuple[Tensor, float]:
    """Features [n, 64] of the images as they are, and the share that is classified correctly."""
    parts = [network(to_unit(part)) for part in torch.split(split.samples, 500)]
    predicted = torch.cat([logits for _, logits in parts]).argmax(1)
    accuracy = (predicted == split.labels).double().mean().item()
    return torch.cat([features for features, _ in parts]), accuracy


def normalise(network: DigitsLeNet, split: Split) -> int:
    """Set `scale` so that the total variance of the features is 64; returns the dead units."""
    features, _ = see(network, split)
    network.scale.fill_((TOTAL_VARIANCE / features.double().var(0).sum().item()) ** 0.5)
    return int((features == 0).all(0).sum())


@click.command()
@click.option("--data-dir", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--epochs", default=12, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def main(data_dir: Path, seed: int, epochs: int, out: Path) -> None:
    """Train on DIR/MNIST/raw, write the weights to FILE."""
    torch.set_num_threads(1)
    learnt, left_out = read_mnist(data_dir, train=True)
    unseen, left_out_test = read_mnist(data_dir, train=False)
    click.echo(f"mnist5k: {left_out} found in the training set, {left_out_test} in the test set")
    network = train(learnt, epochs, Streams(seed))
    dead = normalise(network, learnt)
    own = mnist5k()
    card = {
        "seed": seed,
        "epochs": epochs,
        "trained_on": len(learnt),
        "left_out": left_out,
        "test_images": len(unseen),
        "test_accuracy": see(network, unseen)[1],
        "mnist5k_train_accuracy": see(network, own.train)[1],
        "mnist5k_holdout_accuracy": see(network, own.holdout)[1],
        "dead_units": dead,
        "scale": network.scale.item(),
    }
    click.echo(json.dumps(card, indent=2))
    # A single key: safetensors does not keep the order of several, so equal runs would not give
    # equal bytes.
    safetensors.torch.save_file(network.state_dict(), out, {"card": json.dumps(card)})
    click.echo(f"{out}: {out.stat().st_size} bytes, sha256 {_sha256(out)}")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
