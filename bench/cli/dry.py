"""A dry run: the checks of a run, without a download, a training or a file that stays."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..datasets.dataset import load_dataset
from ..datasets.faces import FACES, SIDE
from ..datasets.faces import FILES as OF_FACES
from ..datasets.storage import FOLDER_VARIABLE, arrays_dir, cache_dir
from ..datasets.vision import SOURCES
from ..extractors import EXTRACTORS, NONE, extractor_name
from ..extractors.classifier import key_of, require_labels
from ..extractors.inception import at_hand
from ..extractors.judge import load_network
from ..planning.plan import Plan
from ..planning.trial import Trial

LIKE = {"stacked-mnist@mnist": "mnist"}  # sets that are made from the files of another


@contextmanager
def untouched() -> Iterator[None]:
    """A context in which the cache folder can be read, and what is written to it goes again."""
    before, real = os.environ.get(FOLDER_VARIABLE), cache_dir()
    with tempfile.TemporaryDirectory() as name:
        shadow = Path(name)
        (shadow / "arrays").mkdir()
        for folder, place in ((real, shadow), (arrays_dir(), shadow / "arrays")):
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name != "arrays":
                    (place / path.name).symlink_to(path)
        os.environ[FOLDER_VARIABLE] = name
        try:
            yield
        finally:
            os.environ.pop(FOLDER_VARIABLE)
            if before is not None:
                os.environ[FOLDER_VARIABLE] = before


def absent(plan: Plan) -> list[str]:
    """A line for each data set of a plan that a run would have to download or decode for long."""
    found = []
    for reference in plan.datasets:
        name = LIKE.get(reference, reference)
        files = SOURCES[name].files if name in SOURCES else OF_FACES if name in FACES else ()
        if not all((cache_dir() / file).exists() for file in files):
            found.append(f"{reference} is downloaded first, to {cache_dir()}")
        elif name in FACES and not list(arrays_dir().glob(f"celeba-{plan.size or SIDE}px-*.npy")):
            found.append(f"{reference}: its 182,637 pictures are decoded first")
    return found


def extractors(trials: Iterable[Trial]) -> Iterator[str]:
    """A line for each extractor that a run would make first; raises InputError as it would."""
    for features, source, size in dict.fromkeys((t.features, t.source, t.size) for t in trials):
        name = extractor_name(features)
        if features == NONE or (name in EXTRACTORS and EXTRACTORS[name].weights):
            continue
        dataset = load_dataset(source, size)
        if dataset.truth is not None:
            continue
        if name == "classifier":
            require_labels(dataset)
            if not list(arrays_dir().glob(f"classifier-{key_of(dataset)[:16]}-*")):
                yield f"{dataset.name}: its classifier is trained first, once"
        elif features == "inception" and not at_hand():
            yield f"{dataset.name}: the weights of inception are downloaded first, 96 MB"
        else:
            load_network(features, dataset, "cpu")
