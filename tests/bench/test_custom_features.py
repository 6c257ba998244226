"""A user's own feature network: what it must do, and the line that says what it does not."""

import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from bench.datasets.dataset import to_unit
from bench.datasets.digits import mnist5k
from bench.errors import InputError
from bench.extractors.custom import load_custom, parse

SHAPE = (1, 28, 28)
SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(784, 5)
        self.head = nn.Linear(5, 3)

    def forward(self, images):
        features = self.body(images.flatten(1))
        return features, self.head(features)


class Beside(Net):
    weights = "net.safetensors"


class Random(Net):
    def forward(self, images):
        features, logits = super().forward(images)
        return features + torch.rand_like(features), logits


class OfTheBatch(Net):
    def forward(self, images):
        features, logits = super().forward(images)
        return features - features.mean(0), logits


class Single(Net):
    def forward(self, images):
        return super().forward(images)[0]


class Cube(Net):
    def forward(self, images):
        features, logits = super().forward(images)
        return features[:, :, None], logits


class Words(Net):
    def forward(self, images):
        return super().forward(images)[0], "logits"


class Half(Net):
    def forward(self, images):
        features, logits = super().forward(images)
        return features.half(), logits


class Infinite(Net):
    def forward(self, images):
        features, logits = super().forward(images)
        return features / 0, logits


class Broken(Net):
    def forward(self, images):
        raise KeyError("two\\nlines")


class Demanding(Net):
    def __init__(self, size):
        super().__init__()


class NoNetwork:
    pass


function = len
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delitem(sys.modules, "own", raising=False)  # that of the test before
    (tmp_path / "own.py").write_text(SOURCE)
    body, head = nn.Linear(784, 5), nn.Linear(5, 3)
    network = nn.ModuleDict({"body": body, "head": head})
    safetensors.torch.save_file(network.state_dict(), tmp_path / "net.safetensors")
    return tmp_path / "own.py"


def test_it_sees_with_the_weights_of_the_file(module: Path) -> None:
    weights = module.parent / "net.safetensors"
    extractor = load_custom(f"{module}:Net:{weights}", SHAPE)
    images = to_unit(mnist5k().holdout.samples[:20])
    seen, stored = extractor(images), safetensors.torch.load_file(weights)
    wanted = images.flatten(1) @ stored["body.weight"].T + stored["body.bias"]
    torch.testing.assert_close(seen.features, wanted)
    assert (extractor.name, extractor.features, extractor.classes) == (f"{module.name}:Net", 5, 3)
    assert extractor.protocol == f"{module.name}:Net:{extractor.sha256[:12]}"
    assert extractor.accuracy is None
    assert not any(weight.requires_grad for weight in extractor.network.parameters())


def test_a_class_may_name_a_file_beside_its_module(
    module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(module.parent)
    extractor = load_custom("own:Beside", SHAPE)
    assert extractor.name == "own:Beside"
    named = load_custom(f"own:Beside:{module.parent / 'net.safetensors'}", SHAPE)
    assert named.sha256 == extractor.sha256


def test_the_hash_is_of_the_weights_and_of_the_source(module: Path) -> None:
    hashes = [load_custom(f"{module}:Beside", SHAPE).sha256]
    module.write_text(SOURCE.replace("nn.Linear(784, 5)", "nn.Linear(784, 5, bias=True)"))
    hashes.append(load_custom(f"{module}:Beside", SHAPE).sha256)
    weights = safetensors.torch.load_file(module.parent / "net.safetensors")
    weights["body.bias"] = weights["body.bias"] + 1
    safetensors.torch.save_file(weights, module.parent / "net.safetensors")
    hashes.append(load_custom(f"{module}:Beside", SHAPE).sha256)
    assert len(set(hashes)) == 3


def test_the_global_generator_is_left_alone(module: Path) -> None:
    state = torch.get_rng_state()
    load_custom(f"{module}:Beside", SHAPE)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Random", r"gives other features each time: eval\(\) must switch off dropout$"),
        ("OfTheBatch", "gives an image other features alone than in a batch$"),
        ("Single", "gives Tensor, not a pair: features, logits$"),
        ("Cube", r"gives \[4, 5, 1\], not \[4, d\]$"),
        ("Words", r"gives str, not \[4, d\]$"),
        ("Half", "gives torch.float16, or NaN or infinity: it must give finite float32$"),
        ("Infinite", "gives torch.float32, or NaN or infinity: it must give finite float32$"),
        ("Broken", r"fails: KeyError: 'two\\nlines'$"),
    ],
)
def test_what_a_network_does_wrong_is_said_in_a_line(module: Path, name: str, reason: str) -> None:
    with pytest.raises(InputError, match=rf":{name}, tried on images \[4, 1, 28, 28\], {reason}"):
        load_custom(f"{module}:{name}:{module.parent / 'net.safetensors'}", SHAPE)


def test_images_that_do_not_fit_are_said_in_a_line(module: Path) -> None:
    with pytest.raises(InputError, match=r"\[4, 1, 32, 32\], fails: RuntimeError: mat1") as raised:
        load_custom(f"{module}:Beside", (1, 32, 32))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("{m}:Net", "Net has no weights: give module:Class:FILE.safetensors, or the class an attr"),
        ("{m}:Net:gone.safetensors", "the weights of .*:Net: FileNotFoundError: "),
        ("{m}:Net:{m}.safetensors", "the weights of .*:Net: SafetensorError: "),
        ("{m}:Net:other.safetensors", "the weights of .*:Net: FileNotFoundError: "),
        ("{m}:Missing", "cannot load '.*own.py:Missing': there is no 'Missing' in it; own.py has "),
        ("no_such_package.net:Net", "cannot load the feature network .*No module named"),
        ("{m}:NoNetwork", "own.py:NoNetwork is not a torch.nn.Module$"),
        ("{m}:function", "own.py:function': it is not a class; own.py has "),
        ("{m}:Demanding:net.safetensors", r"own.py:Demanding\(\) fails: TypeError: .*'size'$"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_a_line(module: Path, reference: str, reason: str) -> None:
    Path(f"{module}.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match=reason) as raised:
        load_custom(reference.format(m=module), SHAPE)
    assert "\n" not in str(raised.value)


def test_weights_of_another_network_are_refused(module: Path) -> None:
    safetensors.torch.save_file(
        {"body.weight": torch.zeros(5, 9)}, module.parent / "net.safetensors"
    )
    with pytest.raises(InputError, match=r"the weights of .*: RuntimeError: .*Missing key"):
        load_custom(f"{module}:Beside", SHAPE)


def test_a_module_that_fails_is_said_in_a_line(module: Path) -> None:
    module.write_text("def :")
    with pytest.raises(InputError, match=r"cannot load the feature network .*: SyntaxError: "):
        load_custom(f"{module}:Net", SHAPE)


def test_a_reference_has_two_parts_or_three() -> None:
    assert parse("a.b:C") == ("a.b:C", None)
    assert parse("dir/a.py:C:dir/w.safetensors") == ("dir/a.py:C", Path("dir/w.safetensors"))


@pytest.mark.parametrize("reference", ["digits", "a:", ":C", "a:C:", "a:C:w.pth", "a:1"])
def test_any_other_reference_is_refused(reference: str) -> None:
    with pytest.raises(InputError, match=rf"module:Class:FILE.safetensors, not '{reference}'$"):
        parse(reference)
