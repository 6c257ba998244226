"""Pictures of samples as a notebook shows them."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ..errors import InputError


class Key(NamedTuple):
    """A trial."""

    dataset: str
    model: str
    seed: int


class Samples(dict[int, Path]):
    """images -> PNG grid of samples from the same latents, in the order of training.

    A notebook shows the last one.
    """

    def __init__(self, of: Key, pictures: dict[int, Path]) -> None:
        super().__init__(pictures)
        self.of = of

    def open(self, images: int | None = None) -> Image.Image:
        """The grid after so many images, by default the last; raises InputError."""
        if not self:
            raise InputError(f"there are no pictures of {self._name}: a published folder keeps few")
        images = max(self) if images is None else images
        if images not in self:
            there = ", ".join(map(str, self))  # as they are to be given
            raise InputError(f"{self._name} has no picture after {images} images; there is {there}")
        with Image.open(self[images]) as picture:
            picture.load()
            return picture

    @property
    def _name(self) -> str:
        return f"{self.of.model} on {self.of.dataset}, seed {self.of.seed}"

    def __repr__(self) -> str:
        if not self:
            return f"<no pictures of {self._name}>"
        span = f"{min(self):,} to {max(self):,} images"
        return f"<pictures of {self._name}: {len(self)}, {span}; .open(images) gives one>"

    def _repr_png_(self) -> bytes | None:
        return self[max(self)].read_bytes() if self else None
