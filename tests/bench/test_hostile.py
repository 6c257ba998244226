"""Hostile input: whatever is written ends in success or in one line that says what is wrong."""

import ast
import io
import os
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import tomli_w
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from bench.analysis import Analysis
from bench.cli import main
from bench.cli.display import LiveDisplay
from bench.cli.status import lines
from bench.errors import InputError, printable
from bench.formats import spreadsheet
from bench.planning import parsing as limits
from bench.planning.flags import plan_from
from bench.planning.from_toml import from_dict
from bench.planning.hyperparameters import resolve
from bench.planning.parsing import parse_images, parse_models, parse_seeds
from bench.planning.plan import Plan
from bench.planning.trial import Contestant
from bench.records.writing import TrialRecord, write_experiment
from bench.report.page import page
from bench.report.terminal import text_of
from gan_zoo import catalog as zoo
from gan_zoo.base import LARGEST

from .fake_points import eight_modes
from .fake_results import FakeResults, fake

pytestmark = pytest.mark.usefixtures("few_figures")

ROOT = Path(__file__).parents[2]
BASE: dict[str, Any] = {"models": ["gan", "wgangp"], "datasets": ["ring8"], "seeds": [0, 1]}


def many(examples: int) -> Callable[[Any], Any]:
    """Settings of a property: the same examples each time, and no clock beside other tests."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# What a TOML file can hold, and what a shell can hand over: bytes that are no UTF-8 as surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["", "\0", "\x1b[31m", "a\nb", "x" * 3_000, "../..", "nan", "\u202egpj", "__class__", "=1+1"]
)
ARGUMENT = TEXT.filter(lambda text: "\0" not in text) | st.text("\udc80\udcff/.:=,@1aM", max_size=9)
NUMBER = st.sampled_from([0, -1, 2**31, 2**63, 10**30, 10**4000]) | st.integers()
SCALAR = (
    *(TEXT, NUMBER, st.booleans(), st.floats(), st.dates(), st.times()),
    st.just(datetime(1979, 5, 27, 7, 32, tzinfo=UTC)),
)
VALUE = st.recursive(
    st.one_of(SCALAR),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("label", "model", "preset", "values", "lable")
TABLE = st.dictionaries(st.sampled_from(FIELDS) | TEXT, VALUE, max_size=4)
GOOD_TABLE = st.fixed_dictionaries(
    {"label": st.sampled_from(["a", "b"]) | VALUE, "model": st.sampled_from(["gan", "wgan"])},
    optional={"preset": st.just("paper") | VALUE, "values": TABLE | VALUE},
)


def used(plan: Plan) -> None:
    """What a run does with a plan before it trains: trials, a folder's name, a file."""
    trials = plan.trials(eight_modes)
    assert 1 <= len({trial.key for trial in trials}) == len(trials) <= limits.TRIALS
    assert plan.default_folder().isprintable()
    text = tomli_w.dumps(plan.as_dict()).encode().decode()
    assert from_dict(tomllib.loads(text), "x").as_dict() == plan.as_dict()


def ends_well(make: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """Makes a plan that can be used and kept, or what a plan is made of, or raises InputError."""
    message = "none"
    try:
        made = make(*arguments, **options)
        if isinstance(made, Plan):
            used(made)
    except InputError as error:
        message = str(error)
    assert 0 < len(message) < 10_000


def flags(**given: str) -> dict[str, Any]:
    return {**dict.fromkeys(("models", "datasets", "seeds", "images", "device")), **given}


@many(500)
@given(st.sampled_from([*Plan.__dataclass_fields__, "models", "version"]), VALUE)
def test_a_plan_with_one_field_replaced(field: str, value: Any) -> None:
    ends_well(from_dict, {**BASE, field: value}, "x.toml")


@many(200)
@given(st.dictionaries(st.sampled_from(list(Plan.__dataclass_fields__)) | TEXT, VALUE, max_size=5))
def test_any_table_as_a_plan(values: dict[str, Any]) -> None:
    ends_well(from_dict, values, "x.toml")


@many(300)
@given(st.lists(TABLE | GOOD_TABLE | VALUE, max_size=3))
@example([{"label": "a", "model": "gan"}] * 2)
@example([{"label": "a", "model": "x.py:Y", "preset": "paper"}])
@example([{"label": f"a{n}", "model": "gan"} for n in range(2000)])
def test_any_contestants(contestants: list[Any]) -> None:
    ends_well(from_dict, {"contestants": contestants, "datasets": ["ring8"]}, "x.toml")


@many(250)
@given(st.binary(max_size=60) | st.dictionaries(TEXT, VALUE, max_size=3))
@example(b"a = " + b"[" * 100_000)
@example(b"a." * 100_000)
@example(b"images = " + b"9" * 5000)
@example(b"images = 0x" + b"f" * 9000)
@example(b"seeds = [" + b"1," * 600_000 + b"]")
@example(b"\xff\xfe")
def test_any_bytes_as_an_experiment(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    try:
        path.write_bytes(content if isinstance(content, bytes) else tomli_w.dumps(content).encode())
    except (ValueError, TypeError):
        return  # a number that Python does not write
    ends_well(plan_from, str(path), **flags(), values=())


@many(300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "gan.", "wgangp.", "x."]) | ARGUMENT,
            st.sampled_from(["width", "betas", "penalty", "backbone", "init"]) | ARGUMENT,
            st.sampled_from(["=", "", "=="]),
            ARGUMENT | st.from_regex(r"-?[0-9]{1,20}(e[0-9]{1,5})?", fullmatch=True),
        ).map("".join),
        max_size=2,
    )
)
@example(["width=1000000000"])
@example(["learning_rate=1e400"])
@example([f"width={'9' * 5000}"])
def test_any_set(texts: list[str]) -> None:
    asked = flags(models="gan,wgangp", datasets="ring8")
    ends_well(plan_from, None, **asked, values=tuple(texts))


@many(300)
@given(st.lists(st.sampled_from(["gan", "dcgan@paper", "x=wgan", "=", "@", ":"]) | ARGUMENT))
@example(["json:JSONDecoder"])
@example([".:X"])
@example([":"])
def test_any_models(parts: list[str]) -> None:
    ends_well(plan_from, None, **flags(models=",".join(parts)), values=())


@many(300)
@given(ARGUMENT | st.from_regex(r"[0-9,. kM-]{1,14}", fullmatch=True))
@example("999999999")
@example("99999999999M")
@example("999999999M")
def test_any_seeds_and_images(text: str) -> None:
    for parse in (parse_seeds, parse_images, parse_models):
        ends_well(parse, text)
    for flag in ("seeds", "images", "datasets", "device"):
        ends_well(plan_from, None, **flags(**{flag: text}), values=())


EVERY = [
    (model, field)
    for model in zoo.MODELS
    for field in get_type_hints(type(zoo.load(model).defaults))  # type: ignore[attr-defined]
]


@many(600)
@given(st.sampled_from(EVERY), VALUE | ARGUMENT | st.integers(1, 10**6).map(str))
def test_any_value_of_any_field_of_any_model(which: tuple[str, str], value: Any) -> None:
    model, field = which
    try:
        made = getattr(resolve("x", model, None, {field: value})[1], field)
    except InputError as error:
        made = str(error)
    if isinstance(made, int):
        assert made <= LARGEST.get(field, 2**63)


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def one_line(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("bench: ")
    assert result.stderr.count("\n") == 1
    assert printable(result.stderr[:-1]) == result.stderr[:-1]
    assert len(result.stderr) < 1100
    return result.stderr


OPTIONS = (
    *("--models", "--dataset", "--size", "--seeds", "--images", "--set", "--batch-size", "--jobs"),
    *("--evaluations", "--samples", "--features", "--device", "--precision", "--threads", "--out"),
)


@many(250)
@given(st.sampled_from(OPTIONS), ARGUMENT | NUMBER.filter(lambda n: n < 10**31).map(str))
def test_any_option_of_the_command_line(option: str, value: str) -> None:
    result = cli("run", "--dry-run", "--dataset", "ring8", "--seeds", "1", f"{option}={value}")
    told = result.output if result.exit_code == 0 else one_line(result)
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seeds", "999999999"], "at most 1,000"),
        (["--batch-size", "1000000000"], "from 1 to 65,536"),
        (["--evaluations", "1000000000000"], "from 1 to 10,000"),
        (["--samples", "9999999"], "from 2 to 100,000"),
        (["--images", "99999999M"], "from 1 to 1,000,000,000,000"),
        (["--threads", "100000"], "from 1 to 1,024"),
        (["--set", "width=1000000000"], "4,096 at most"),
        (["--set", "wgan.clip=-1"], "clip must be above 0"),
        (["--set", "wgangp.penalty=-1"], "penalty must be 0 or more"),
        (["--set", "discriminator_steps=997", "--images", "64"], "fall together only every"),
        (["--dataset", "ring8,ring8"], "'ring8' is there twice"),
        (["--size", "abc"], "not a valid integer"),
        (["--precision", "fp8"], "not one of"),
        (["--modles", "gan"], "No such option"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_range(arguments: list[str], said: str) -> None:
    assert said in one_line(cli("run", "--dry-run", *arguments))


@pytest.mark.parametrize("name", ["file", "file/below", "dangling", "loop", "x" * 300, "foreign"])
def test_folders_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "at all")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    one_line(cli("run", "--dataset", "ring8", "--seeds", "1", "--out", str(tmp_path / name)))
    assert sorted(tmp_path.rglob("*")) == before


def test_an_experiment_is_a_file_of_some_size(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "hole").open("wb") as hole:
        hole.truncate(10**12)
    for name, said in (("pipe", "not a regular file"), ("hole", "at most 1,048,576 bytes")):
        assert said in one_line(cli("run", str(tmp_path / name)))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("class A(", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("raise RuntimeError('a\\nb\\x1b[2J')", "RuntimeError"),
        ("\0", "SyntaxError|ValueError"),
        ("A = 5", "it is not a class; "),
        ("class A: train_step = defaults = 1", "must be a subclass"),
    ],
)
def test_a_module_that_does_anything(code: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "weird = name; ls\n.py"
    for name in ("torch.py", path.name.replace("= ", "").replace("\n", "")):
        (tmp_path / name).write_text(code)
        line = one_line(cli("run", "--dry-run", "--models", f"a={tmp_path / name}:A"))
        assert any(part in line for part in said.split("|"))
    path.write_text(code)
    one_line(cli("run", "--dry-run", "--models", f"a={path}:A"))
    import torch

    assert hasattr(torch, "tensor")  # and not the user's torch.py


# Names, reasons and values that are markup, formulas or commands somewhere.

EVIL = (
    "<img src=x onerror=alert(1)>",
    "'\"><script>alert(1)</script>",
    "{{7*7}}{% raw %}&lt;b&gt;",
    "[x](javascript:alert(1))![y](//z)`c`*d*",
    "=cmd|' /C calc'!A0",
    "a\x1b]0;owned\x07\x1b[2J\r\nb\0\x9b31m",
)


def hostile(path: Path, words: tuple[str, ...]) -> FakeResults:
    """A folder whose labels, reasons, models and environment are the words."""
    made: Any = fake(path, words, seeds=2, diverged=((words[0], 1),), rows=3)
    made.trials["reason"] = [f"reason {word}" for word in words for _ in range(2)]
    made.trials.loc[made.trials["model"] == words[1], "status"] = "failed"
    made.environment = {f"key {word}": word for word in words}
    for entry, word in zip(made.experiment["contestants"], words, strict=True):
        entry |= {"model": f"{word}.py:Class", "values": {"note": word}}
    made.experiment["device"] = words[2]
    made.evaluations["reference"] = f"{words[3]}:4000"
    return made  # type: ignore[no-any-return]


class Elements(HTMLParser):
    """The elements of a page in their order, with the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Analysis, Analysis]:
    """Two equal folders but for the words: hostile ones, and plain ones."""
    plain = tuple(f"word{k}" for k in range(len(EVIL)))
    made = [hostile(tmp_path_factory.mktemp("fake"), words) for words in (EVIL, plain)]
    return Analysis(made[0]), Analysis(made[1])  # type: ignore[arg-type]


def test_no_element_of_the_page_stems_from_a_word(pair: tuple[Analysis, Analysis]) -> None:
    evil, plain = (page(analysis, {}) for analysis in pair)
    assert Elements(evil).found == Elements(plain).found
    assert all(c.isprintable() or c == "\n" for c in evil)
    assert "&lt;script&gt;" in evil
    assert "{{7*7}}" in evil  # not computed


def test_no_markup_of_the_summary_stems_from_a_word(pair: tuple[Analysis, Analysis]) -> None:
    def kinds(text: str) -> list[str]:
        tokens = MarkdownIt("commonmark").enable("table").parse(text)
        inner = [child.type for token in tokens for child in token.children or []]
        return [token.type for token in tokens] + [kind for kind in inner if kind != "text"]

    evil, plain = (text_of(analysis) for analysis in pair)
    assert kinds(evil) == kinds(plain)
    assert all(c.isprintable() or c == "\n" for c in evil)


def test_no_cell_of_a_csv_is_a_formula(pair: tuple[Analysis, Analysis]) -> None:
    text = spreadsheet(pair[0].summary)
    assert "'=cmd" in text
    assert not any(cell.strip('"').startswith(("=", "@")) for cell in text.split(","))
    assert "\x1b" not in text
    numbers = pair[0].comparisons[["difference"]]
    assert spreadsheet(numbers) == numbers.to_csv(index=False)  # a minus is no formula


@pytest.mark.parametrize("terminal", [False, True])
def test_a_terminal_gets_text_and_no_commands(terminal: bool, tmp_path: Path) -> None:
    plan = Plan((Contestant("a", "gan"),), datasets=("ring8",), seeds=(0,))
    (trial,) = plan.trials(eight_modes)
    write_experiment(tmp_path, plan.as_dict(), {})
    TrialRecord(tmp_path, "ring8", "a", 0).end("failed", EVIL[-1])
    assert list(lines(tmp_path))[1:] == ["  ring8 a s0: failed: " + printable(EVIL[-1])]
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=200, color_system=None)
    with LiveDisplay(console, tmp_path, [trial], 0, 1) as display:
        display.started(trial)
        display.ended(trial, ("failed", EVIL[-1]))
    assert "owned" in screen.getvalue()
    for command in ("\x1b]0", "\x07", "\x1b[2J\r", "\x9b", "\0"):
        assert command not in screen.getvalue()
    result = cli("status", str(tmp_path))
    assert result.output.count("\n") == 2
    assert "\x1b" not in result.output


@many(200)
@given(st.text(max_size=40))
def test_printable_text_is_left_alone_and_all_else_is_one_line(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)
    assert all(a == b for a, b in zip(text, printable(text), strict=True) if a.isprintable())


UNPICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


@pytest.mark.parametrize(
    "path",
    sorted([*(ROOT / "bench").rglob("*.py"), *(ROOT / "gan_zoo").rglob("*.py")]),
    ids=lambda path: path.stem,
)
def test_nothing_is_unpickled(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = {alias.name.split(".")[0] for alias in node.names} | {module.split(".")[0]}
            assert not names & UNPICKLES
        if not isinstance(node, ast.Call):
            continue
        called, given_ = (
            ast.unparse(node.func),
            {k.arg: ast.unparse(k.value) for k in node.keywords},
        )
        assert "read_pickle" not in called
        assert called not in ("eval", "exec")
        assert given_.get("allow_pickle", "False") == "False"
        if called.endswith("torch.load") and not called.endswith("safetensors.torch.load"):
            assert given_.get("weights_only") == "True"
