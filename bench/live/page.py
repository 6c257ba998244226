"""The live page itself: a frame that its script fills."""

import html
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..report import assets

TEMPLATES = Path(__file__).parent / "templates"


@cache
def live_page() -> tuple[str, str]:
    """The page, and the Content-Security-Policy that it is sent with."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    style = assets.text_of(["style.css", "live.css"], TEMPLATES)
    head = assets.text_of(assets.HEAD)
    script = assets.text_of([*assets.CHARTS, "live.js"], TEMPLATES)
    parts = {"style": style, "head": head, "script": script}
    text = environment.get_template("live.html.j2").render(
        {name: assets.inline(part) for name, part in parts.items()}
    )
    policy = assets.policy(
        [style],
        [head, script],
        img_src="'self' data:",
        connect_src="'self'",
        frame_ancestors="'none'",
    )
    return text, policy


@cache
def report_policy() -> str:
    """The policy that a report is served with: what it names as its own script has no say."""
    scripts = [assets.text_of(names) for names in (assets.HEAD, assets.PAGE)]
    return assets.policy([], scripts, style_src="'unsafe-inline'", frame_ancestors="'none'")


def is_of_this_version(report: Path) -> bool:
    """Are the scripts of a report those that may run here?"""
    try:
        start = report.read_bytes()[:4000].decode(errors="replace")
    except OSError:
        return False
    return assets.source(assets.text_of(assets.PAGE)) in html.unescape(start)
