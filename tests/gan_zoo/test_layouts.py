"""The layers between a vector and planes, in the order of memory that convolutions compute in."""

import torch

from gan_zoo.speed.layouts import FromPlanes, ToPlanes


def test_to_planes_is_linear_with_the_planes_last() -> None:
    layer, x = ToPlanes(5, planes=3, side=2, bias=True), torch.randn(4, 5)
    planes = layer(x)
    assert planes.shape == (4, 3, 2, 2)
    assert planes.is_contiguous(memory_format=torch.channels_last)
    weight, bias = layer.weight.reshape(2, 2, 3, 5), layer.bias.reshape(2, 2, 3)
    expected = torch.einsum("hwpi,ni->nphw", weight, x) + bias.permute(2, 0, 1)
    torch.testing.assert_close(planes, expected)


def test_from_planes_weighs_every_value_once() -> None:
    layer, x = FromPlanes(planes=3, side=2), torch.randn(4, 3, 2, 2)
    weight = layer.weight.reshape(2, 2, 3)
    expected = torch.einsum("hwp,nphw->n", weight, x) + layer.bias
    torch.testing.assert_close(layer(x), expected)
    last = x.to(memory_format=torch.channels_last)
    assert torch.equal(layer(last), layer(x))


def test_nothing_leaves_the_layout_between_them() -> None:
    """A gradient that comes back in another order costs a copy at every layer."""
    seen = []
    planes = ToPlanes(5, planes=3, side=2, bias=False)(torch.randn(4, 5))
    planes.register_hook(lambda gradient: seen.append(gradient))
    FromPlanes(planes=3, side=2)(planes).sum().backward()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
