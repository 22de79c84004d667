"""Reading JSON bodies: bounded, and free of what no database and no encoder takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from jobs.errors import ErrorClass, SubmitError

SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""Escapes that may stand for a NUL or for half a character."""
MAX_DEPTH = 64
"""How deep lists and objects may be nested: more than any input needs, less than Python's stack."""
STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
MAX_PARTS = 200_000
"""How many values a body may have: a batch of a thousand jobs has a tenth of it, and reading so many takes
a tenth of a second. A body may be long because of its texts, but not because of its parts."""
SHORT = 2 * MAX_PARTS
"""Bytes of a body that can't have more parts."""
TOO_DEEP = f"The body is nested too deeply; at most {MAX_DEPTH} levels are taken."


class TooBig(SubmitError):
    """The request has more bytes than are taken. Send less at once, or a text as a file."""

    code = "too_big"
    error_class = ErrorClass.RESOURCE
    status = 413

    def __init__(self, limit: int, what: str = "bytes") -> None:
        super().__init__(
            f"The request has more than the {limit:,} {what} that are taken. Send less at once, or a text "
            "as a file."
        )


class StrictJSON(JSONParser):
    """JSON as RFC 8259 has it, at most ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes.

    Django's own limit does not see what DRF reads from the stream.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value. Raises `TooBig` and ParseError, each with a sentence."""
        limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooBig(limit)
        if len(body) > SHORT and _parts(body) > MAX_PARTS:
            raise TooBig(MAX_PARTS, "values")
        try:
            text = body.decode()
            value = json.loads(text, parse_constant=_refuse_constant)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        except ValueError as error:
            raise ParseError(f"The body is no JSON: {error}.") from None
        if text.count("[") + text.count("{") > MAX_DEPTH and _too_deep(value):
            raise ParseError(TOO_DEEP)
        if SUSPECT.search(text) and not _storable(value):
            raise ParseError("The body has a NUL or half of a surrogate pair in a string.")
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _parts(body: bytes) -> int:
    """How many values there are in ``body`` at most, without reading it: by what stands between them."""
    outside = STRINGS.sub(b"", body)
    return sum(outside.count(mark) for mark in (b",", b"[", b"{"))


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _storable(value: Any) -> bool:
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError:
        return False
    return re.search(r"(?<!\\)(?:\\\\)*\\u0000", written) is None
