"""Hooks of mkdocs. The site has the layout of the repository, so that links lead where they lead
on GitHub: every file that a page links to is taken along, from wherever it lies.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tests.documents import reference
from tests.documents.marks import ROOT

STARTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md")
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
INDEXES = ("README.md", "summary.md")  # what a folder's link leads to, the first that is there
CODE = {".py": "python", ".toml": "toml", "": "text"}  # files that become pages
REFERENCE = "docs/reference.md"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Leave the theme's files as they are; put the pages, and all they link to, in their place."""
    inside = Path(config.docs_dir).resolve()
    kept = [
        f for f in files if f.abs_src_path is None or inside not in Path(f.abs_src_path).parents
    ]
    own = [PurePosixPath("docs", file.src_uri) for file in files if file not in kept]
    found = Files(kept)
    for path in sorted(reachable([*own, *map(PurePosixPath, STARTS)])):
        found.append(file_of(path, config))
    return found


def reachable(starts: Iterable[PurePosixPath]) -> set[PurePosixPath]:
    """The files from which the site is made: those given, and what their Markdown links to."""
    found: set[PurePosixPath] = set()
    ahead = [path for path in starts if (ROOT / path).is_file()]
    while ahead:
        path = ahead.pop()
        if path in found:
            continue
        found.add(path)
        if path.suffix == ".md":
            links = LINK.findall((ROOT / path).read_text(encoding="utf-8"))
            targets = (target_of(path, link) for _, link, _ in links)
            ahead += [target for target in targets if target and (ROOT / target).is_file()]
    return found


def target_of(page: PurePosixPath, link: str) -> PurePosixPath | None:
    """The file of the repository that a link on a page leads to; of a folder its index."""
    file = link.partition("#")[0]
    if not file or "://" in file or file.startswith("mailto:"):
        return None
    target = PurePosixPath(os.path.normpath(page.parent / file))
    if target.parts[0] == ".." or target == PurePosixPath("."):
        return None
    if (ROOT / target).is_dir():
        there = [target / name for name in INDEXES if (ROOT / target / name).is_file()]
        return there[0] if there else None
    return target


def file_of(path: PurePosixPath, config: MkDocsConfig) -> File:
    """A file of the site, at its place in the repository; code becomes a page of its own."""
    if path.suffix not in CODE:
        return File.generated(config, str(path), abs_src_path=str(ROOT / path))
    text = (ROOT / path).read_text(encoding="utf-8")
    head = f"---\nsearch:\n  exclude: true\n---\n\n# `{path}`\n\n"
    content = f"{head}```{CODE[path.suffix]}\n{text}```\n"
    return File.generated(config, f"{path}.md", content=content)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Lead links to folders and to code to the pages that stand for them."""
    own = PurePosixPath(page.file.src_uri)
    if str(own) == REFERENCE:
        markdown += f"\n{reference.names()}"

    def led(found: re.Match[str]) -> str:
        target = target_of(own, found[2])
        if target is None or not (ROOT / target).is_file():
            return found[0]
        name = f"{target}.md" if target.suffix in CODE else str(target)
        _, mark, anchor = found[2].partition("#")
        return f"{found[1]}{os.path.relpath(name, own.parent)}{mark}{anchor}{found[3]}"

    return LINK.sub(led, markdown)
