"""The shipped extractors: their bytes, their accuracy on images never trained on, their manners."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.datasets.dataset import to_unit
from bench.datasets.digits import mnist5k
from bench.errors import InputError
from bench.extractors import EXTRACTORS
from bench.extractors import network as features
from bench.extractors.network import DigitsLeNet, Extractor, Seen, load_extractor

GREY = "bench.extractors.network:DigitsLeNet"  # that on three channels is tested with its data set
SHIPPED = [name for name, entry in EXTRACTORS.items() if entry.target == GREY]


@pytest.fixture(params=SHIPPED, scope="module")
def extractor(request: pytest.FixtureRequest) -> Extractor:
    return load_extractor(request.param)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return to_unit(mnist5k().holdout.samples[:200])


@pytest.fixture(scope="module")
def seen_train(extractor: Extractor) -> Seen:
    return extractor(to_unit(mnist5k().train.samples))


def test_features_are_ordinary_fp32_tensors(extractor: Extractor, images: Tensor) -> None:
    seen = extractor(images)
    assert seen.features.shape == (200, 64) == (200, extractor.features)
    assert (seen.features.dtype, seen.predicted.dtype) == (torch.float32, torch.int64)
    assert not seen.features.is_inference()
    assert not seen.features.requires_grad
    assert 0 <= int(seen.predicted.min()) <= int(seen.predicted.max()) < extractor.classes == 10


def test_protocol_names_the_exact_weights(extractor: Extractor) -> None:
    sha256 = EXTRACTORS[extractor.name].sha256
    assert extractor.protocol == f"{extractor.name}:{sha256[:12]}"


def test_weights_are_small(extractor: Extractor) -> None:
    assert (features.WEIGHTS / EXTRACTORS[extractor.name].weights).stat().st_size < 2_000_000


def test_accuracy_on_images_it_never_learnt(extractor: Extractor, seen_train: Seen) -> None:
    train, holdout = mnist5k().train, mnist5k().holdout
    right_train = int((seen_train.predicted == train.labels).sum())
    right_holdout = int((extractor(to_unit(holdout.samples)).predicted == holdout.labels).sum())
    assert right_holdout / 1000 >= 0.985
    assert (right_train + right_holdout) / 5000 >= 0.985


def test_total_variance_is_the_number_of_features(seen_train: Seen) -> None:
    # The constant was fitted to MNIST's other 55,000 training images; numpy does the sum here.
    assert 64 * 0.85 < float(np.trace(np.cov(seen_train.features.numpy().T))) < 64 * 1.15


def test_no_unit_is_dead(seen_train: Seen) -> None:
    assert bool((seen_train.features >= 0).all())
    assert bool((seen_train.features > 0).any(0).all())


@pytest.mark.parametrize("batch", [1, 7, 200])
def test_the_batch_size_changes_nothing(extractor: Extractor, images: Tensor, batch: int) -> None:
    torch.testing.assert_close(extractor(images, batch=batch).features, extractor(images).features)


def test_no_images_give_no_features(extractor: Extractor, images: Tensor) -> None:
    assert extractor(images[:0]).features.shape == (0, 64)


def test_it_stays_in_eval_mode(images: Tensor) -> None:
    extractor = load_extractor("digits-lenet")
    before = extractor(images).features
    extractor.network.train()  # as a careless caller might
    assert torch.equal(extractor(images).features, before)
    assert not any(parameter.requires_grad for parameter in extractor.network.parameters())


def test_autocast_changes_nothing(extractor: Extractor, images: Tensor) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = extractor(images)
    assert torch.equal(seen.features, extractor(images).features)


def test_tf32_settings_are_put_back(extractor: Extractor, images: Tensor) -> None:
    backends = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
    before = [backend.fp32_precision for backend in backends]
    inside: list[list[str]] = []
    hook = extractor.network.register_forward_hook(
        lambda *_: inside.append([backend.fp32_precision for backend in backends])
    )
    extractor(images)
    hook.remove()
    assert inside == [["ieee", "ieee"]]
    assert [backend.fp32_precision for backend in backends] == before


def test_tf32_stays_off_until_the_last_thread_has_seen_its_images() -> None:
    conv = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before, images = conv.fp32_precision, torch.zeros(2, 1, 28, 28)
    found: list[str] = []
    one, other = (Extractor(n, "", 64, 10, DigitsLeNet()) for n in ("one", "other"))
    first, second = threading.Event(), threading.Event()

    def within_the_first(*_: object) -> None:
        first.set()
        assert second.wait(10)

    def within_the_second(*_: object) -> None:
        second.set()
        waiting.result(10)  # the first has left
        found.append(conv.fp32_precision)

    one.network.register_forward_pre_hook(within_the_first)
    other.network.register_forward_pre_hook(within_the_second)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(one, images)
        assert first.wait(10)
        other(images)
    assert found == ["ieee"]
    assert conv.fp32_precision == before != "ieee"


def test_three_grey_channels_are_one(extractor: Extractor, images: Tensor) -> None:
    seen = extractor(images.expand(-1, 3, -1, -1))
    torch.testing.assert_close(seen.features, extractor(images).features, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [32, 64])
def test_other_sizes_are_seen_alike(extractor: Extractor, size: int) -> None:
    own = extractor(to_unit(mnist5k().holdout.samples)).predicted
    resized = extractor(to_unit(mnist5k(size=size).holdout.samples)).predicted
    assert float((own == resized).double().mean()) >= 0.99


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_images_that_are_no_numbers_are_refused(images: Tensor, bad: float) -> None:
    broken = images.clone()
    broken[[3, 5], 0, 14, 14] = bad
    with pytest.raises(ValueError, match=r"^NaN or infinity in 2 of 200 rows of images$"):
        load_extractor("digits-lenet")(broken)


def test_features_that_overflow_are_refused(images: Tensor) -> None:
    huge = images.clone()
    huge[0] = 3e38
    with pytest.raises(ValueError, match=r"^NaN or infinity in 1 of 200 rows of features$"):
        load_extractor("digits-lenet")(huge)


def test_images_of_the_wrong_kind_are_refused() -> None:
    extractor = load_extractor("digits-lenet")
    with pytest.raises(ValueError, match=r"floats in \[-1, 1\], not torch.uint8"):
        extractor(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
    with pytest.raises(ValueError, match=r"\[n, 1 or 3, h, w\], not \[2, 2, 28, 28\]"):
        extractor(torch.zeros(2, 2, 28, 28))


def test_a_flipped_byte_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = EXTRACTORS["digits-lenet"].weights
    copy = Path(shutil.copy(features.WEIGHTS / name, tmp_path / name))
    monkeypatch.setattr(features, "WEIGHTS", tmp_path)
    assert load_extractor("digits-lenet").sha256 == EXTRACTORS["digits-lenet"].sha256
    raw = bytearray(copy.read_bytes())
    raw[-1] ^= 1
    copy.write_bytes(raw)
    wanted = EXTRACTORS["digits-lenet"].sha256[:12]
    with pytest.raises(InputError, match=rf"^{name} has sha256 .*, not {wanted}"):
        load_extractor("digits-lenet")


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match=r"feature extractor 'digit-lenet'; .*'digits-le"):
        load_extractor("digit-lenet")


def test_every_second_extractor_exists_and_differs() -> None:
    for entry in EXTRACTORS.values():
        if entry.second is not None:
            second = EXTRACTORS[entry.second]
            assert (second.target, second.sha256 != entry.sha256) == (entry.target, True)


def test_untrained_networks_have_the_declared_shapes() -> None:
    seen, logits = DigitsLeNet().eval()(torch.zeros(3, 3, 40, 30))
    assert (seen.shape, logits.shape) == ((3, 64), (3, 10))
