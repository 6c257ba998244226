"""What a driver and its workers must have in common: the code, which is shipped, and versions."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...environment import BITS, OURS, PACKAGES, code_digest
from ...errors import InputError

CODE = "code of gan-bench"
MOST = 100 * 2**20  # bytes that are shipped of a working folder
SHIPPED = (".py", ".safetensors")  # models, and the weights of extractors
Facts = dict[str, str]


def stage(folder: Path, own: bool) -> None:
    """Copy our two packages into `folder`; if `own`, the modules of the working folder too."""
    code_digest()  # of what is shipped, should somebody edit it while the run goes on
    for name, place in OURS.items():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(place, folder / name, ignore=ignored, dirs_exist_ok=True)
    if own:
        here, size = Path.cwd(), 0
        for path in modules_below(here):
            size += path.stat().st_size
            if size > MOST:
                raise InputError(
                    f"the modules in {here} are shipped to the workers, and are more than "
                    f"{MOST // 2**20} MB: start the run in a folder that holds your model alone"
                )
            target = folder / path.relative_to(here)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def modules_below(folder: Path) -> Iterator[Path]:
    """What is shipped of a folder: nothing of hidden ones, environments and results folders."""
    for name, folders, files in os.walk(folder):
        place = Path(name)
        if {"pyvenv.cfg", "experiment.toml"} & set(files):
            folders.clear()
            continue
        top = set(OURS) if place == folder else set()
        folders[:] = sorted(set(folders) - {"__pycache__", "node_modules"} - top)
        folders[:] = [one for one in folders if not one.startswith(".")]
        yield from (place / file for file in sorted(files) if file.endswith(SHIPPED))


def facts() -> Facts:
    """The versions that decide bits, and a digest of our code, as this process has them."""
    names = [name for name in PACKAGES if name in BITS]
    return {
        "Python": platform.python_version(),
        **{name: _version(name) for name in names},
        CODE: code_digest()[:12],
    }


def difference(driver: Facts, worker: Facts, host: str) -> str:
    """In which facts a worker differs from the driver, in words; empty if in none."""
    names = [name for name in driver if worker.get(name) != driver[name]]
    told = [f"{name} {driver[name]} here, {worker.get(name)} there" for name in names]
    return (
        f"the worker on {host} would compute other bits: {'; '.join(told)}: "
        "install the same versions on both"
        if told
        else ""
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
