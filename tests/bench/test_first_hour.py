"""What a new user types wrongly, and what a small run must not say."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import stats
from bench.analysis import Analysis
from bench.errors import InputError
from bench.planning.hyperparameters import recorded, resolve
from bench.planning.parsing import parse_models, parse_seeds
from bench.report import prose

from .fake_results import final_only
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


CONFIGURED = """
from dataclasses import dataclass
from gan_zoo.base import GAN, Config

{decorator}
class Own(Config):
    margin: float = 1.0  # between real and fake scores

class Mine(GAN):
    defaults = Own()
"""


@pytest.mark.parametrize("decorator", ["@dataclass", "@dataclass(frozen=True)"])
def test_a_config_of_ones_own_is_any_dataclass(decorator: str, file: Path) -> None:
    file.write_text(CONFIGURED.format(decorator=decorator))
    asked = {"margin": "2", "width": "8", "backbone": "conv"}
    kind, config = resolve("mine", "hinge.py:Mine", None, asked)
    assert (config.margin, config.width, config.backbone) == (2.0, 8, "conv")
    assert kind.defaults.margin == 1.0  # type: ignore[attr-defined]
    kept: dict[str, Any] = recorded(kind, config)
    again = resolve("mine", "hinge.py:Mine", None, kept)[1]
    assert dataclasses.asdict(again) == dataclasses.asdict(config)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.margin = 3.0
    with pytest.raises(ValueError, match="width must be above 0"):
        dataclasses.replace(config, width=0)
    with pytest.raises(InputError, match=r"mine\.margin takes a number, not 'x'"):
        resolve("mine", "hinge.py:Mine", None, {"margin": "x"})


def test_one_config_extends_another_in_either_way(file: Path) -> None:
    from gan_zoo.gan import VanillaGANConfig

    @dataclasses.dataclass(frozen=True)
    class Frozen(VanillaGANConfig):  # type: ignore[misc]
        first: int = 1

    @dataclasses.dataclass
    class Plain(Frozen):  # type: ignore[misc]
        second: int = 2

    changed = dataclasses.replace(Plain(), second=3, width=4)
    assert (changed.first, changed.second, changed.width) == (1, 3, 4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        changed.first = 2  # type: ignore[misc]
    same = dataclasses.replace(Plain(), second=3, width=4)
    assert hash(same) == hash(changed)  # a Config may be the key of a cache
    assert len({changed, same, Plain(second=3)}) == 2


def test_a_config_without_its_decorator_is_told_so(file: Path) -> None:
    file.write_text(CONFIGURED.format(decorator=""))
    line = one_line(cli("run", "--dry-run", "--models", "hinge.py:Mine"))
    assert "write @dataclass above its Own" in line


@pytest.mark.parametrize(
    ("bf16", "asked", "refused"),
    [(12.0, "bf16", True), (0.5, "bf16", False), (12.0, "bf16!", False)],
)
def test_bf16_that_gains_nothing_is_refused(
    bf16: float, asked: str, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.cli.precision.step_seconds", lambda *_: (1.0, bf16))
    run = ["run", "--dry-run", "--precision", asked, "--models", "gan,wgangp"]
    result = cli(*run, "--out", str(tmp_path / "r"))
    if refused:
        assert "gan 0.083, wgangp 0.083; keep --precision fp32" in one_line(result)
    else:
        assert result.exit_code == 0
        assert "cpu, bf16, 1 thread" in result.output
        assert "bf16, measured here, trains so many times as fast" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seeds", "1"], "note: 1 seed: no difference can be told from chance; --seeds 9 tells"),
        (["--seeds", "3"], "note: 3 seeds: only differences above about 27 % can be told; --seeds"),
        (["--seeds", "3", "--dataset", "ring8"], "only differences above about 65 % can be told"),
        (["--seeds", "9"], ""),
        (["--seeds", "3", "--models", "gan"], ""),
    ],
)
def test_a_plan_that_cannot_decide_says_so(arguments: list[str], said: str, tmp_path: Path) -> None:
    output = cli("run", "--dry-run", "--out", str(tmp_path / "r"), *arguments).output
    assert said in output
    assert ("can be told" in output) == bool(said)


def test_what_a_plan_says_is_what_the_rule_tells_in_4_of_5_runs() -> None:
    rng, gap, told = np.random.default_rng(1), -math.log(1 - 0.27), 0
    for _ in range(400):
        values = 0.06 * rng.standard_normal((3, 5)) + [0, gap, 3, 6, 9]
        first = stats.compare_all(values, pairs=10)[0]
        told += bool(stats.told(first.estimate, first.adjusted_p))
    assert 0.72 < told / 400 < 0.88


def headline(folder: Path, values: dict[str, list[float]]) -> str:
    return prose.headline(Analysis(final_only(folder, values)), "mnist5k")


def test_one_model_or_one_seed_has_no_mean_to_be_lowest(tmp_path: Path) -> None:
    alone = headline(tmp_path / "a", {"gan": [20.0, 21.0]})
    assert alone.startswith("On mnist5k after 256k images, gan's FID is 20.5. ")
    one = headline(tmp_path / "b", {"gan": [20.0], "wgan": [30.0]})
    assert "gan has the lowest FID, 20.0. " in one
    two = headline(tmp_path / "c", {"gan": [20.0, 21], "wgan": [30.0, 31]})
    assert "gan has the lowest mean FID, 20.5. " in two  # not "in 2 of 2 seeds"
    three = headline(tmp_path / "d", {"gan": [20.0, 21, 22], "wgan": [30.0, 31, 32]})
    assert "gan has the lowest mean FID, 21.0, the lowest in 3 of 3 seeds. " in three


@pytest.mark.parametrize(("right", "held_out", "judge"), [(0.67, 12, False), (0.67, 1000, True)])
def test_who_is_no_judge_draws_no_headline(
    right: float, held_out: int, judge: bool, tmp_path: Path
) -> None:
    results = final_only(tmp_path, {"gan": [20.0, 21, 22], "wgan": [30.0, 31, 32]})
    results.trials["extractor_accuracy"] = right
    analysis = Analysis(results)
    floor = analysis.scale["level"] == "held-out real"
    assert floor.sum() == 1
    analysis.scale.loc[floor, "samples"] = held_out
    said = prose.headline(analysis, "mnist5k")
    assert ("gan has the lowest mean FID" in said) == judge
    assert ("told apart" in said) == judge
    if not judge:
        assert "nothing is said of who is better" in said
        assert "right on 67% of 12 held-out images, so on 39% to 86% of others" in said
