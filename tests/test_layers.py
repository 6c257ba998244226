"""Imports point one way, and help needs no heavy library."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from bench.datasets import DATASETS
from bench.extractors import EXTRACTORS
from bench.metrics import METRICS
from bench.probes import PROBES
from gan_zoo import catalog as zoo

ROOT = Path(__file__).parent.parent
# A folder or module of `bench` may import those of the rows above its own, never of its own row.
LAYERS = [
    {"digests", "environment", "errors", "interrupts", "words", "stats"},
    {"extensions", "files", "formats", "metrics", "parallel"},
    {"datasets"},
    {"extractors", "probes"},
    {"planning"},
    {"records"},
    {"evaluation", "tables"},
    {"claims", "training"},
    {"analysis"},
    {"plots"},
    {"generators", "report", "studies", "tuning"},
    {"checks", "lectures", "live"},
    {"cli"},
    {"api"},
]
HEAVY = {"torch", "ot", "torchvision", "torchmetrics", "pandas", "seaborn", "matplotlib", "scipy"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in (ROOT / "bench").rglob("*.py")}


def imported(path: Path) -> set[str]:
    """Absolute names of the modules that a file imports, also inside its functions."""
    package = ".".join(path.relative_to(ROOT).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parts, node.module or ""]).strip(".") if node.level else node.module
            found = {f"{base}.{alias.name}" for alias in node.names}
            names |= found if found <= MODULES else found | {str(base)}
    return names


def bench_parts(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("bench.")}


def layer(part: str) -> int:
    found = [number for number, parts in enumerate(LAYERS) if part in parts]
    assert found, f"bench.{part} has no place in LAYERS"
    return found[0]


@pytest.mark.parametrize("path", sorted((ROOT / "gan_zoo").rglob("*.py")), ids=lambda p: p.stem)
def test_the_zoo_never_imports_bench(path: Path) -> None:
    assert not {name for name in imported(path) if name.split(".")[0] == "bench"}


@pytest.mark.parametrize("path", sorted((ROOT / "bench").rglob("*.py")), ids=lambda p: p.stem)
def test_bench_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(ROOT / "bench").parts[0].removesuffix(".py")
    if own == "__init__":
        return
    known = {p.stem for p in (ROOT / "bench").iterdir()}
    for part in bench_parts(path) & known - {own, "__init__"}:
        assert layer(part) < layer(own), f"bench.{own} imports bench.{part}"


def test_no_module_is_imported_in_a_circle() -> None:
    paths = {module_name(path): path for path in (ROOT / "bench").rglob("*.py")}
    needs = {name: imported(path) & paths.keys() - {name} for name, path in paths.items()}
    while needs:
        leaves = {name for name, wanted in needs.items() if not wanted & needs.keys()}
        assert leaves, f"a circle among {sorted(needs)}"
        needs = {name: wanted for name, wanted in needs.items() if name not in leaves}


def test_the_house_is_small() -> None:
    top = list((ROOT / "bench").glob("*.py"))
    assert len(top) <= 10
    assert len(LAYERS) <= 14
    for path in [*(ROOT / "bench").rglob("*.py"), *(ROOT / "gan_zoo").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 300, path


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


LIGHT = [
    *(["--help"], ["list"], ["study"], ["probe"], ["lecture"]),
    *([name, "--help"] for name in ("run", "doctor", "export", "verify", "claims", "lecture")),
    *([name, "--help"] for name in ("describe", "sample", "arithmetic", "serve", "tune")),
    ["status", str(ROOT / "results" / "reference-mnist5k")],
]


def test_help_and_status_are_light() -> None:
    code = (
        "from click.testing import CliRunner\nfrom bench.cli import main\n"
        f"for arguments in {LIGHT}:\n"
        "    result = CliRunner().invoke(main, arguments)\n"
        "    assert result.exit_code == 0, arguments\n"
        f"    assert not sys.modules.keys() & {HEAVY}, arguments\n"
    )
    assert not modules_after(code) & HEAVY


def test_a_report_needs_no_torch() -> None:
    read = "bench.report.rebuild, bench.records.results, bench.cli.status, bench.cli.comparing"
    assert "torch" not in modules_after(f"import {read}, bench.report.tensorboard")


@pytest.mark.parametrize(
    "target",
    [
        *(entry.target for entry in zoo.MODELS.values()),
        *(entry.target for entry in DATASETS.values()),
        *(entry.target for entry in METRICS.values()),
        *(entry.target for entry in EXTRACTORS.values()),
        *(probe.target for probe in PROBES.values() if probe.target),
    ],
)
def test_every_target_of_the_catalogues_exists(target: str) -> None:
    module, _, name = target.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
