"""Blocks of pages that a program writes, between marks: `<!-- name: begin -->` and `: end`."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- ([\w-]+): begin -->\n(.*?)\n?<!-- \1: end -->", re.DOTALL)


def blocks(page: Path) -> dict[str, str]:
    """Name -> what stands between its marks on a page."""
    return dict(BLOCK.findall(page.read_text(encoding="utf-8")))


def quote(page: Path, made: dict[str, str]) -> None:
    """Put each block between its marks. ValueError: the page has no marks for one."""
    text = page.read_text(encoding="utf-8")
    for name, block in made.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        head, mark, rest = text.partition(begin)
        if not mark or end not in rest:
            raise ValueError(f"{page} has no marks for {name!r}")
        text = f"{head}{begin}\n{block}\n{end}{rest.partition(end)[2]}"
    if text != page.read_text(encoding="utf-8"):
        page.write_text(text, encoding="utf-8")
