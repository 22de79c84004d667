"""HTTP requests as the web process takes them: none longer than the site could use."""

from __future__ import annotations

from daphne.http_protocol import WebRequest
from django.conf import settings

TIMES_AN_UPLOAD = 2
"""How much longer than the longest upload a body may be. What is a little too long gets here the site's own
answer, which says what is taken; what is longer still is cut off."""
LEAST_BYTES = 2**20
FOR_FILES = (b"/api/v1/uploads/", b"/api/v1/jobs/", b"/meetings/", b"/api/v1/schedules/")
"""What the paths begin with under which files and long texts are handed in."""
FORWARDED = b"x-forwarded-for"
"""Proxies add to it whom they heard, at its end; what stood there before is the client's own word."""
REFUSAL = (
    b"HTTP/1.1 413 Request Entity Too Large\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 27\r\nConnection: close\r\n\r\n"
    b"The request is far too big\n"
)


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """daphne's request, which ends the connection when more comes than anything here takes.

    daphne puts a body on disk whole, and then in memory whole, before it asks anybody what to do with it:
    600 MB from someone who was not even signed in took 545 MB of memory. It also lets any client choose the
    path that the site believes to be its root, by a header of its own, and fails on one that is no ASCII.
    Behind a proxy it lets the client choose the address that it seems to come from.
    """

    refused = False
    received = 0
    longest = LEAST_BYTES

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Refuses a body that is too long by its own word."""
        self.longest = longest_body(self.channel._path)  # there is no other way to know it this early
        super().gotLength(length if length is not None and length <= self.longest else None)
        if length is not None and length > self.longest:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keeps a piece of the body, unless it is too much."""
        self.received += len(data)
        if self.received > self.longest:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802 - Twisted's
        """Hands the whole request on, if it was not refused."""
        self.requestHeaders.removeHeader(b"daphne-root-path")
        if forwarded := self.requestHeaders.getRawHeaders(FORWARDED):
            self.requestHeaders.setRawHeaders(FORWARDED, [forwarded[-1].rpartition(b",")[2].strip()])
        if not self.refused:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        if not self.refused:
            self.refused = True
            self.channel.transport.write(REFUSAL)
            self.channel.loseConnection()


def longest_body(path: bytes) -> int:
    """Bytes of a body that are taken at ``path``: few where no files go, since anyone may send them."""
    takes_files = path.startswith(FOR_FILES)
    return max(LEAST_BYTES, TIMES_AN_UPLOAD * int(settings.UPLOAD_MAX_BYTES) if takes_files else 0)
