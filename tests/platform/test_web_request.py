"""What the web process does with requests before the site sees them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from daphne import http_protocol
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from shipspeak.supervisor.web_request import LEAST_BYTES, BoundedRequest, longest_body

HEAD = b"POST /meetings/new/ HTTP/1.1\r\nHost: localhost\r\n"


class Server(SimpleNamespace):
    """As much of daphne's server as a request asks for; remembers which requests reached the site."""

    def __init__(self) -> None:
        super().__init__(
            seen=[],
            root_path="",
            proxy_forwarded_address_header=None,
            request_buffer_size=8192,
            protocol_connected=lambda request: None,
            protocol_disconnected=lambda request: None,
        )

    def create_application(self, request: Any, scope: dict[str, Any]) -> None:
        """Takes the request, and answers nothing."""
        self.seen.append(scope)


@pytest.fixture
def limit(settings: Any) -> int:
    settings.UPLOAD_MAX_BYTES = 2**20
    return longest_body(b"/meetings/new/")


def sent(monkeypatch: pytest.MonkeyPatch, *pieces: bytes) -> tuple[Server, StringTransport]:
    """A server and a connection, after ``pieces`` came over it."""
    monkeypatch.setattr(http_protocol, "WebRequest", BoundedRequest)
    server, transport = Server(), StringTransport()
    channel = http_protocol.HTTPFactory(server).buildProtocol(None)
    channel.timeOut = None
    channel.makeConnection(transport)
    for piece in pieces:
        channel.dataReceived(piece)
    channel.connectionLost(Failure(ConnectionDone()))
    return server, transport


def test_it_hands_on_a_request_of_a_size_that_is_taken(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    length = f"Content-Length: {limit}\r\n\r\n".encode()

    server, transport = sent(monkeypatch, HEAD + length, b"x" * limit)

    assert [scope["path"] for scope in server.seen] == ["/meetings/new/"]
    assert transport.value() == b""


def test_it_refuses_by_its_length_what_is_far_too_big(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    server, transport = sent(monkeypatch, HEAD + b"Content-Length: 1000000000000\r\n\r\n", b"x" * 10)

    assert transport.value().startswith(b"HTTP/1.1 413 ")
    assert transport.disconnecting
    assert server.seen == []


@pytest.mark.parametrize("path", [b"/sign-in/", b"/", b"/api/v1/auth/token/", b"/admin/", b"*"])
def test_it_takes_little_where_no_files_go(path: bytes, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    head = HEAD.replace(b"/meetings/new/", path) + b"Content-Length: %d\r\n\r\n"

    server, transport = sent(monkeypatch, head % (LEAST_BYTES + 1), b"x")
    well, _ = sent(monkeypatch, head % LEAST_BYTES, b"x" * LEAST_BYTES)

    assert transport.value().startswith(b"HTTP/1.1 413 ")
    assert server.seen == []
    assert len(well.seen) == 1


def test_it_refuses_what_tells_no_length_once_it_is_far_too_big(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = b"100000\r\n" + b"x" * 2**20 + b"\r\n"

    server, transport = sent(
        monkeypatch, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", piece, piece, piece, b"0\r\n\r\n"
    )

    assert transport.value().count(b"HTTP/1.1 413 ") == 1
    assert server.seen == []


@pytest.mark.parametrize("path", [b"//evil.example", b"/admin", b"\xff"])
def test_it_lets_no_client_choose_the_root_of_the_site(path: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    server, _ = sent(
        monkeypatch, b"GET / HTTP/1.1\r\nHost: localhost\r\nDaphne-Root-Path: " + path + b"\r\n\r\n"
    )

    assert [scope["root_path"] for scope in server.seen] == [""]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"X-Forwarded-For: 7.7.7.7, 203.0.113.9\r\n", "203.0.113.9"),
        (b"X-Forwarded-For: 7.7.7.7\r\nX-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
        (b"X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"),
    ],
)
def test_it_believes_the_proxy_and_not_the_client_where_a_request_comes_from(
    said: bytes, heard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = sent(monkeypatch, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + said + b"\r\n")

    assert dict(server.seen[0]["headers"])[b"x-forwarded-for"] == heard.encode()
