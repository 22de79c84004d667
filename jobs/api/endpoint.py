"""What all views of the API share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from jobs.api.parsers import StrictJSON
from jobs.identifiers import uuid7

TRACE_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class OneFormat(BaseContentNegotiation):
    """Answers in the one format there is, whatever the client would rather have (RFC 9110, 12.5.1)."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The parser of the request's content type; of JSON when it has none. None gives a 415."""
        asked = (request.content_type or "application/json").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == asked), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        first = next(iter(renderers))
        return first, first.media_type or ""


class Endpoint(APIView):
    """A view of the API: strict JSON, problems for errors, and a trace id on every answer."""

    parser_classes: Sequence[type[BaseParser]] = [StrictJSON]
    content_negotiation_class = OneFormat
    trace_id = ""
    work: UUID | None = None
    """The id that what the request makes is to have, if it came with an ``Idempotency-Key``."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Takes over the caller's ``X-Request-ID``, or makes a trace id."""
        given = request.headers.get("X-Request-ID", "")
        self.trace_id = given if TRACE_ID.fullmatch(given) else uuid7().hex
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Sends the trace id along, and keeps answers out of caches."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["X-Request-ID"] = self.trace_id
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer


class Nowhere(Endpoint):
    """Every address of the API that there is not."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """404, whoever asks and however."""
        raise NotFound
