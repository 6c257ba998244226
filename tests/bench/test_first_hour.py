"""What a new user types wrongly, and what a small run must not say."""

from pathlib import Path

import pytest

from bench.errors import InputError
from bench.planning.parsing import parse_models, parse_seeds

from .test_hostile import cli, one_line

FILE = """
from dataclasses import dataclass
from torch import nn
from gan_zoo.base import GAN, Config

class Critic(nn.Module): ...

class Hinge(GAN):
    def discriminator_loss(self, batch): ...
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "hinge.py"
    path.write_text(FILE)
    return path


def test_a_file_with_one_model_need_not_name_it(file: Path) -> None:
    for text in ("hinge.py", "hinge.py:", "hinge.py:Hinge"):
        (found,) = parse_models(text)
        assert (found.label, found.model) == ("hinge", "hinge.py:Hinge")
    (named,) = parse_models("mine=hinge.py")
    assert (named.label, named.model) == ("mine", "hinge.py:Hinge")


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("hinge.py:Wrong", "there is no 'Wrong' in it; hinge.py has Hinge\n"),
        ("hinge.py:nn", "it is not a class; hinge.py has Hinge\n"),
        ("hinge.py:Critic", "must be a subclass of gan_zoo.base.GAN"),
        ("hinge", "hinge.py is a file: write hinge.py\n"),
        ("hinge.py:Hinge@paper", "only the zoo's models have some"),
        ("gone.py", "gone.py cannot be read"),
    ],
)
def test_a_wrong_name_in_a_file_is_answered_by_the_right_ones(
    models: str, said: str, file: Path
) -> None:
    assert said in one_line(cli("run", "--dry-run", "--models", models))


def test_a_file_with_several_models_or_none_says_what_to_write(file: Path) -> None:
    file.write_text(FILE + "class Soft(Hinge): ...\n")
    line = one_line(cli("run", "--dry-run", "--models", "hinge.py"))
    assert "hinge.py holds 2 models: say which, Hinge or Soft, as in hinge.py:Hinge" in line
    file.write_text("A = 1")
    line = one_line(cli("run", "--dry-run", "--models", "hinge.py"))
    assert "name it, as in hinge.py:Class" in line


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", (0, 1, 2)),
        ("5,", (5,)),
        ("=5", (5,)),
        ("=0,4", (0, 4)),
        ("0,4,", (0, 4)),
        ("0,", (0,)),
    ],
)
def test_seeds_are_counted_or_named(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", ",", "=", "5,,", "==5", "5,5", "0", "-1", "=5,="])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="seeds"):
        parse_seeds(text)
