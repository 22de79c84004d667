"""Handing in a file."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    StopUpload,
    TemporaryFileUploadHandler,
)
from django.http import HttpRequest
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.answers import UploadGiven
from jobs.api.endpoint import Endpoint
from jobs.api.idempotency import nothing, once_found_by
from jobs.api.openapi import FILE, operation
from jobs.uploads import NoFile, UploadTooBig, take_in, upload_data

ENVELOPE_BYTES = 64 * 1024
"""How much longer a request may be than its file: boundaries, headers, a few small fields."""


class Limit(FileUploadHandler):
    """Stops reading a file as soon as it is too big, whatever its request said of its length."""

    is_passed = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Passes the chunk on, to be written to disk."""
        if start + len(raw_data) > settings.UPLOAD_MAX_BYTES:
            self.is_passed = True
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""


class Uploads(Endpoint):
    """Uploads."""

    parser_classes = [MultiPartParser]

    @operation(
        "uploads_create",
        {201: UploadGiven},
        (400, 413, 415),
        request={"multipart/form-data": FILE},
        keyed=True,
    )
    @once_found_by(nothing)  # a second copy harms nobody; a transaction must not wait for a file
    def post(self, request: Request) -> Response:
        """Hands in a file for a job. Its content decides what it is, not its name."""
        file = request.FILES.get("file")
        if self.limit.is_passed:
            raise UploadTooBig
        if not isinstance(file, UploadedFile):
            raise NoFile
        return Response(upload_data(take_in(request.user, file)), 201)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Has files written to disk as they are read, and never kept in memory."""
        self.limit = Limit(request)
        request.upload_handlers = [self.limit, TemporaryFileUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses what is too big by its own word before anything of it is looked at."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > settings.UPLOAD_MAX_BYTES + ENVELOPE_BYTES:
            raise UploadTooBig
        super().initial(request, *args, **kwargs)
