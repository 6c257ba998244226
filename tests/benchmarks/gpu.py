"""What training costs on a GPU: python -m tests.benchmarks.gpu OUT.json, or `make bench-gpu`.

Sections with a limit each; the JSON is written after each of them, so that a run that is cut off
leaves what it had. What a limit left no time for is in `left_out`.

eager         steps as Python runs them, one trial: ms, images/s, share of time the GPU computes
stacked       steps of S seeds, as Python runs them and captured, in fp32, TF32 and bf16
scripts       PyTorch-GAN's five scripts, with PYTORCH_GAN=its folder
determinism   each model trained twice for a moment: do weights agree in every bit?
run           with --long: `bench run` of five models, ten seeds and 256k images, by phase
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pandas as pd
import torch

from bench.datasets.batches import Shuffled, ShuffledStack
from bench.datasets.dataset import load_dataset
from bench.environment import environment
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from bench.planning.stacks import units
from bench.probes.averages import Averages
from bench.training.attempt import run_unit
from bench.training.determinism import before_cuda, deterministic
from gan_zoo.base import GAN
from gan_zoo.catalog import MODELS, load
from gan_zoo.precision import precision_context
from gan_zoo.stacked.captured import EAGER, Captured
from gan_zoo.stacked.stack import Stack
from gan_zoo.stacked.streams import StackedStreams
from gan_zoo.streams import Streams

BATCH = 64
LIMITS = {"eager": 60, "stacked": 170, "scripts": 45, "determinism": 60, "run": 3600}  # seconds
LANES = (32, 1, 8, 128)  # the most telling first
PRECISIONS = ("fp32", "tf32", "bf16")
Row = dict[str, Any]


class Bench:
    """One machine, its sizes, and the time that a section has left."""

    def __init__(self, device: str, tiny: bool) -> None:
        self.device, self.tiny = device, tiny
        self.data = load_dataset("mnist5k")
        self.split = self.data.train.to(device)
        self.lanes = (1, 2) if tiny else LANES
        self.steps = 2 if tiny else 20
        self.width = {"width": 4} if tiny else {}
        self.ends = 0.0

    def model(self, name: str, seed: int) -> tuple[GAN, Streams, Shuffled]:
        kind, streams = load(name), Streams(seed, self.device)
        config = replace(kind.defaults, **self.width)  # type: ignore[attr-defined]
        model = kind(self.data.spec, config, streams, self.device).train()
        return model, streams, Shuffled(self.split, BATCH, streams["data"])

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()

    def seconds(self, step: Callable[[], object], steps: int) -> float:
        """The median of three timings of a step."""
        step()
        found = []
        for _ in range(3):
            self.wait()
            began = time.perf_counter()
            for _ in range(steps):
                step()
            self.wait()
            found.append((time.perf_counter() - began) / steps)
        return sorted(found)[1]

    def computing(self, step: Callable[[], object]) -> float | None:
        """Seconds of a step in which the GPU computes; None without a GPU."""
        if self.device != "cuda":
            return None
        from torch.profiler import ProfilerActivity, profile

        with profile(activities=[ProfilerActivity.CUDA]) as seen:
            for _ in range(3):
                step()
            self.wait()
        events: Any = seen.events()
        kinds: Any = torch.autograd
        kernels = [e for e in events if e.device_type == kinds.DeviceType.CUDA]
        return float(sum(kernel.device_time_total for kernel in kernels)) / 3e6

    def memory(self) -> float | None:
        """The most MiB that were taken on the GPU since the last time."""
        if self.device != "cuda":
            return None
        most = torch.cuda.max_memory_allocated() / 2**20
        torch.cuda.reset_peak_memory_stats()
        return most


@contextmanager
def arithmetic(device: str, precision: str) -> Iterator[None]:
    """fp32 exactly, with TF32's shorter products, or with bf16."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = precision == "tf32"
    try:
        with precision_context(torch.device(device), "bf16" if precision == "bf16" else "fp32"):
            yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


def told(bench: Bench, step: Callable[[], object], batches: int, seeds: int, steps: int) -> Row:
    """Cost of a step that trains `batches` batches of each of the seeds."""
    took, computes = bench.seconds(step, steps), bench.computing(step)
    return {
        "ms a discriminator batch": 1000 * took / batches,
        "images/s x seeds": seeds * BATCH * batches / took,
        "GPU computes, share": None if computes is None else computes / took,
        "memory, MiB": bench.memory(),
    }


def eager(bench: Bench) -> Iterator[tuple[Row, Callable[[], Row]]]:
    for name in MODELS:
        for repeats in (True, False):

            def measure(name: str = name, repeats: bool = repeats) -> Row:
                model, streams, batches = bench.model(name, 0)
                with deterministic(bench.device, repeats):
                    return told(
                        bench,
                        lambda: model.train_step(batches, streams),
                        model.next_turn(),
                        1,
                        bench.steps,
                    )

            yield {"model": name, "deterministic": repeats}, measure


def stacked(bench: Bench) -> Iterator[tuple[Row, Callable[[], Row]]]:
    for lanes in bench.lanes:
        for precision in PRECISIONS:
            for name in MODELS:
                for captured in (True, False):

                    def measure(
                        name: str = name,
                        lanes: int = lanes,
                        precision: str = precision,
                        captured: bool = captured,
                    ) -> Row:
                        with deterministic(bench.device), arithmetic(bench.device, precision):
                            return stack_of(bench, name, lanes, captured)

                    about = {"model": name, "seeds": lanes, "precision": precision}
                    yield about | {"captured": captured}, measure


def stack_of(bench: Bench, name: str, lanes: int, capture: bool) -> Row:
    """Cost of the steps of a stack; captured, of several in a replay."""
    made = [bench.model(name, seed) for seed in range(lanes)]
    stack = Stack([model for model, _, _ in made])
    streams = StackedStreams([streams for _, streams, _ in made])
    batches = ShuffledStack([batches for _, _, batches in made])
    turns, averages = stack.next_turn(), Averages(stack.whole)
    if not capture:
        return told(
            bench,
            lambda: averages.add(stack.train_step(batches, streams)),
            turns,
            lanes,
            max(2, bench.steps // 4),
        )
    once = max(1, 10 // turns)
    steps = Captured(stack, batches, streams, averages.flat)
    steps.run(turns, EAGER)
    steps.run(turns, once)
    row = told(bench, lambda: steps.run(turns, once), turns * once, lanes, bench.steps)
    return row | {"not captured because": steps.reason}


def scripts(bench: Bench) -> Iterator[tuple[Row, Callable[[], Row]]]:
    from .test_public_scripts import SCRIPTS, Script

    if "PYTORCH_GAN" not in os.environ:
        return
    for name in SCRIPTS:

        def measure(name: str = name) -> Row:
            with tempfile.TemporaryDirectory() as folder:
                script = Script(Path(os.environ["PYTORCH_GAN"]), name, Path(folder) / "a" / "b")
                script.run(5)
                batches = 5 if bench.tiny else 200
                return {"ms a discriminator batch": 1000 * script.run(batches) / batches}

        yield {"script": name}, measure


def determinism(bench: Bench) -> Iterator[tuple[Row, Callable[[], Row]]]:
    for name in MODELS:

        def measure(name: str = name) -> Row:
            found = [weights_of(bench, name) for _ in range(2)]
            return {"equal": sum(a == b for a, b in zip(*found, strict=True)), "of": len(found[0])}

        yield {"model": name}, measure


def weights_of(bench: Bench, name: str) -> list[bytes]:
    """The generators of two short trials of a model, each time in a folder of its own."""
    images = 1280 if bench.tiny else 12_800
    plan = Plan(
        tuple(parse_models(name)),
        seeds=(0, 1),
        images=images,
        evaluations=1,
        samples=100,
        device=bench.device,
        stack=2,
    )
    with tempfile.TemporaryDirectory() as folder:
        (unit,) = units(plan.trials(load_dataset))
        ends = run_unit(unit, Path(folder))
        assert {status for status, _ in ends.values()} == {"finished"}, ends
        paths = sorted(Path(folder).rglob("generator.safetensors"))
        return [path.read_bytes() for path in paths]


def run(bench: Bench) -> Iterator[tuple[Row, Callable[[], Row]]]:
    def measure() -> Row:
        import bench as results

        images, seeds = ("1280", "2") if bench.tiny else ("256k", "10")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "r"
            command = "from bench.cli import main; main()"
            options = ["--device", bench.device, "--images", images, "--seeds", seeds]
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", command, "run", *options, "--out", str(out)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            took = time.perf_counter() - began
            trials: pd.DataFrame = results.load(out).trials
        phases = {n: float(trials[n].sum()) for n in ("seconds", "evaluating_seconds")}
        finished = int((trials["status"] == "finished").sum())
        return {"wall clock, s": took, "trials": len(trials), "finished": finished} | phases

    yield {"five models": "all"}, measure


SECTIONS = {"eager": eager, "stacked": stacked, "scripts": scripts, "determinism": determinism}


@click.command(help=__doc__)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--long", is_flag=True, help="Also the long run, by itself.")
@click.option("--device", default="cuda", show_default=True)
@click.option("--tiny", is_flag=True, help="Small sizes, to try the command itself.")
@click.option("--only", multiple=True, type=click.Choice([*SECTIONS, "run"]))
def main(out: Path, long: bool, device: str, tiny: bool, only: tuple[str, ...]) -> None:
    before_cuda()
    if device == "cuda" and not torch.cuda.is_available():
        raise click.ClickException("torch sees no GPU here: `make bench-gpu` measures one")
    bench, found = Bench(device, tiny), dict[str, Any]()
    name = torch.cuda.get_device_name() if device == "cuda" else device
    found["machine"] = environment() | {"device": name, "tiny": tiny}
    sections = {**SECTIONS, "run": run} if long else SECTIONS
    for section in only or sections:
        found[section] = measured({**SECTIONS, "run": run}[section](bench), LIMITS[section])
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        click.echo(f"{section}: {len(found[section]['rows'])} rows, into {out}")


def measured(cases: Iterator[tuple[Row, Callable[[], Row]]], limit: float) -> dict[str, Any]:
    """The rows of a section; those that its limit left no time for are named."""
    began, rows, left_out = time.monotonic(), list[Row](), list[Row]()
    for about, measure in cases:
        if time.monotonic() - began > limit:
            left_out.append(about)
            continue
        try:
            rows.append(about | measure())
        except Exception as error:  # out of memory, say: the others are measured
            rows.append(about | {"error": f"{type(error).__name__}: {error}".partition("\n")[0]})
    return {"seconds": time.monotonic() - began, "rows": rows, "left_out": left_out}


if __name__ == "__main__":
    main()
