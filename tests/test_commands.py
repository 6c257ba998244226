"""The commands of every page. All are parsed; those of a few seconds are executed.

Executed, in a folder that has a copy of a published run with its one generator: list, describe,
status, compare, claims, report (few figures), sample, interpolate, arithmetic, neighbours, export,
lecture, doctor MODEL, clean and run as dry runs, and every block of Python that begins with
`import bench`. Those of more than a moment are marked slow. Parsed only: study, verify and doctor
without a model, which train or measure the machine (each has tests of its own), and what needs
files or generators that are not here.
"""

import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from bench.cli import main
from bench.plots import figures as plots
from bench.report.peers import PEERS

from .test_readme import PAGES, RESULTS, ROOT

BLOCK = re.compile(r"^(?: {4}|\$ )(bench .*)$", re.MULTILINE)
INLINE = re.compile(r"`(bench [^`]+)`")
PYTHON = re.compile(r"^    import bench\n(?:(?:    (?!bench ).*)?\n)+", re.MULTILINE)
EXECUTED = ("list", "describe", "status", "clean", "run")
LONG = (  # by `make test-all`
    *("report", "claims", "compare", "doctor", "sample", "lecture"),
    *("interpolate", "arithmetic", "neighbours", "export"),
)
# Weights, another generator than the published one, a speed and a cluster that may be absent, and a
# metric that the copied run has not recorded.
ABSENT = (
    *("inception", "net.safetensors", "--model cgan", "bf16", "--executor ray"),
    *("pixels.py", "--metric sharpness.py"),
)
HOLDERS = ("COMMAND", "NAME", "TOPIC", "MODEL", "LABEL")  # words in place of a name
FEW = ("samples", "quality", "losses")
# What `mine.py` of the pages stands for; `hinge.py` is that of docs/own-model.md.
MINE = "from gan_zoo.gan import VanillaGAN\n\n\nclass MyGAN(VanillaGAN):\n    pass\n"


def in_blocks(page: str) -> list[str]:
    """The commands that stand in blocks of a page, in one line each, without comments."""
    return BLOCK.findall((ROOT / page).read_text().replace("\\\n", " "))


def in_sentences(page: str) -> list[str]:
    """Those that a sentence names."""
    return [" ".join(found.split()) for found in INLINE.findall((ROOT / page).read_text())]


def parsed(command: str) -> tuple[click.Command, list[str]]:
    """The command and its arguments. Raises UsageError if it does not take them."""
    _, *words = shlex.split(command, comments=True)
    if not words or words[0].startswith("-"):
        return main, words
    assert words[0] in main.commands, command
    return main.commands[words[0]], words[1:]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the commands of the pages can be given."""
    root = tmp_path_factory.mktemp("commands")
    results = root / "results"
    results.mkdir()
    for published in RESULTS.glob("reference-*"):
        if published.name != "reference-mnist5k":
            (results / published.name).symlink_to(published)
    left = shutil.ignore_patterns("*.png", "*.svg", "*.html", "histograms.parquet")
    shutil.copytree(RESULTS / "reference-mnist5k", results / "mnist5k-256k", ignore=left)
    # Commands write into these: so they are the copy, never what is published.
    for name in ("reference-mnist5k", "again", "../DIR", "../A", "../B"):
        (results / name).symlink_to(results / "mnist5k-256k")
    (results / "claims").mkdir()
    (results / "claims" / "points").symlink_to(RESULTS / "reference-claims" / "points")
    (root / "experiments").symlink_to(ROOT / "experiments")
    (root / "examples").symlink_to(ROOT / "examples")
    for page in ("own-model", "extending"):
        text = (ROOT / f"docs/{page}.md").read_text()
        for name, code in re.findall(r"^    # (\w+\.py)\n((?:    .*\n|\n)+)", text, re.M):
            (root / name).write_text(textwrap.dedent(code))
    (root / "mine.py").write_text(MINE)
    rng = np.random.default_rng(0)
    for folder in ("pictures", "pictures/cats", "cats", "colour-pictures"):
        (root / folder).mkdir(exist_ok=True)
        for n in range(0 if folder == "pictures" else 90):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{n}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("HOME", str(root))
        patch.setattr(plots, "FIGURES", {name: plots.FIGURES[name] for name in FEW})
        yield root


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("page", PAGES)
def test_its_commands_are_taken(page: str) -> None:
    for line in in_blocks(page):
        command, arguments = parsed(line)
        if isinstance(command, click.Group):
            continue
        above = click.Context(main, **main.context_settings)  # -h is an option because of it
        with command.make_context(str(command.name), list(arguments), parent=above):
            pass  # every option there is, every value of its kind, every argument
        if command.name == "convert":
            assert set(arguments[1:]) <= set(PEERS), line


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_in_its_sentences_are_there(page: str) -> None:
    for line in in_sentences(page):
        words = shlex.split(line)[1:]
        if not words or words[0] in HOLDERS or words[0].startswith("-"):
            continue
        command = main.commands[words[0]]
        options = {o for parameter in command.params for o in (*parameter.opts, "--help")}
        asked = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert asked <= options, line


def executed() -> list[object]:
    """The commands that are executed, each once."""
    found = dict.fromkeys(
        re.sub(r"\s+", " ", line.partition(" #")[0]).strip()
        for page in PAGES
        for line in in_blocks(page)
    )
    known = (line for line in found if line.split()[1] in (*EXECUTED, *LONG))
    return [
        pytest.param(line, marks=pytest.mark.slow) if line.split()[1] in LONG else line
        for line in known
        if line != "bench doctor" and not any(word in line for word in ABSENT)
    ]


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("line", executed())
def test_it_does_what_its_page_says(line: str) -> None:
    words = shlex.split(line)[1:]
    if words[0] != "run":  # of a folder that the page has made by then
        words = [word.replace("results/mnist5k-20k", "DIR") for word in words]
    dry = ["--dry-run"] if words[0] in ("run", "clean") and "--dry-run" not in words else []
    done = CliRunner().invoke(main, [*words, *dry])
    assert done.exit_code == 0, done.output
    assert done.output.strip()


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    "page",  # docs/python.md has a test of its own, tests/test_python_page.py
    [p for p in PAGES if PYTHON.search((ROOT / p).read_text()) and p != "docs/python.md"],
)
def test_its_python_runs(page: str) -> None:
    for block in PYTHON.findall((ROOT / page).read_text()):
        exec(textwrap.dedent(block), {})
