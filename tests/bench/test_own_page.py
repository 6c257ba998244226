"""docs/own-model.md, executed: its file, its commands, what it says of doctor and of an edit."""

import re
import shlex
import textwrap
from pathlib import Path

import pytest

import bench
from bench.checks.conformance import CHECKS

from . import tiny
from .test_hostile import cli

quick = tiny.quick

PAGE = Path(__file__).parents[2] / "docs" / "own-model.md"


@pytest.mark.usefixtures("few_figures", "quick")
def test_the_page_on_ones_own_model_is_what_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGE.read_text()
    (code,) = re.findall(r"^    # hinge.py\n((?:    .*\n|\n)+)", page, re.M)
    monkeypatch.chdir(tmp_path)
    Path("hinge.py").write_text(textwrap.dedent(code))
    runs = [
        shlex.split(line, comments=True) for line in re.findall(r"^    bench (run .*)$", page, re.M)
    ]
    plans = [cli(*arguments, "--dry-run") for arguments in runs]
    assert [plan.exit_code for plan in plans] == [0] * 4, [plan.output for plan in plans]
    assert "--set hingegan.backbone=conv for the same kind" in plans[0].output
    assert "networks differ" not in plans[3].output  # where that was followed
    # The last but one, on points and short, so that it takes a second.
    small = ["--dataset", "ring8", "--seeds", "1", "--images", "640", "--set", "width=4"]
    again = [*runs[2], *small, "--jobs", "1"]
    assert cli(*again).exit_code == 0
    results = bench.load("results/margins")
    assert set(results.curves.query("metric == 'within/real'")["model"]) == {"hingegan", "soft"}
    described = cli("describe", "hinge.py").output
    assert re.search(r"\| margin +\| 1.0 +\| 1.0 +\| a number +\| how far the scores", described)
    Path("hinge.py").write_text(textwrap.dedent(code) + "# edited\n")
    refused = cli(*again)
    assert refused.exit_code == 2
    assert "hinge.py has changed since results/margins trained" in refused.output
    named = set(re.findall(r"`([^`]+)`", page.split("## What doctor asks")[1].split("##")[0]))
    assert set(CHECKS) <= named
