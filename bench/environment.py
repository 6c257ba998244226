"""What a result was made with: versions, processor, GPU, torch's settings and the commit."""

import hashlib
import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import gan_zoo

OURS = {"bench": Path(__file__).parent, "gan_zoo": Path(gan_zoo.__path__[0])}
PACKAGES = (
    "torch",
    "torchvision",
    "torchmetrics",
    "numpy",
    "scipy",
    "scikit-learn",
    "pot",
    "pandas",
    "mlxtend",
)
# What must be equal on two machines before a trial can be expected to give equal bits on both.
BITS = (
    *(name for name in PACKAGES if name != "pandas"),
    *("platform", "processor", "instructions", "processor_flags"),
    *("deterministic_algorithms", "fp32_precision"),
)


def environment() -> dict[str, Any]:
    """Versions, machine, settings and commit: what environment.json holds."""
    dirty = bool(_git("status", "--porcelain", "--untracked-files=no"))
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "operating_system": _operating_system(),
        "processor": cpuinfo("model name") or platform.processor(),
        "processor_flags": _digest(" ".join(sorted(processor_flags())).encode())[:12],
        "cores": cores(),
        "memory_bytes": memory(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS", ""),
        **_torch(),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": dirty,
        "diff": _hash_of_changes() if dirty else "",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _torch() -> dict[str, Any]:
    """What torch computes with, and how. The number of threads is a field of each trial instead."""
    import torch  # here, so that `bench --help` needs no torch

    conv, matmul = (
        torch.backends.cudnn.conv.fp32_precision,  # type: ignore[attr-defined]
        torch.backends.cuda.matmul.fp32_precision,
    )
    return {
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
        "gpu_driver": gpu_driver(),
        "cuda": torch.version.cuda or "" if torch.cuda.is_available() else "",
        "cudnn": torch.backends.cudnn.version() or 0 if torch.cuda.is_available() else 0,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "fp32_precision": f"convolutions {conv}, matrix products {matmul}",
    }


@cache
def code_digest(*folders: str) -> str:
    """The sha256 of the sources of our two packages, as they were when it was first asked for.

    folders: of `bench`, where it is to be of these alone.
    """
    found = hashlib.sha256()
    for name, place in sorted(OURS.items()):
        for path in sorted(place.rglob("*.py")):
            if folders and (name != "bench" or path.relative_to(place).parts[0] not in folders):
                continue
            found.update(f"{name}/{path.relative_to(place).as_posix()}\n".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def cores() -> int:
    """Processor cores that this process may use, within its affinity and its container's quota."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(usable, _cgroup_quota() or usable))


def _cgroup_quota() -> int | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) // int(period)


def memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's limit."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limits.append(int((Path("/sys/fs/cgroup") / name).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return min(limits)


CGROUPS = Path("/sys/fs/cgroup")


def oom_kills() -> int | None:
    """How many processes of its cgroup Linux has killed for lack of memory; None if not told."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    places: list[Path] = []
    for _, kind, own in (line.split(":", 2) for line in lines):
        # A container sees its own cgroup as the root, whatever its path is outside.
        if not kind:  # version 2
            places += [CGROUPS / own[1:] / "memory.events", CGROUPS / "memory.events"]
        elif kind == "memory":
            root = CGROUPS / kind
            places += [root / own[1:] / "memory.oom_control", root / "memory.oom_control"]
    for place in places:
        with suppress(OSError):
            counts = dict(line.split() for line in place.read_text().splitlines())
            if "oom_kill" in counts:
                return int(counts["oom_kill"])
    return None


def cpuinfo(field: str) -> str:
    """A field of the first processor in Linux's /proc/cpuinfo; "" on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    found = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in found if name.strip() == field), "")


def processor_flags() -> list[str]:
    """The processor's instruction sets by Linux's names; none on other systems."""
    return (cpuinfo("flags") or cpuinfo("Features")).split()


def gpu_driver() -> str:
    """The version of NVIDIA's driver; "" where there is none."""
    found = _output_of("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    return found.decode().partition("\n")[0].strip()


def _operating_system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _git(*arguments: str) -> str:
    """The output of a git command on the project's checkout; "" where there is none."""
    return _output_of("git", "-C", str(Path(__file__).parent), *arguments).decode().strip()


def _hash_of_changes() -> str:
    """sha256 of `git diff HEAD`: shows whether two dirty checkouts of a commit are equal."""
    return _digest(_output_of("git", "-C", str(Path(__file__).parent), "diff", "HEAD"))


def _output_of(*command: str) -> bytes:
    """What a command prints; nothing where it fails or cannot be run."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout
