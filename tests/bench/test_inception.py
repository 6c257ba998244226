"""Inception: the loading of its weights, tried on a file of random ones in the same layout."""

import hashlib
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import Tensor

from bench.errors import InputError
from bench.extractors import inception
from bench.extractors.inception import load_inception
from bench.extractors.network import Extractor

fidelity = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights as torch-fidelity stores its own: a state dict, saved by torch."""
    file, empty = (tmp_path_factory.mktemp("weights") / name for name in ("own.pth", "none.pth"))
    torch.save(OrderedDict(), empty)
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng([]):
        torch.manual_seed(0)
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_: None)
        network = fidelity.FeatureExtractorInceptionV3("random", ["2048"], str(empty))
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):  # keeps the scale through the layers
            module.weight.mul_(6**0.5)
    torch.save(network.state_dict(), file)
    return file


@pytest.fixture(scope="module")
def extractor(weights: Path) -> Extractor:
    return load_inception(weights)


@pytest.fixture(scope="module")
def images() -> Tensor:
    bytes_ = torch.randint(256, (3, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    return bytes_.float() / 127.5 - 1


def test_it_sees_what_torch_fidelity_sees(
    extractor: Extractor, weights: Path, images: Tensor
) -> None:
    names = ["2048", "logits_unbiased"]
    oracle = fidelity.FeatureExtractorInceptionV3("oracle", names, str(weights)).eval()
    rgb = ((images + 1) * 127.5).round().to(torch.uint8).repeat(1, 3, 1, 1)
    features, logits = oracle(rgb)
    seen = extractor(images)
    assert seen.features.shape == (3, 2048) == (3, extractor.features)
    assert float(features.std(0).mean()) > 1e-4 * float(features.mean()) > 0  # the test can fail
    torch.testing.assert_close(seen.features, features)
    torch.testing.assert_close(seen.probabilities, logits.softmax(1))


def test_the_protocol_names_the_file(extractor: Extractor, weights: Path) -> None:
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (extractor.name, extractor.sha256, extractor.classes) == ("inception", sha256, 1008)
    assert not any(weight.requires_grad for weight in extractor.network.parameters())


def test_three_grey_channels_are_one(extractor: Extractor, images: Tensor) -> None:
    three = images[:1].expand(-1, 3, -1, -1)
    torch.testing.assert_close(extractor(three).features, extractor(images[:1]).features)
    with pytest.raises(ValueError, match=r"\[n, 1 or 3, h, w\], not \[1, 2, 28, 28\]"):
        extractor(images[:1].expand(-1, 2, -1, -1))


def test_parts_change_nothing(
    extractor: Extractor, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = extractor(images).features
    monkeypatch.setattr(inception, "PART", 2)
    torch.testing.assert_close(extractor(images).features, whole)


class Trap:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("by_torch", [True, False])
def test_a_file_that_would_run_code_is_refused(tmp_path: Path, by_torch: bool) -> None:
    file, trace = tmp_path / "evil.pth", tmp_path / "trace"
    if by_torch:
        torch.save({"fc.weight": Trap(trace)}, file)
    else:
        file.write_bytes(pickle.dumps(Trap(trace), protocol=2))
    with pytest.raises(InputError, match="does not hold torch-fidelity's weights"):
        load_inception(file)
    assert not trace.exists()


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(InputError, match=r"w.pth does not hold .*: take weights-inception-2015"):
        load_inception(tmp_path / "w.pth")


@pytest.mark.parametrize("state", [{"fc.weight": torch.zeros(2)}, torch.zeros(2), {"a": 1}])
def test_other_weights_are_refused(tmp_path: Path, state: object) -> None:
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"w.pth does not hold torch-fidelity's weights"):
        load_inception(tmp_path / "w.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file .*gone.pth: --features inception:FILE takes"):
        load_inception(tmp_path / "gone.pth")


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the download belongs, in an empty cache."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints" / inception.NAME


def test_it_is_downloaded_once(
    weights: Path, cached: Path, extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "URL", weights.as_uri())
    monkeypatch.setattr(inception, "SHA256", extractor.sha256)
    assert load_inception() == extractor
    monkeypatch.setattr(inception, "URL", "file:///nowhere")
    assert load_inception() == extractor
    assert list(cached.parent.iterdir()) == [cached]


def test_offline_the_file_and_its_place_are_named(
    cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "URL", "file:///nowhere")
    with pytest.raises(InputError, match="cannot be downloaded") as raised:
        load_inception()
    assert inception.NAME in str(raised.value)
    assert f"put it at {cached}, or name it by --features inception:FILE" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_other_bytes_than_the_published_are_refused(
    weights: Path, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "URL", weights.as_uri())
    with pytest.raises(InputError, match=r"downloaded \(the server's file has another sha256\)"):
        load_inception()
    assert not cached.exists()
    cached.write_bytes(weights.read_bytes())
    with pytest.raises(InputError, match=r"sha256 .*, not 6726825d0af5\.\.\.: delete it"):
        load_inception()


def test_without_torch_fidelity_the_line_says_what_to_install(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torchmetrics.image.fid._TORCH_FIDELITY_AVAILABLE", False)
    with pytest.raises(InputError, match=r"needs torch-fidelity: pip install 'gan-bench\[incept"):
        load_inception(weights)
