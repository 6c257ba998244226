"""Styles and scripts of a page, inside it; the browser is told by hash that no other may run."""

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
HEAD = ("theme.js",)  # what has to run before anything is shown
CHARTS = ("scales.js", "marks.js", "panel.js", "lines.js", "rows.js", "charts.js")
PAGE = (*CHARTS, "page.js")


def text_of(names: Iterable[str], *folders: Path) -> str:
    """The files of those names, one after the other, from this package or other folders."""
    found = (next(f / name for f in (TEMPLATES, *folders) if (f / name).exists()) for name in names)
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


def source(text: str) -> str:
    """How a Content-Security-Policy names an inline style or script: by its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(styles: Iterable[str], scripts: Iterable[str], **more: str) -> str:
    """A Content-Security-Policy: these inline styles and scripts, pictures within, nothing else.

    more: directives of other names, such as connect_src.
    """
    rules = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": " ".join(map(source, styles)) or "'none'",
        "script-src": " ".join(map(source, scripts)) or "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    rules |= {name.replace("_", "-"): value for name, value in more.items()}
    rules |= {"require-trusted-types-for": "'script'", "trusted-types": "'none'"}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def data(values: Any) -> Markup:
    """JSON for the inside of a <script>: no character of it ends that element."""
    text = json.dumps(values, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def inline(text: str) -> Markup:
    """Our own style or script, as it is."""
    return Markup(text)
