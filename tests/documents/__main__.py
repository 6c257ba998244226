"""Make anew what programs write into the documents: `make docs` does so before it builds."""

from . import made
from .marks import ROOT, quote
from .packages import PICTURE, svg

if __name__ == "__main__":
    for page, blocks in made.blocks().items():
        quote(ROOT / page, blocks)
    PICTURE.write_text(svg(), encoding="utf-8")
