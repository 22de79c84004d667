"""What is written down of who connected and what they had done: one line each, and never what it was about.

The lines go to the logger ``realtime.audit``; a site's settings say where that writes. A line has what it
tells of (connect, refuse, close, command) as its message, and the rest as fields.
"""

from __future__ import annotations

import logging

LOGGER = "realtime.audit"
_logger = logging.getLogger(LOGGER)


def connected(connection: str, person: str, address: str, by: str) -> None:
    """Somebody opened a socket.

    Args:
        connection: its id, which the other lines have as well.
        person: their id.
        address: where they are, as far as a proxy tells.
        by: session, token or ticket.
    """
    fields = {"connection": connection, "person": person, "address": address, "by": by}
    _logger.info("connect", extra=fields)


def refused(address: str, code: int, reason: str) -> None:
    """A socket was closed before it was known who is there; ``reason`` is one word."""
    _logger.info("refuse", extra={"address": address, "code": code, "reason": reason})


def closed(connection: str, person: str, code: int | None, reason: str, seconds: float) -> None:
    """A socket was closed after ``seconds``: by us with this code, or, if it is None, by the client."""
    fields = {"connection": connection, "person": person, "code": code or "-", "reason": reason}
    _logger.info("close", extra={**fields, "seconds": round(seconds, 3)})


def commanded(connection: str, person: str, command: str, id_: str, outcome: str) -> None:
    """A command was answered: ``outcome`` is ok, or the code of the refusal."""
    fields = {"connection": connection, "person": person, "command": command, "id": id_, "outcome": outcome}
    _logger.info("command", extra=fields)
