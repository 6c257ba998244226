"""The quick layers of single-channel images against the convolutions of torch that they are."""

import pytest
import torch
from torch import Tensor, nn

from gan_zoo.precision import full_precision, precision_context
from gan_zoo.speed.single_channel import FromImage, ToImage

CPU = torch.device("cpu")


def pair(name: str, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, nn.Module, Tensor]:
    """Our layer, torch's with the same weights, and an input."""
    ours, theirs, shape = {
        "from": (FromImage(1, 5), nn.Conv2d(1, 5, 4, 2, padding=1), (3, 1, 8, 12)),
        "to": (ToImage(5, 1), nn.ConvTranspose2d(5, 1, 4, 2, padding=1), (3, 5, 4, 6)),
    }[name]
    theirs.load_state_dict(ours.state_dict())
    return ours.to(dtype), theirs.to(dtype), torch.randn(shape, dtype=dtype)


def penalised(layer: nn.Module, x: Tensor) -> list[Tensor]:
    """The output, what a squared gradient of its square does to the weight, and to the input."""
    x = x.clone().requires_grad_()
    out = layer(x)
    (first,) = torch.autograd.grad(out.square().sum(), x, create_graph=True)
    return [out, *torch.autograd.grad(first.square().sum(), [x, *layer.parameters()])]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", ["from", "to"])
def test_they_are_torchs_convolutions(name: str, layout: torch.memory_format) -> None:
    ours, theirs, x = pair(name)
    ours, x = ours.to(memory_format=layout), x.to(memory_format=layout)
    for one, other in zip(penalised(ours, x), penalised(theirs, x), strict=True):
        assert other.any()
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", ["from", "to"])
def test_derivatives_are_those_of_differences(name: str) -> None:
    layer, _, x = pair(name)
    x = x[:2, :, :4, :4].requires_grad_()

    def output(x: Tensor, *parameters: Tensor) -> Tensor:
        named = dict(zip(dict(layer.named_parameters()), parameters, strict=True))
        found: Tensor = torch.func.functional_call(layer, named, x)
        return found

    inputs = [x, *(weight.detach().requires_grad_() for weight in layer.parameters())]
    assert torch.autograd.gradcheck(output, inputs)
    assert torch.autograd.gradgradcheck(output, inputs)


@pytest.mark.parametrize("name", ["from", "to"])
def test_only_what_is_asked_for_is_computed(name: str) -> None:
    layer, _, x = pair(name)
    layer.requires_grad_(False)
    assert not layer(x).requires_grad
    (gradient,) = torch.autograd.grad(layer(x.requires_grad_()).sum(), x)
    assert gradient.any()
    layer.requires_grad_(True)
    layer(x.detach()).sum().backward()
    assert all(weight.grad is not None for weight in layer.parameters())


@pytest.mark.parametrize("name", ["from", "to"])
def test_bf16_is_autocasts(name: str) -> None:
    ours, theirs, x = pair(name, torch.float32)
    with precision_context(CPU, "bf16"):
        found, expected = penalised(ours, x), penalised(theirs, x)
    assert [one.dtype for one in found] == [one.dtype for one in expected]
    assert found[0].dtype is torch.bfloat16
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(
            one, other, rtol=0.05, atol=0.05 * float(other.detach().abs().max())
        )


@pytest.mark.parametrize("name", ["from", "to"])
def test_a_pass_in_fp32_goes_back_in_fp32(name: str) -> None:
    """As the penalty of WGAN-GP, whose gradient is taken in the precision around it."""
    layer, _, x = pair(name, torch.float32)
    expected = penalised(layer, x)[1:]
    with precision_context(CPU, "bf16"):
        x = x.clone().requires_grad_()
        with full_precision(CPU):
            (first,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
            loss = first.square().sum()
        found = torch.autograd.grad(loss, [x, *layer.parameters()])
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(
            one, other, rtol=1e-5, atol=1e-5 * float(other.detach().abs().max())
        )


@pytest.mark.parametrize(("channels", "device"), [(3, "cpu"), (1, "meta")])
def test_the_rest_is_left_to_torch(channels: int, device: str) -> None:
    first, last = FromImage(channels, 5).to(device), ToImage(5, channels).to(device)
    planes = first(torch.randn(2, channels, 8, 8, device=device))
    image = last(planes)
    assert (planes.shape, image.shape) == ((2, 5, 4, 4), (2, channels, 8, 8))
    assert "Convolution" in planes.grad_fn.name()
    assert "Convolution" in image.grad_fn.name()
