"""A site that is made up by a test: its page, its answers and its socket. Only the scripts are real."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Route, WebSocketRoute

STATIC = Path(__file__).parent.parent.parent / "static" / "js"
ADDRESS = "http://site.test"
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
STREAM = "user:7"
JOB = "11111111-2222-4333-8444-555555555555"
WITHOUT_WORKERS = "delete globalThis.SharedWorker"
"""Lets the page have the socket itself, which is all of the browser that a test reaches."""
TYPES = {".js": "text/javascript", ".json": "application/json"}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Job</title>
<meta name="csrf-token" content="token"><script src="/static/js/theme.js"></script>
<script type="module" src="/static/js/app.js"></script></head>
<body data-stream="user:7" data-epoch="e1" data-seq="0" data-socket="/ws/"
 data-poll="/api/v1/streams/user:7/events/">{body}</body></html>"""

Answer = Callable[[Request], tuple[int, str]]


@dataclass
class Site:
    """What the browser finds at `ADDRESS`.

    Attributes:
        page: the tab.
        answers: what each path is answered with: a text of HTML, or a function of the request that gives
            a status and a text.
        requests: every request but those for scripts, in order.
        frames: what came from the page over its sockets.
        errors: what went wrong on the page.
        held: paths whose requests wait for `release`.
    """

    page: Page
    answers: dict[str, str | Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    refuses_sockets: bool = False
    signed_out: bool = False
    _waiting: list[Route] = field(default_factory=list)
    _socket: WebSocketRoute | None = None
    _seq: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(5_000)
        self.page.add_init_script(WITHOUT_WORKERS)
        self.page.route("**/*", self._answer)
        self.page.route_web_socket("**/ws/", self._connect)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def show(self, body: str) -> None:
        """Opens a page with this body."""
        self.answers["/"] = PAGE.format(body=body)
        self.page.goto(f"{ADDRESS}/")

    def asked(self, path: str) -> list[Request]:
        """The requests for ``path`` so far."""
        return [request for request in self.requests if urlsplit(request.url).path == path]

    def event(self, name: str, **data: Any) -> None:
        """Sends the next event of the stream."""
        self._seq += 1
        frame = {"type": "event", "seq": self._seq, "id": f"e1-{self._seq}", "name": name, "data": data}
        self.send(frame)

    def signal(self, name: str, **data: Any) -> None:
        """Sends a signal of the stream."""
        self.send({"type": "signal", "name": name, "data": data})

    def snapshot(self, **state: Any) -> None:
        """Sends a snapshot of the stream."""
        self.send({"type": "snapshot", "epoch": "e1", "seq": self._seq, "state": state})

    def send(self, frame: dict[str, Any]) -> None:
        """Sends a frame."""
        assert self._socket is not None
        self._socket.send(json.dumps({"stream": STREAM, "at": "2026-11-23T00:00:00Z", **frame}))

    def cut(self, code: int = 4500) -> None:
        """Closes the socket."""
        assert self._socket is not None
        self._socket.close(code=code)

    def release(self) -> None:
        """Answers what was held."""
        self.held.clear()
        for route in self._waiting:
            self._fulfil(route)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.refuses_sockets:
            socket.close(code=4500)
            return
        self._socket = socket
        socket.on_message(self._heard)

    def _heard(self, message: str | bytes) -> None:
        frame = json.loads(message)
        self.frames.append(frame)
        if frame["type"] == "hello" and self.signed_out:
            self.send({"type": "error", "code": "not_signed_in", "message": "Nobody is signed in here."})
            self.cut(4401)
        elif frame["type"] == "hello":
            self.send({"type": "welcome", "heartbeat": 25})
        elif frame["type"] == "ping":
            self.send({"type": "pong"})

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/js/"):
            self._script(route, path)
            return
        self.requests.append(route.request)
        if path in self.held:
            self._waiting.append(route)
        else:
            self._fulfil(route)

    def _fulfil(self, route: Route) -> None:
        found = self.answers.get(urlsplit(route.request.url).path, "")
        status, body = found(route.request) if callable(found) else (200 if found else 404, found)
        kind = "application/json" if body[:1] in ("{", "[") else "text/html"
        headers = {"Content-Security-Policy": POLICY, "Content-Type": kind}
        route.fulfill(status=status, body=body, headers=headers)

    def _script(self, route: Route, path: str) -> None:
        file = STATIC / path.removeprefix("/static/js/")
        route.fulfill(body=file.read_text(), content_type=TYPES[file.suffix])

    def _note(self, message: ConsoleMessage) -> None:
        told = message.text
        if message.type == "error" and "Failed to load resource" not in told:
            self.errors.append(told)


def job(status: str = "processing", progress: float = 0.2, **more: Any) -> dict[str, Any]:
    """A job object with one step."""
    step = {"name": "parse", "status": status, "attempts": 1, "progress": progress, "tokens_out": 0}
    told = {
        "id": JOB, "status": status, "progress": progress, "stage": "Reading", "steps": [step],
        "queue": None, "cost_usd": "0", "quality": {},
    }  # fmt: skip
    return {**told, **more}
