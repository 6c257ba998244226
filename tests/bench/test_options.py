"""Options that no command takes: paths with control characters, NaN, nothing at all."""

from pathlib import Path

import click
import pytest

from bench.cli import main
from bench.cli.options import PathOption

from .test_hostile import cli, one_line

RING8 = str(Path(__file__).parents[2] / "results" / "reference-ring8")
CHOSEN = ["-a", "x", "-b", "x", "-c", "x"]
COMMANDS: dict[str, list[list[str]]] = {  # each with a path for every argument that takes one
    "run": [["{}"], ["--out={}"], ["--data-dir={}"]],
    "tune": [["{}"], ["--out={}"], ["--data-dir={}"]],
    "report": [["{}"]],
    "serve": [["{}"]],
    "status": [["{}"]],
    "clean": [["{}"]],
    "merge": [["{}", "--out=x"], ["here", "--out={}"]],
    "compare": [["{}"], ["here", "{}"]],
    "convert": [["{}", "benchopt"]],
    "verify": [["{}"]],
    "lecture": [["information", "--out={}"]],
    "claims": [["{}"], ["here", "{}"], ["here", "--out={}"]],
    "study": [["vanishing", "{}"], ["vanishing", "--out={}"]],
    "sample": [["{}"], ["here", "--out={}"]],
    "interpolate": [["{}"], ["here", "--out={}"]],
    "arithmetic": [["{}", *CHOSEN], ["here", *CHOSEN, "--out={}"]],
    "neighbours": [["{}"], ["here", "--out={}"]],
    "export": [["{}"], ["here", "--out={}"]],
}


@pytest.mark.parametrize("path", ["", "a\nb", "a\x1b[2J", "a\x7f", "a\x9b31m", "a\u2028b"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_takes_a_path_with_control_characters(command: str, path: str) -> None:
    for arguments in COMMANDS[command]:
        line = one_line(cli(command, *(argument.format(path) for argument in arguments)))
        assert ("has control characters" if path else "the path is empty") in line


def test_every_path_of_every_command_is_tried() -> None:
    for name, command in main.commands.items():
        paths = [p for p in command.params if isinstance(p.type, click.Path)]
        assert len(paths) <= len(COMMANDS.get(name, [])) or name == "probe"
        assert all(isinstance(parameter.type, PathOption) for parameter in paths)


@pytest.mark.parametrize("path", ["Bilder für uns", "写真\u3000集", "narrow\u202fspace", "\udcff"])
def test_other_characters_of_a_path_are_its_owners_business(path: str, tmp_path: Path) -> None:
    out = str(tmp_path / path)
    assert cli("run", "--dry-run", "--dataset", "ring8", "--out", out).exit_code == 0


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-1"])
def test_seconds_between_checkpoints_are_a_number(value: str) -> None:
    line = one_line(cli("run", "--dry-run", f"--checkpoint-every={value}"))
    assert "--checkpoint-every" in line


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--device", "device is auto, cpu, cuda, mps, not ''"),
        ("--models", "no models to compare"),
        ("--dataset", "no data set ''"),
        ("--seeds", "seeds are a number"),
        ("--images", "images are a count"),
        ("--features", "no feature extractor ''"),
        ("--probes", "no probe ''"),
        ("--jobs", "--jobs is auto or a number"),
        ("--retrain", "no contestant to retrain ''"),
        ("--set", "--set takes"),
    ],
)
def test_an_empty_option_of_run_is_no_default(option: str, said: str) -> None:
    assert said in one_line(cli("run", "--dry-run", f"{option}="))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tune", "--models="], "no models to compare"),
        (["tune", "--dataset="], "no data set ''"),
        (["tune", "--images="], "images are a count"),
        (["tune", "--selection-seeds="], "seeds are a number"),
        (["tune", "--report-seeds="], "seeds are a number"),
        (["describe", "gan", "--dataset="], "no data set ''"),
        (["describe", "gan", "--size=0"], "size must be a whole number from 4"),
        (["verify", RING8, "--trial="], "--trial takes dataset/label/s0"),
        (["compare", RING8, "--metric="], "no metric ''"),
        (["compare", RING8, "--dataset="], "no data set here ''"),
        (["study", "vanishing", "--device="], "device is auto, cpu, cuda, mps, not ''"),
        (["study", "vanishing", "--threads="], "threads takes a whole number"),
        (["sample", RING8, "--model="], "no model ''"),
    ],
)
def test_an_empty_option_of_another_command_is_no_default(arguments: list[str], said: str) -> None:
    assert said in one_line(cli(*arguments))
