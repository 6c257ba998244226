"""Activations of straight pieces under a second derivative."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu

from gan_zoo.speed.piecewise import ConstantSlopes
from tests.gan_zoo.small import batches, make


def penalised(network: nn.Sequential, x: Tensor) -> list[Tensor | None]:
    """How the squared input gradient of a network changes with each of its parameters."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    parameters = list(network.parameters())
    return list(torch.autograd.grad(gradient.square().sum(), parameters, allow_unused=True))


def test_the_second_derivative_is_the_same() -> None:
    """Also through a layer that is curved, whose own second derivative has to survive."""
    layers: list[nn.Module] = [nn.Linear(3, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 8)]
    layers += [nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1)]
    network, x = nn.Sequential(*layers).double(), torch.randn(5, 3, dtype=torch.float64)
    plain = penalised(network, x)
    with ConstantSlopes():
        constant = penalised(network, x)
    for one, other in zip(plain, constant, strict=True):
        if other is None:  # which means zero
            assert one is None or not one.any()
        else:
            assert other.any()
            torch.testing.assert_close(one, other)


def test_nothing_goes_back_through_straight_pieces() -> None:
    """A bias moves the kinks and nothing else, so the input's gradient does not depend on it."""
    network = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 8), nn.ReLU())
    network.append(nn.Linear(8, 1))
    x = torch.randn(5, 3)
    reached = [gradient is not None for gradient in penalised(network, x)]
    assert reached == [True, True, True, True, True, False]  # of autograd alone: zeros
    with ConstantSlopes():
        reached = [gradient is not None for gradient in penalised(network, x)]
    assert reached == [True, False, True, False, True, False]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("below", [0.0, 0.2, 1.0, -0.5, 2.0])
def test_outputs_are_the_same(below: float, inplace: bool) -> None:
    if inplace and below < 0:
        pytest.skip("torch has no such activation in place")
    x = torch.tensor([-2.0, -0.0, 0.0, 1e-30, 3.0])
    expected, given = leaky_relu(x, below), x.clone()
    with ConstantSlopes():
        assert torch.equal(leaky_relu(given, below, inplace), expected)
        assert torch.equal(given, expected if inplace else x)
        assert torch.equal(relu(x), x.clamp(min=0))


@pytest.mark.parametrize("backbone", ["mlp", "conv"])
def test_a_critic_learns_the_same(backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit: what is left out are zeros that would have been added."""

    def trained() -> list[Tensor]:
        model, streams = make("wgangp", backbone=backbone)
        feed = batches(model.spec)
        for _ in range(3):
            model.train_step(feed, streams)
        return list(model.discriminator.parameters())

    constant = trained()
    monkeypatch.setattr(ConstantSlopes, "__torch_function__", as_it_is)
    for one, other in zip(constant, trained(), strict=True):
        assert torch.equal(one, other)


def as_it_is(_: object, function, types, args=(), kwargs=None):
    return function(*args, **(kwargs or {}))
