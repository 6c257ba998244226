"""The models in `examples`: short, with their formulas and source, sound, and resumable."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import Tensor

from bench.checks.case import Case
from bench.checks.conformance import check_models, conformance
from bench.files import read_json
from bench.planning.trial import Trial
from bench.probes.averages import Averages
from bench.training.train import train
from gan_zoo.base import Batch, DataSpec
from gan_zoo.catalog import load
from gan_zoo.latents import categorical, uniform
from gan_zoo.streams import Streams
from tests.bench import tiny
from tests.gan_zoo.small import GREY

ROOT = Path(__file__).parent.parent
PATHS = sorted((ROOT / "examples").glob("*.py"))
CLASS = re.compile(r"^class (\w+)", re.MULTILINE)  # the last one is the model
EXAMPLES = {path.stem: f"{path}:{CLASS.findall(path.read_text())[-1]}" for path in PATHS}
every_example = pytest.mark.parametrize("name", EXAMPLES)
quick = tiny.quick


def case_of(name: str, spec: DataSpec = GREY, **values: Any) -> Case:
    kind: Any = load(EXAMPLES[name])
    return Case(kind, dataclasses.replace(kind.defaults, width=8, **values), spec)


def test_there_are_six() -> None:
    assert set(EXAMPLES) == {"acgan", "began", "infogan", "lsgan", "ragan", "sngan"}
    assert EXAMPLES["sngan"].endswith(":SNGAN")


@every_example
def test_it_is_short_and_says_what_it_does(name: str) -> None:
    text = Path(EXAMPLES[name].rpartition(":")[0]).read_text()
    assert len(text.splitlines()) <= 60
    docstring = text.split('"""')[1]
    assert re.search(r"arXiv:\d{4}\.\d{5}", docstring)
    for player in ("discriminator", "generator"):
        assert re.search(rf"^    {player} +minimises ", docstring, re.M)


@every_example
def test_it_keeps_the_rules(name: str) -> None:
    found = {result.name: result for result in conformance([case_of(name)])}
    assert {rule: one.note for rule, one in found.items() if one.wrong} == {}


@pytest.mark.slow
@every_example
def test_it_passes_bench_doctor(name: str) -> None:
    said: list[object] = []
    assert check_models((EXAMPLES[name],), (), said.append), said


class Killed(BaseException):
    pass


def trial_of(name: str) -> Trial:
    """Twenty steps on digits, with a checkpoint after the tenth."""
    plan = tiny.plan_of(EXAMPLES[name], datasets=("mnist5k",), images=320)
    (contestant,) = plan.contestants
    narrow = {"width": 4, "latent_dim": 6}
    contestant = dataclasses.replace(contestant, values=narrow)
    (trial,) = tiny.trials_of(dataclasses.replace(plan, contestants=(contestant,)))
    return trial


@every_example
def test_it_goes_on_to_the_same_bits(
    name: str, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(name)
    assert train(trial, tmp_path / "whole") == ("finished", "")
    steps, add = iter(range(100)), Averages.add

    def until(self: Averages, step: Any) -> None:
        if next(steps) == 15:
            raise Killed
        add(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Averages, "add", until)
        with pytest.raises(Killed):
            train(trial, tmp_path / "broken")
    assert train(trial, tmp_path / "broken") == ("finished", "")
    one, two = (tmp_path / root / "trials" / trial.key for root in ("whole", "broken"))
    assert read_json(two / "status.json")["resumed"] == ["went on from 160 images"]
    tiny.assert_same(one, two)


def test_a_third_player_is_recorded_as_the_two_are(quick: None, tmp_path: Path) -> None:
    trial = trial_of("infogan")
    train(trial, tmp_path)
    folder = tmp_path / "trials" / trial.key
    curves = pd.read_parquet(folder / "curves.parquet")
    assert {
        *("loss/recogniser", "grad_norm/recogniser", "grad_norm/recogniser/1"),
        *("update_ratio/recogniser", "update_ratio/generator"),
    } <= set(curves["metric"])
    facts = read_json(folder / "status.json")
    assert facts["recogniser_parameters"] == 784 * 8 + 8 + 8 * 12 + 12
    assert "latent/recogniser" in facts["streams"]
    networks = pd.read_parquet(folder / "histograms.parquet")["network"]
    assert set(networks) == {"discriminator", "generator", "recogniser"}


def test_the_latents_of_infogan_have_their_law() -> None:
    model, _ = case_of("infogan", latent_dim=6).build()
    latent = model.draw_latents(4096, Streams(0)["latent/generator"])
    assert latent.shape == (4096, 10 + 2 + 3)
    code, numbers, noise = latent.split([10, 2, 3], dim=1)
    assert torch.equal(code.sum(dim=1), torch.ones(4096))
    assert (code.mean(dim=0) - 0.1).abs().max() < 0.02
    assert -1 <= float(numbers.min()) < -0.99 < 0.99 < float(numbers.max()) <= 1
    assert numbers.var(dim=0).tolist() == pytest.approx([1 / 3] * 2, rel=0.05)
    assert noise.std(dim=0).tolist() == pytest.approx([1] * 3, rel=0.05)


def test_laws_at_numbers_that_are_known() -> None:
    quartile = 0.6744897501960817
    normal = torch.tensor([-40.0, -quartile, 0.0, quartile, 40.0])
    torch.testing.assert_close(uniform(normal), torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0]))
    between = torch.tensor([-40.0, -quartile - 0.1, -0.1, 0.1, quartile + 0.1, 40.0])
    assert categorical(between, 4).argmax(dim=1).tolist() == [0, 0, 1, 2, 3, 3]


def test_the_balance_of_began_by_hand() -> None:
    model: Any
    model, streams = case_of("began").build()
    seen: list[Tensor] = []
    scores = model.scores

    def kept(batch: Batch) -> tuple[Tensor, Tensor]:
        seen.extend(found := scores(batch))
        return found[0], found[1]

    model.scores = kept
    model.train_step(case_of("began").batches(), streams)
    real, fake = (float(score.detach().mean()) for score in seen)
    assert float(model.k) == pytest.approx(max(0.0, 1e-3 * (0.5 * real - fake)), abs=1e-7)
