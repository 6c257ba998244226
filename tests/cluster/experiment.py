"""What five models, ten seeds and four data sets cost, from measured images a second."""

import re
from pathlib import Path

from .simulation import REST

ROOT = Path(__file__).parent.parent.parent
IMAGES, SEEDS = 256_000, 10
EVALUATING = 9.5  # seconds of a trial: the mean of results/reference-mnist5k
SIDES = {"mnist5k": 28, "mnist": 28, "fashion-mnist": 28, "cifar10": 32}


def rates() -> dict[str, tuple[float, float]]:
    """Model -> images a second at 28 pixels, and what 32 pixels cost beside that."""
    page = (ROOT / "results" / "benchmarks" / "README.md").read_text()
    block = page.split("## images a second on one thread")[1].split("\n## ")[0]
    found = re.findall(r"^\| (\w+) \| ([\d,]+) \| [\d.]+ \| [\d.]+ \| ([\d.]+) \|", block, re.M)
    return {model: (float(rate.replace(",", "")), float(at_32)) for model, rate, at_32 in found}


def seconds() -> dict[str, list[float]]:
    """Data set -> seconds of each of its trials on one core."""
    return {
        name: [
            IMAGES / rate * (at_32 if side == 32 else 1) + EVALUATING + REST
            for rate, at_32 in rates().values()
            for _ in range(SEEDS)
        ]
        for name, side in SIDES.items()
    }


def table() -> str:
    """The table of docs/cluster.md."""
    lines = ["| data set | trials | core-hours |", "| --- | ---: | ---: |"]
    found = seconds()
    for name, each in found.items():
        lines.append(f"| {name} | {len(each)} | {sum(each) / 3600:.1f} |")
    every = [one for each in found.values() for one in each]
    lines.append(f"| all | {len(every)} | {sum(every) / 3600:.1f} |")
    return "\n".join(lines)
