"""Checks of this machine: can its benchmarks be trusted and repeated?"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, requires, version
from multiprocessing import get_context
from pathlib import Path

import click
import torch
from packaging.requirements import Requirement
from torch import Tensor

from gan_zoo import catalog as zoo
from gan_zoo.base import DataSpec

from ..datasets.storage import cache_dir
from ..environment import cores, gpu_driver, memory
from ..extractors import EXTRACTORS
from ..extractors.network import load_extractor
from ..files import write_bytes
from ..training.determinism import before_cuda, deterministic
from .bf16 import factor
from .case import Case
from .check import OK, Check, Found, report

GB = 10**9
TRIAL = 1.3 * GB  # the most memory of a trial's process, when it evaluates 4,000 samples
ROOM = 1.0 * GB  # free disk that a run may need: data sets take up to 0.5 GB


def devices() -> Found:
    """Torch sees the GPU, if there is one."""
    found, driver = ["cpu"], gpu_driver()
    if torch.cuda.is_available():
        found.append(f"cuda {torch.version.cuda}: {torch.cuda.get_device_name()}, driver {driver}")
    elif driver:
        return "warning", f"cpu; torch {torch.__version__} does not see the GPU of driver {driver}"
    if torch.backends.mps.is_available():
        found.append("mps")
    return "ok", "; ".join(found)


def processor() -> Found:
    """Torch's threads and other programs do not exceed the cores."""
    usable, load = cores(), os.getloadavg()[0]
    threads, asked = torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS", "not set")
    seen = f"{usable} cores, OMP_NUM_THREADS {asked}, {threads} threads in torch, load {load:.1f}"
    return ("warning" if threads > usable or load > usable else "ok"), seen


def precision() -> Found:
    """bf16 is computed correctly; half a second of training tells whether it is faster here."""
    device = best_device()
    x = torch.linspace(-1, 1, 4096, device=device).view(64, 64)
    with torch.autocast(device, torch.bfloat16):
        product = (x @ x).float()
    if not torch.allclose(product, x @ x, rtol=0.02, atol=0.2):
        return "failed", f"a product in bf16 on {device} is wrong"
    gain = factor(device)
    seen = f"fp32 and bf16; on {device}, dcgan trains {gain:.2g} times as fast in bf16"
    return ("ok", seen) if gain >= 1 else ("ok", f"{seen}: keep --precision fp32")


def room_in_memory() -> Found:
    """Memory holds as many trials as `--jobs auto` runs at a time."""
    limit, jobs = memory(), cores()
    seen = f"{limit / GB:.1f} GB for {jobs} trials of {TRIAL / GB:.1f} GB"
    if limit < TRIAL:
        return "failed", seen
    return ("ok" if limit >= jobs * TRIAL else "warning"), seen


def room_on_disk() -> Found:
    """The current folder and the cache of data sets have free space."""
    cache = cache_dir()
    cache = next(folder for folder in (cache, *cache.parents) if folder.exists())
    places = {"here": Path.cwd(), "the cache": cache}
    free = {name: shutil.disk_usage(path).free for name, path in places.items()}
    seen = ", ".join(f"{room / GB:.1f} GB {name}" for name, room in free.items())
    return ("ok" if min(free.values()) >= ROOM else "warning"), seen


def writing() -> Found:
    """Files can be written, flushed, renamed and locked in the current folder."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".doctor-") as folder:
        path = Path(folder) / "file"
        write_bytes(path, b"old")
        write_bytes(path, b"new")
        if path.read_bytes() != b"new":
            return "failed", "a file that was replaced still has its old content"
        with path.open() as first, path.open() as second:
            fcntl.flock(first, fcntl.LOCK_EX)
            try:
                fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return OK
    return "failed", "a locked file can be locked again: two runs could write one folder"


def extractors() -> Found:
    """The extractors' weights are those that were shipped, byte for byte."""
    shipped = [name for name, entry in EXTRACTORS.items() if entry.weights]
    return "ok", ", ".join(load_extractor(name).protocol for name in shipped)


def packages() -> Found:
    """The installed packages have the versions that this project needs."""
    try:
        wanted = [Requirement(line) for line in requires("gan-bench") or []]
    except PackageNotFoundError:
        return "skipped", "gan-bench is not installed, so the versions it needs are not known"
    needed = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = [reason for requirement in needed if (reason := misfit(requirement))]
    return ("failed", "; ".join(wrong)) if wrong else ("ok", f"{len(needed)} packages fit")


def misfit(requirement: Requirement) -> str:
    """What is wrong with the installed version; "" if it fits."""
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is missing"
    fits = requirement.specifier.contains(found, prereleases=True)
    return "" if fits else f"{requirement.name} {found}, not {requirement.specifier}"


def determinism() -> Found:
    """A short training gives the same bits when repeated, here and in another process."""
    device = best_device()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        elsewhere = pool.submit(short_training, device)
        first, second = short_training(device), short_training(device)
        if first != second:
            return "failed", f"two short trainings on {device} differ"
        if first != elsewhere.result():
            return "failed", f"a short training on {device} differs in another process"
    return "ok", f"two short trainings on {device} and one in another process give the same bits"


def threads() -> Found:
    """A short training gives the same bits on one thread and on two.

    If not, trials on different numbers of threads cannot be compared bit for bit.
    """
    if cores() == 1:
        return "skipped", "there is one core"
    if short_training("cpu") == short_training("cpu", threads=2):
        return "ok", "a short training gives the same bits on one thread and on two"
    return "warning", "a short training gives other bits on two threads than on one"


def short_training(device: str, threads: int = 1) -> str:
    """sha256 of the weights of a convolutional and of a penalised model after a few steps."""
    before, digest = torch.get_num_threads(), hashlib.sha256()
    torch.set_num_threads(threads)
    before_cuda()
    try:
        with deterministic(device):
            for name in ("dcgan", "wgangp"):
                for weight in trained(name, device):
                    digest.update(weight.cpu().numpy().tobytes())
    finally:
        torch.set_num_threads(before)
    return digest.hexdigest()


def trained(name: str, device: str) -> list[Tensor]:
    """The weights of a narrow model after a few steps."""
    kind = zoo.load(name)
    config = replace(kind.defaults, width=8)  # type: ignore[attr-defined]
    case = Case(kind, config, DataSpec((1, 28, 28), 10))
    (model, streams), feed = case.build(device), case.batches(device)
    for _ in range(5):
        model.train_step(feed, streams)
    return list(model.state_dict().values())


def best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


CHECKS: dict[str, Check] = {
    "devices": Check(devices, "install a torch that fits the driver, or train on the CPU"),
    "processor": Check(processor, "end other programs, or set OMP_NUM_THREADS=1"),
    "precision": Check(precision, "keep --precision fp32, the default"),
    "memory": Check(room_in_memory, "run fewer trials at a time: --jobs 1"),
    "disk": Check(room_on_disk, "make room, or point GAN_BENCH_DATA and --out to another disk"),
    "writing": Check(writing, "work in a folder on a local disk"),
    "extractors": Check(extractors, "put back the files in bench/extractors/weights"),
    "packages": Check(packages, "install them again: make setup"),
    "determinism": Check(determinism, "train on the CPU if bits matter: --device cpu"),
    "threads": Check(threads, "keep --threads 1, the default; every trial records its threads"),
}


def check_machine(say: Callable[[str], object]) -> bool:
    """Check this machine and say the results. False if a check failed."""
    say(click.style("This machine", bold=True))
    return report((check.run(name) for name, check in CHECKS.items()), say)
