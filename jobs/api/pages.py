"""Pages of jobs, newest first, that new jobs do not shift."""

from __future__ import annotations

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from jobs.errors import SubmitError
from jobs.moments import utc


class BadCursor(SubmitError):
    """The cursor can't be read. Take the addresses in “next” and “previous” as they are."""

    code = "bad_cursor"


class Newest(CursorPagination):
    """Cursor pages, by the time of creation."""

    ordering = ("-created_at", "-id")
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the address, if it has one. Raises `BadCursor`, where DRF would fail or say 404."""
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except NotFound:
            raise BadCursor from None
        if cursor is not None and cursor.position is not None and not _is_moment(str(cursor.position)):
            raise BadCursor
        return cursor


def _is_moment(position: str) -> bool:
    try:
        found = parse_datetime(position)
        return found is not None and found.tzinfo is not None and bool(utc(found))
    except ValueError:
        return False
