"""Imports point one way, and help needs no heavy library."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from bench import catalog, probe_catalog
from gan_zoo import catalog as zoo

ROOT = Path(__file__).parent.parent
# A module may import those of the rows above its own, and those of its own row without a circle.
LAYERS = [
    {"errors", "files", "environment", "metrics", "stats", "storage", "pictures", "interrupts"}
    | {"allocator", "imports"},
    {"verdicts", "observing", "command"},
    {
        "columns",
        "facts",
        "toml_file",
        "catalog",
        "settings",
        "limits",
        "rules",
        "rules_state",
        "probe_catalog",
        "alarms",
    }
    | {"histograms", "updates"},
    {"mixtures", "parsing", "trial", "formats", "layers", "provenance"},
    {"datasets", "damage"},
    {"vision_sets", "folders", "stacked", "weights", "features", "classifier", "inception"}
    | {"faces", "custom_features", "plan", "records", "results_folder", "results"}
    | {"batches"},
    {"extractors"},
    {"planning", "growing", "status", "probes", "measures", "planar", "evaluate", "scale"}
    | {"protocol", "checkpoints", "probe_batch", "probe_measures", "probing"},
    {"drawing", "generators"},
    {"train", "repeats", "checks", "survivors", "noise", "tables", "theme", "conformance"}
    | {"reaching", "reported_losses"},
    {"claims"},
    {"executors", "findings", "changes", "circumstances", "events", "latent"},
    {"runner", "display", "prose", "reading", "reading_probes", "published"},
    {"claims_text", "plots_claims", "plots_lines", "plots_quality", "plots_pairs", "plots_cost"}
    | {"plots_modes", "plots_samples", "plots_reported", "plots_training", "plots_critics"}
    | {"plots_probes", "plots_weights", "plots_networks"},
    {"plots", "exports"},
    {"embedded", "comparing", "failures"},
    {"page_figures", "page_samples", "page_pairs", "page_events", "page_claims"},
    {"page"},
    {"report"},
    {"session", "doctor", "verify", "describe"},
    {"generator_facts", "generator_code", "generator_card", "generator_onnx"},
    {"generator_export"},
    {"cli_judge", "cli_claims", "cli_describe", "cli_export", "cli_latent", "cli_probe"},
    {"cli"},
]
HEAVY = {"torch", "ot", "torchvision", "torchmetrics", "pandas", "seaborn", "matplotlib", "scipy"}


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
            names |= {f"{base}.{alias.name}" for alias in node.names} | {str(base)}
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
        assert layer(part) <= layer(own), f"bench.{own} imports bench.{part}"


def test_nothing_is_imported_in_a_circle() -> None:
    parts = {p.stem: bench_parts(p) for p in (ROOT / "bench").glob("*.py") if p.stem != "__init__"}
    while parts:
        leaves = {name for name, needs in parts.items() if not needs & parts.keys() - {name}}
        assert leaves, f"a circle among {sorted(parts)}"
        parts = {name: needs for name, needs in parts.items() if name not in leaves}


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--help"], ["list"], ["probe"]),
        *([name, "--help"] for name in ("run", "doctor", "export", "verify", "claims")),
        *([name, "--help"] for name in ("describe", "sample", "arithmetic")),
        ["status", str(ROOT / "results" / "reference-mnist5k")],
    ],
)
def test_help_and_status_are_light(arguments: list[str]) -> None:
    code = (
        "from click.testing import CliRunner\nfrom bench.cli import main\n"
        f"result = CliRunner().invoke(main, {arguments})\nassert result.exit_code == 0"
    )
    assert not modules_after(code) & HEAVY


def test_a_report_needs_no_torch() -> None:
    read = "bench.report, bench.results, bench.status, bench.comparing, bench.events"
    assert "torch" not in modules_after(f"import {read}")


@pytest.mark.parametrize(
    "target",
    [
        *(entry.target for entry in zoo.MODELS.values()),
        *(entry.target for entry in catalog.DATASETS.values()),
        *(entry.target for entry in catalog.METRICS.values()),
        *(entry.target for entry in catalog.EXTRACTORS.values()),
        *(probe.target for probe in probe_catalog.PROBES.values() if probe.target),
    ],
)
def test_every_target_of_the_catalogues_exists(target: str) -> None:
    module, _, name = target.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
