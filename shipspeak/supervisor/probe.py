"""Asks the web process whether it is there, without waiting for the answer."""

from __future__ import annotations

import socket

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Probe:
    """One request for `/healthz` to a listening socket of our own.

    The kernel takes the connection before the web process is up and keeps it until then, so the request is
    sent at once and the answer makes this readable: nobody has to poll.
    """

    def __init__(self, listening: socket.socket) -> None:
        self._connection = _connected(listening)
        self._connection.sendall(REQUEST)

    def fileno(self) -> int:
        """For select: readable when the answer is there, or the web process died over it."""
        return self._connection.fileno()

    def succeeded(self) -> bool:
        """Whether the answer that is there is a good one. Closes the connection."""
        with self._connection:
            try:
                return self._connection.recv(64).startswith(b"HTTP/1.1 200")
            except OSError:
                return False


def reachable(host: str) -> str:
    """An address at which this machine reaches a socket that listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _connected(listening: socket.socket) -> socket.socket:
    host, port = listening.getsockname()[:2]
    connection = socket.socket(listening.family, socket.SOCK_STREAM)
    connection.settimeout(5)
    connection.connect((reachable(host), port))
    return connection
