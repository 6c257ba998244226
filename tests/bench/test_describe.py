"""`bench describe`: its arithmetic against torch, its sums against the networks, its words."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from bench.cli import main
from bench.cli.describing import SPECS, formulas, spec_of
from bench.cli.fields import hyperparameters
from bench.cli.layers import arithmetic, layers_of, layers_without_pass
from bench.datasets import DATASETS
from bench.datasets.dataset import load_dataset
from bench.datasets.faces import FACES
from bench.planning.trial import Contestant
from gan_zoo.catalog import MODELS, load

OWN = '''
from torch import nn
from gan_zoo.gan import VanillaGAN

class Own(VanillaGAN):
    """discriminator  minimises  something of its own"""

    def build_generator(self):
        layers = super().build_generator()
        return layers

class Broken(VanillaGAN):
    def build_generator(self):
        raise RuntimeError("no network today")
'''


def told(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["describe", *arguments])


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("side", [7, 13, 28])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(4, 2, 1), (3, 2, 0), (5, 1, 2), (4, 3, 0)]
)
def test_the_arithmetic_gives_what_torch_gives(
    transposed: bool, side: int, kernel: int, stride: int, padding: int
) -> None:
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    layer = kind(1, 2, kernel, stride, padding)
    given = layer(torch.zeros(1, 1, side, side))
    text = arithmetic(layer, (1, 1, side, side), given.shape)
    left, right = text.split(" = ")
    python = left.replace("×", "*").replace("⌊(", "((").replace("⌋", ")").replace("/", "//")
    assert eval(python) == int(right) == given.shape[-1]
    assert ("⌊" in text) == (not transposed and (side + 2 * padding - kernel) % stride > 0)


def test_the_lectures_worked_sizes() -> None:
    sizes = arithmetic(nn.Conv2d(1, 1, 4, 2, 1), (1, 1, 28, 28), (1, 1, 14, 14))
    assert sizes == "(28 - 4 + 2×1)/2 + 1 = 14"
    layer = nn.ConvTranspose2d(1, 1, 4, 2, 1)
    assert arithmetic(layer, (1, 1, 7, 7), (1, 1, 14, 14)) == "(7 - 1)×2 - 2×1 + 4 = 14"


def test_what_has_no_square_has_no_arithmetic() -> None:
    assert arithmetic(nn.Linear(2, 3), (1, 2), (1, 3)) == ""
    assert arithmetic(nn.Conv2d(1, 1, 3), (1, 1, 5, 7), (1, 1, 3, 5)) == ""
    assert arithmetic(nn.Conv2d(1, 1, 3, padding="same"), (1, 1, 5, 5), (1, 1, 5, 5)) == ""


def test_layers_come_in_the_order_of_use_and_their_parameters_add_up() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Linear(5, 2), nn.Linear(3, 5)
            self.scale = nn.Parameter(torch.ones(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.first(x)) * self.scale[:2]  # type: ignore[no-any-return]

    found = layers_of(Backwards(), torch.zeros(2, 3))
    assert [(layer.name, layer.output, layer.parameters) for layer in found] == [
        ("first", (5,), 20),
        ("last", (2,), 12),
        ("", (2,), 4),  # the network's own
    ]


class Odd(nn.Module):
    """Parametrised, nested, tied, called twice, by name and without a tensor; two results."""

    def __init__(self) -> None:
        super().__init__()
        norm = nn.utils.parametrizations
        self.conv = norm.spectral_norm(nn.Conv2d(1, 2, 3))
        self.linear = norm.weight_norm(nn.Linear(8, 8))
        self.tied, self.again = nn.Linear(8, 8), nn.Linear(8, 8)
        self.again.weight = self.tied.weight
        self.norm = nn.BatchNorm1d(8, momentum=None)
        self.constant = Constant()
        self.unused = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.linear(self.conv(x).flatten(1))
        x = self.again(self.tied(self.tied(input=x)))
        return {"score": self.norm(x) + self.constant(), "features": x}


class Constant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(()))

    def forward(self) -> torch.Tensor:
        return self.value


def test_any_module_is_described() -> None:
    network = Odd()
    found = layers_of(network, torch.zeros(2, 1, 4, 4))
    assert [(x.name, x.kind, x.output, x.parameters) for x in found] == [
        ("conv", "Conv2d 1 → 2, k3 s1 p0 (SpectralNorm)", (2, 2, 2), 20),
        ("linear", "Linear 8 → 8 (WeightNorm)", (8,), 8 + 64 + 8),
        ("tied", "Linear 8 → 8", (8,), 72),
        ("tied", "Linear 8 → 8", (8,), 0),
        ("again", "Linear 8 → 8", (8,), 8),
        ("norm", "BatchNorm1d 8, momentum None", (8,), 16),
        ("constant", "Constant", (), 1),
    ]
    total = sum(parameter.numel() for parameter in network.parameters())
    assert total - sum(layer.parameters for layer in found) == 12  # those of `unused`
    assert sum(layer.parameters for layer in layers_without_pass(network)) == total


def test_hooks_do_not_stay() -> None:
    layer = nn.Linear(2, 2)
    for _ in range(2):
        assert len(layers_of(layer, torch.zeros(1, 2))) == 1
    with pytest.raises(RuntimeError):
        layers_of(layer, torch.zeros(1, 3))
    assert not layer._forward_hooks


def test_the_notes_wgangp_is_shown_as_the_notes_have_it() -> None:
    text = told("wgangp@notes")
    assert "Generator: 623,425 parameters" in text
    assert "Discriminator: 134,337 parameters" in text
    assert "ConvTranspose2d 10 → 256, k3 s2 p0 | 256 × 3 × 3 | 23,296 | (1 - 1)×2 + 3 = 3 |" in text
    assert "⌊(13 - 4)/2⌋ + 1 = 5" in text
    assert "generator minimises -E s(G(z))" in text
    assert "| latent_dim | 10 | 64 | a whole number, above 0, 65,536 at most |" in text
    assert "| penalty | 10.0 | 10.0 | a number | the weight of the gradient penalty" in text
    assert "generator 2.82485, critic -14.99197" in text
    assert "Assumed" in text


def test_a_data_set_of_its_own_size_is_found() -> None:
    assert "Built for mnist5k at 64 x 64: samples of 1 × 64 × 64" in told("dcgan@notes-c")
    assert "Built for mnist5k: samples of 1 × 28 × 28" in told("gan")
    assert "samples of 3 × 32 × 32" in told("dcgan", "--dataset", "cifar10")
    assert "samples of 1 × 64 × 64" in told("dcgan", "--size", "64")
    assert "samples of 2, 8 class(es)" in told("wgangp@paper-2d", "--dataset", "ring8")


def test_a_changed_value_is_marked() -> None:
    text = told("wgangp@paper", "--set", "penalty=2")
    assert re.search(r"\| penalty \| 2.0 \| 10.0 \| [^|]*\| [^|]*\| --set \|", text)
    assert re.search(r"\| learning_rate \| 0.0001 \| 0.001 \| [^|]*\| [^|]*\| preset paper", text)
    assert re.search(r"\| backbone \| conv \| conv \| mlp or conv or [^|]*\| [^|]*\| WGANGPC", text)


def test_every_field_of_the_zoo_says_what_it_means_and_may_be() -> None:
    for name in MODELS:
        kind = load(name)
        config = kind.defaults  # type: ignore[attr-defined]
        rows = hyperparameters(Contestant(name, name), kind, config).rows
        assert {row[0] for row in rows} == {field.name for field in fields(config)}
        assert all(all(row) for row in rows), rows


def test_the_specs_are_those_of_the_data_that_need_no_download() -> None:
    absent = {"mnist", "fashion-mnist", "cifar10", "svhn", "stacked-mnist@mnist"}
    for name in set(SPECS) - absent:
        if name in FACES:
            assert SPECS[name].classes == len(FACES[name].classes)
        else:
            assert load_dataset(name, None).spec == SPECS[name], name
    assert set(SPECS) == set(DATASETS)
    assert spec_of("mnist5k", 32).shape == (1, 32, 32)


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    text = told(f"{path}:Own", "--set", "width=4")
    assert "Objectives: discriminator minimises something of its own" in text
    assert "| width | 4 | none | a whole number or none, above 0, 4,096 at most |" in text
    result = run(f"{path}:Broken")
    assert result.exit_code == 2
    assert "no network today" in result.output
    assert result.output.count("\n") == 1


def test_the_formulas_of_the_zoo_are_found() -> None:
    for model, needle in {
        "gan": "softplus|log D",
        "wgan": "minimises  E s",
        "cgan": r"\| y",
    }.items():
        assert re.search(needle, formulas(load(model)))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["wgangp@note"], "did you mean 'notes'"),
        (["wgap"], "did you mean 'wgan"),
        (["gan,wgan"], "one model at a time"),
        (["wgangp@notes", "--dataset", "cifar10"], "side 28, not 32"),
        (["dcgan", "--dataset", "ring8"], "needs images"),
        (["gan", "--dataset", "mnits"], "did you mean 'mnist'"),
        (["gan", "--dataset", "ring8", "--size", "32"], "points have no size"),
        (["gan", "--size", "3"], "size must be a whole number from 4 to 1,024"),
        (["dcgan", "--size", "17"], "multiple of 4, from 12 up, not 17: --size 16"),
        (["gan", "--set", "widht=3"], "did you mean 'width'"),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], reason: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert reason in result.output
    assert result.output.count("\n") == 1


HARD = """
from torch import nn
from gan_zoo.gan import VanillaGAN

class Reads(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.utils.parametrizations.spectral_norm(nn.Linear(784, 1))

    def forward(self, x):
        x = x.view(len(x), -1)
        if float(x.abs().max()) > 1e6:  # fails on "meta"
            raise ValueError
        return self.linear(x).view(-1)

class Hard(VanillaGAN):
    further_players = ("encoder", "odd")
    build_discriminator = lambda self: Reads()
    build_encoder = lambda self: nn.Sequential(nn.Flatten(), nn.Linear(784, 5))
    build_odd = lambda self: nn.Bilinear(3, 4, 5)
"""


def test_networks_that_read_values_and_further_players_are_described(tmp_path: Path) -> None:
    path = tmp_path / "hard.py"
    path.write_text(HARD)
    text = told(f"{path}:Hard", "--set", "width=4")
    assert "linear | Linear 784 → 1 (SpectralNorm) | 1 | 785 | |" in text
    assert "Encoder: 3,925 parameters" in text
    assert "| 1 | Linear 784 → 5 | 5 | 3,925 | |" in text
    assert "Odd: 65 parameters (no sample could be passed through it)" in text
