"""The transport of docs/how-to/add-a-transport.md does what the page says."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as django_settings

from notifications.models import Delivery
from notifications.outbox import deliver_due
from notifications.preferences import choose
from notifications.transports import transports
from shipspeak.accounts.models import User
from tests.notifications.things import tell

PAGE = Path(django_settings.BASE_DIR) / "docs/how-to/add-a-transport.md"


class Room(HTTPServer):
    """A chat room's server."""

    answer = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.heard: list[tuple[str, str]] = []


class _Post(BaseHTTPRequestHandler):
    server: Room

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.headers["Idempotency-Key"], body["text"]))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def room() -> Iterator[Room]:
    with Room() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def delivery(alice: User, room: Room, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Delivery:
    """A delivery to the chat."""
    settings.CHAT_URL = f"http://127.0.0.1:{room.server_port}/"
    settings.SITE_URL = "https://ship.example"
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = ModuleType("chat")
    monkeypatch.setitem(sys.modules, "chat", module)
    exec(source, vars(module))
    monkeypatch.setitem(transports(), "chat", module.TRANSPORT)  # type: ignore[arg-type]
    choose(alice, "job.completed", "chat", on=True)
    choose(alice, "job.completed", "email", on=False)
    return Delivery.objects.get(notification=tell(alice), transport="chat")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (200, "sent", ""),
        (503, "pending", "The chat answered 503."),
        (429, "pending", "The chat answered 429."),
        (404, "failed", "The chat answered 404."),
    ],
)
def test_it_sends_as_the_page_says(
    delivery: Delivery, room: Room, answer: int, status: str, error: str
) -> None:
    room.answer = answer
    deliver_due()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_error) == (status, error)
    assert room.heard == [(f"delivery-{delivery.pk}", "alice: Standup is ready https://ship.example/jobs/1/")]


def test_it_skips_when_there_is_no_chat(delivery: Delivery, settings: Any) -> None:
    settings.CHAT_URL = ""
    deliver_due()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_error) == (
        "skipped",
        "No chat is set up. An operator can: CHAT_URL.",
    )
