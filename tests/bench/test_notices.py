"""What `bench run` says of models before they train."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from bench.cli import main
from bench.cli.notices import broken_rules, unlike_networks
from bench.planning.flags import with_values
from bench.planning.parsing import parse_models
from bench.planning.plan import Plan
from gan_zoo.base import DataSpec

from . import tiny

quick, records_alone = tiny.quick, tiny.records_alone
GREY, POINTS = DataSpec((1, 28, 28), 10), DataSpec((2,), 8)
MODEL = """
from torch import nn
from gan_zoo.gan import VanillaGAN

class Mine(VanillaGAN):
    def generator_loss(self, batch):
        return {factor} * super().generator_loss(batch)

class Small(Mine):
    def build_discriminator(self):
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 1), nn.Flatten(0))
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MODEL.format(factor=1.0))
    return path


def said(models: str, *values: str, spec: DataSpec = GREY) -> str:
    contestants = with_values(tuple(parse_models(models)), values)
    return unlike_networks(Plan(contestants), spec)


def test_the_zoo_by_default_is_as_it_is() -> None:
    assert said("gan,cgan,dcgan,wgan,wgangp") == ""
    assert said("gan,wgangp", "width=8") == ""
    assert said("gan,wgangp", "gan.saturating=true") == ""
    assert said("gan,dcgan@paper") == ""


def test_an_mlp_of_ones_own_beside_convolutions(mine: Path) -> None:
    line = said(f"wgangp,{mine}:Mine")
    assert re.fullmatch(
        r"note: networks differ: mine is an MLP, \d+M parameters; wgangp convolves, "
        r"0\.\d+M parameters: --set mine\.backbone=conv for the same kind",
        line,
    )
    assert said(f"wgangp,{mine}:Mine", "mine.backbone=conv") == ""
    assert said(f"gan,{mine}:Mine") == ""
    assert said(f"{mine}:Mine") == ""


def test_networks_that_are_larger_by_far(mine: Path) -> None:
    line = said("gan,wide=gan", "wide.width=1024")
    assert line.endswith(": --set wide.width=N for the same size")
    assert said("gan,wide=gan", "wide.width=280") == ""
    line = said(f"gan,{mine}:Small", "gan.width=64", "small.width=64")
    assert line == "" or "small builds networks of its own" in line
    assert "small builds networks of its own" in said(f"dcgan,{mine}:Small")


def test_a_model_that_suits_no_data_here_is_left_to_other_lines(mine: Path) -> None:
    assert said(f"wgangp,{mine}:Mine", spec=POINTS) == ""


def test_a_broken_rule_is_one_line(mine: Path) -> None:
    plan = Plan(tuple(parse_models(f"gan,{mine}:Mine")))
    assert broken_rules(plan, {"gan", "mine"}, POINTS) == []
    mine.write_text(MODEL.format(factor="float('nan')"))
    plan = Plan(tuple(parse_models(f"gan,{mine}:Mine")))
    assert broken_rules(plan, {"gan"}, POINTS) == []
    before = torch.get_rng_state()
    assert broken_rules(plan, {"gan", "mine"}, POINTS) == [
        "note: mine breaks a rule (step: generator_loss is not one finite number); "
        f"`bench doctor {mine}:Mine` says more"
    ]
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.usefixtures("records_alone", "quick")
def test_a_run_says_it_before_it_trains(mine: Path, tmp_path: Path) -> None:
    mine.write_text(MODEL.format(factor="float('nan')"))
    small: dict[str, Any] = {"images": 320, "evaluations": 1, "batch-size": 16, "seeds": 1}
    options = [part for name, value in small.items() for part in (f"--{name}", str(value))]
    command = ["run", "--models", f"{mine}:Mine", "--dataset", "ring8", "--set", "width=4"]
    command += [*options, "--out", str(tmp_path / "r")]
    runner = CliRunner()
    assert "breaks a rule" in runner.invoke(main, [*command, "--dry-run"]).output
    output = runner.invoke(main, command).output
    assert output.count("note: mine breaks a rule (step: ") == 1
    assert "breaks a rule" not in runner.invoke(main, command).output  # nothing to do
    again = [*command, "--retry", "diverged"]
    assert "breaks a rule" not in runner.invoke(main, [*again, "--no-check"]).output
