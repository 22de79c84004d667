"""Static files straight from a checkout: no collectstatic, no manifest, and cached for ever by browsers.

The address of every static file begins with a fingerprint of all of them, so a new version has new
addresses. ES modules that import each other by relative paths keep working, which names with hashes in
them would break.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


def fingerprint(folder: Path, pins: Path) -> str:
    """Eight hexadecimal digits that change when a file in ``folder`` or a pinned dependency changes.

    Made from contents, not from times, so that all hosts of one version agree.
    """
    digest = hashlib.sha256(pins.read_bytes() if pins.exists() else b"")
    for path in _files(folder):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def is_immutable(path: str, url: str) -> bool:
    """Whether the file at ``url`` never changes: all do not, as their address holds the fingerprint."""
    return True


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise's middleware, such that asynchronous views stay asynchronous.

    WhiteNoise's own is synchronous only: Django would give each request below it a thread for as long as
    it lasts, and a long-poll lasts half a minute.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """The static file that is asked for, or what the view answers; a coroutine under ASGI."""
        path = request.path_info
        file = self.find_file(path) if self.autorefresh else self.files.get(path)
        if file is None:
            return self.get_response(request)
        if self.is_async:
            return asyncio.to_thread(_answer, file, request)
        return _answer(file, request)


def _answer(file: Any, request: HttpRequest) -> HttpResponse:
    found = file.get_response(request.method, request.META)
    content = b""
    if found.file is not None:
        with found.file as opened:
            content = opened.read()
    response = HttpResponse(content, status=int(found.status))
    del response["Content-Type"]
    for name, value in found.headers:
        response[name] = value
    return response


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
