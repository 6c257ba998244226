"""The extractor `inception`: the network of published FIDs, through torchmetrics.

Its weights are a pickle, which could run code when it is loaded. So they are read here as tensors
and nothing else, any other content is refused, and torch-fidelity never opens the file itself.
"""

import hashlib
import importlib.util
import shutil
import urllib.request
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import NoTrainInceptionV3

from ..datasets.dataset import to_uint8
from ..errors import InputError
from ..files import replacing
from .network import Extractor

NAME = "weights-inception-2015-12-05-6726825d.pth"  # 95,628,359 bytes
URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{NAME}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
PART = 25  # images at once: at 299 x 299 pixels, one layer's output for 25 takes 140 MB
TIMEOUT = 20  # seconds without an answer, after which the download is given up


class Inception(nn.Module):
    """Inception-v3 as FID uses it (Szegedy et al. 2015; Heusel et al. 2017, arXiv:1706.08500).

    `forward` takes images [n, 1 or 3, h, w] in [-1, 1] and gives the features [n, 2048] of the last
    average pooling, and logits [n, 1008] without their bias, as the Inception score takes them.
    Images become bytes, grey ones with three equal channels, and are resized to 299 x 299 as
    TensorFlow 1 did. This is the published protocol, not torchmetrics' default. `weights` is a file
    that torch-fidelity can load. Raises ValueError for another number of channels.
    """

    features: ClassVar[int] = 2048
    classes: ClassVar[int] = 1008  # of ImageNet, not of the data set: modes cannot be counted

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.body = NoTrainInceptionV3(
            "inception-v3-compat", [str(self.features)], str(weights), antialias=False
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(f"images must be [n, 1 or 3, h, w], not {list(images.shape)}")
        parts = to_uint8(images).expand(-1, 3, -1, -1).split(PART)
        features = torch.cat([self.body(part) for part in parts])
        return features, features.mm(self.body.fc.weight.T)


def load_inception(file: Path | None = None, device: torch.device | str = "cpu") -> Extractor:
    """The network with the weights in `file`, or with torch-fidelity's own, downloaded once.

    torch-fidelity's weights are kept in torch's cache, where torch-fidelity looks for them too, and
    their sha256 is checked. Of another file only the layout is checked; its hash becomes part of
    the protocol. Raises InputError, in one line, if torch-fidelity or the file is missing, and for
    a file of other content.
    """
    path = _downloaded() if file is None else file
    if not path.is_file():
        raise InputError(f"there is no file {path}: --features inception:FILE takes {NAME}")
    sha256 = _sha256(path)
    if file is None and sha256 != SHA256:
        raise InputError(
            f"{path} has sha256 {sha256[:12]}..., not {SHA256[:12]}...: delete it to download it "
            "again, or name another file by --features inception:FILE"
        )
    network = _built(path).to(device).eval().requires_grad_(False)
    return Extractor("inception", sha256, network.features, network.classes, network)


def at_hand() -> bool:
    """Can the extractor be used without a download?"""
    installed = importlib.util.find_spec("torch_fidelity") is not None
    return installed and _weights().is_file()


def _weights() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / NAME


def _built(path: Path) -> Inception:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        # torch-fidelity would unpickle any file: it gets a copy that holds these tensors only. It
        # draws initial weights first, from a copy of the global generator, which stays as it is.
        with TemporaryDirectory() as folder, torch.random.fork_rng([]):
            torch.save(state, copy := Path(folder) / NAME)
            return Inception(copy)
    except ModuleNotFoundError as error:
        raise InputError(
            "the extractor 'inception' needs torch-fidelity: pip install 'gan-bench[inception]'"
        ) from error
    except Exception as error:  # torch's reader raises almost anything
        raise InputError(
            f"{path} does not hold torch-fidelity's weights of Inception-v3 and nothing else: "
            f"take {NAME}"
        ) from error


def _downloaded() -> Path:
    path = _weights()
    if path.is_file():
        return path
    try:
        with replacing(path) as temporary:
            answer = urllib.request.urlopen(URL, timeout=TIMEOUT)
            with answer, temporary.open("wb") as handle:
                shutil.copyfileobj(answer, handle)
            if _sha256(temporary) != SHA256:
                raise OSError("the server's file has another sha256")
    except (OSError, HTTPException) as error:  # URLError is an OSError
        raise InputError(
            f"the extractor 'inception' needs {NAME}, which cannot be downloaded ({error}): "
            f"put it at {path}, or name it by --features inception:FILE"
        ) from error
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
