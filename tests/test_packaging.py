"""What is installed: one version, every file that the code reads, and it works elsewhere."""

import os
import re
import shutil
import site
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import bench
from bench.planning.published import published

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BUILT_FROM = ("bench", "gan_zoo", "experiments", "pyproject.toml", "README.md", "LICENSE")
NO_FILES = shutil.ignore_patterns("__pycache__", "*.egg-info")


def test_the_version_stands_in_one_place() -> None:
    assert PYPROJECT["project"]["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "bench.__version__"}
    (cited,) = re.findall(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert cited == bench.__version__


def test_the_versions_of_python_are_said_alike() -> None:
    told = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    (matrix,) = re.findall(r"python: \[(.+)\]", workflow)
    assert re.findall(r"3\.\d+", matrix) == told
    assert PYPROJECT["project"]["requires-python"] == f">={told[0]}"
    assert "run: .ci/run" in workflow


def test_published_plans_are_found_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (ROOT / "experiments").glob("*.toml"):
        assert published(f"experiments/{path.name}") == published(path.name) == path
    for other in ("experiments/none.toml", "elsewhere/ring8.toml", "ring8", "../ring8.toml"):
        assert published(other) is None


def test_forms_and_hooks_can_be_read() -> None:
    yaml = pytest.importorskip("yaml")
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    for path in forms:
        found = yaml.safe_load(path.read_text())
        if path.stem != "config":
            assert {"name", "description", "body"} <= set(found)
            assert all({"type", "id", "attributes"} <= set(part) for part in found["body"])
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "mypy"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "title", "authors", "version", "license"} <= set(cited)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the sources, built with the setuptools that is here."""
    pytest.importorskip("setuptools", minversion="77")
    sources, built = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("built")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=NO_FILES)
        else:
            shutil.copyfile(ROOT / name, sources / name)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--quiet", "--disable-pip-version-check", "--wheel-dir", str(built), str(sources)),
    )
    (found,) = built.glob("*.whl")
    return found


def run(*command: str, cwd: Path | None = None) -> str:
    """What a command prints, without the source tree on Python's path; raises if it fails."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_has_every_file(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    data = f"gan_bench-{bench.__version__}.data/data/share/gan-bench/"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("bench", "gan_zoo")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    plans = {f"{data}experiments/{path.name}" for path in (ROOT / "experiments").glob("*.toml")}
    assert inside == wanted | plans
    assert wheel.name.startswith(f"gan_bench-{bench.__version__}-")


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    """A new environment has the wheel, and nothing else but the libraries that are here."""
    home = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", str(home))
    python, command = home / "bin" / "python", home / "bin" / "bench"
    run(
        *(sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"),
        *("install", "--quiet", "--no-deps", "--no-index", str(wheel)),
    )
    packages = Path(
        run(str(python), "-c", "import sysconfig as s; print(s.get_path('purelib'))").strip()
    )
    (packages / "libraries.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = run(str(python), "-c", "import bench, gan_zoo; print(bench.__file__)", cwd=elsewhere)
    assert Path(where.strip()).is_relative_to(home)
    assert run(str(command), "--version", cwd=elsewhere).split()[-1] == bench.__version__
    assert "wgangp" in run(str(command), "list", cwd=elsewhere)
    plan = run(str(command), "run", "experiments/ring8.toml", "--dry-run", cwd=elsewhere)
    assert "40 trials" in plan
    small = ("--images", "640", "--evaluations", "1", "--samples", "60", "--set", "width=4")
    models = ("--models", "gan,dcgan", "--seeds", "1", "--jobs", "2", "--out", "r")
    told = run(str(command), "run", *small, *models, cwd=elsewhere)  # weights, workers, templates
    assert "The page: r/report.html" in told
    assert (elsewhere / "r" / "report.html").stat().st_size > 100_000
    code = "import bench; r = bench.load('r'); print(len(r.final('fid')), r.plot('quality'))"
    assert run(str(python), "-c", code, cwd=elsewhere).startswith("2 ")
