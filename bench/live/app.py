"""The server's answers: the page, its two documents of JSON, and the files of one folder.

Only GET and HEAD, only for a host that is this machine (a page elsewhere may give its own name our
address), only files of known kinds within the folder, and no script but ours.
"""

import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .page import live_page, report_policy
from .state import Live

LEAST = 2  # seconds between two questions of a page
SHARE = 0.05  # of a core that looking may take
HOSTS = ["127.0.0.1", "localhost"]
TYPES = {  # the kinds of files that are shown; all others, such as weights, are not there
    ".html": "text/html",
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/plain",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".sha256": "text/plain",
    ".svg": "image/svg+xml",
    ".tex": "text/plain",
    ".toml": "text/plain",
    ".txt": "text/plain",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# What is not our page runs nothing and loads nothing; a figure has its style inside.
INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


def application(live: Live, served: Callable[[str], None] = lambda what: None) -> Starlette:
    """The ASGI application of a folder; `served` is told of each answer: "state" or "report"."""

    def page(request: Request) -> Response:
        if not live.ended():
            text, policy = live_page()
            headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
            return Response(text, media_type="text/html", headers=headers)
        served("report")
        return report(live.folder.root / "report.html")

    def state(request: Request) -> Response:
        served("state")
        began = time.thread_time()
        found = live.state()
        # Of a folder of many trials a look takes long: the page is to ask less often.
        every = max(LEAST, math.ceil((time.thread_time() - began) / SHARE))
        return document(found | {"every": every}, request)

    def charts(request: Request) -> Response:
        return document(live.charts(), request)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/live.json", state),
            Route("/charts.json", charts),
            Mount("/", Files(live.folder.root)),
        ],
        middleware=[
            Middleware(WithHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
        ],
    )


def document(values: dict[str, Any], request: Request) -> Response:
    """JSON, or word that it is what the page has already."""
    text = json.dumps(values, separators=(",", ":"), allow_nan=False)
    tag = f'"{hash(text) & (2**64 - 1):x}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="application/json", headers=headers)


def report(path: Path) -> Response:
    """The report, in which no script runs but those of this version's page."""
    headers = {"Content-Security-Policy": report_policy(), "Cache-Control": "no-cache"}
    return FileResponse(path, media_type="text/html", headers=headers)


class Files(StaticFiles):
    """The files of a folder that are of TYPES: none that is hidden or, its links followed, outside.

    Starlette resolves the path, and refuses what leads out of the folder.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(directory=root, check_dir=False)

    async def check_config(self) -> None:
        """A run may have not made its folder yet."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        try:
            found, facts = super().lookup_path(path)
        except PermissionError:
            raise HTTPException(status_code=404) from None
        real = Path(os.path.realpath(self.directory or ""))
        for name in (Path(path), Path(found).relative_to(real) if found else Path(path)):
            if name.suffix not in TYPES or any(part.startswith(".") for part in name.parts):
                return "", None
        return found, facts

    def file_response(self, full_path: Any, *args: Any, **more: Any) -> Response:
        found = Path(full_path)
        if found == Path(os.path.realpath(self.directory or "")) / "report.html":
            return report(found)
        response = super().file_response(full_path, *args, **more)
        document = found.suffix in (".html", ".svg")
        response.headers["Content-Security-Policy"] = INERT + "; sandbox" * document
        response.headers["Cache-Control"] = "no-cache"
        if "content-type" in response.headers:
            kind = TYPES[found.suffix]
            charset = "; charset=utf-8" * kind.startswith("text/")
            response.headers["Content-Type"] = kind + charset
        return response


class WithHeaders:
    """Adds HEADERS to every answer, errors too, and a policy to those that have none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", INERT)
            await send(message)

        await self.app(scope, receive, sent)
