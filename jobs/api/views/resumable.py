"""Handing in a file in parts, by tus 1.0: https://tus.io/protocols/resumable-upload

The core protocol with its extensions creation, termination and expiration. What it leaves open: an upload
that is complete tells in the header ``Upload-Id``, and in the answer to GET, what to name it by in a job.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import NotFound, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from jobs import resumable
from jobs.api.answers import ResumableUploadGiven
from jobs.api.endpoint import Endpoint
from jobs.api.openapi import header, operation
from jobs.errors import SubmitError
from jobs.models import ResumableUpload
from jobs.presentation import moment
from jobs.uploads import upload_data

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
PART = "application/offset+octet-stream"
BINARY = {PART: {"type": "string", "format": "binary"}}
TUS = header("Tus-Resumable", f"The version of the protocol: {VERSION}.")
LARGEST = 2**63 - 1


class WrongVersion(SubmitError):
    """The header Tus-Resumable must be 1.0.0, the version of the protocol that is spoken here."""

    code = "wrong_tus_version"
    status = 412


class BadUploadHeader(SubmitError):
    """A header of the upload is missing, or not what the protocol says."""

    code = "bad_upload_header"


class Tus(Endpoint):
    """What both addresses share: the protocol's version, in every request and every answer."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses another version, after it is known who asks."""
        super().initial(request, *args, **kwargs)
        if request.method not in ("OPTIONS", "GET") and request.headers.get("Tus-Resumable") != VERSION:
            raise WrongVersion

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Tells what is spoken here."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers["Tus-Resumable"] = VERSION
        if answer.status_code == WrongVersion.status:
            answer.headers["Tus-Version"] = VERSION
        return answer

    @operation("uploads_protocol", {204: None})
    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """What of the protocol is spoken here, and how large a file may be."""
        return Response(
            status=204,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": EXTENSIONS,
                "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
            },
        )


class ResumableUploads(Tus):
    """Uploads in parts."""

    @operation(
        "uploads_begin",
        {201: ResumableUploadGiven},
        (400, 412, 413),
        parameters=[
            TUS,
            header("Upload-Length", "How many bytes the file has."),
            header("Upload-Metadata", "`filename` and its value in base64.", required=False),
        ],
    )
    def post(self, request: Request) -> Response:
        """Opens an upload, to be sent in parts to the address in ``Location``."""
        size = _number(request, "Upload-Length")
        row = resumable.begin(request.user, size, _filename(request))
        place = reverse("api-upload-in-parts", [row.pk], request=request)
        return Response(_data(row), 201, headers={**_told(row), "Location": place})


class OneResumableUpload(Tus):
    """An upload in parts."""

    @operation("uploads_offset", {200: None}, (404, 410, 412), parameters=[TUS])
    def head(self, request: Request, upload_id: UUID) -> Response:
        """How much of it is here, in the header ``Upload-Offset``."""
        return Response(headers=_told(self._row(request, upload_id)))

    @operation("uploads_retrieve", {200: ResumableUploadGiven}, (404, 410))
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How much of it is here; and the upload that it has become, if it is complete."""
        row = self._row(request, upload_id)
        return Response(_data(row), headers=_told(row))

    @operation(
        "uploads_append",
        {204: None},
        (400, 404, 409, 410, 412, 413, 415),
        request=BINARY,
        parameters=[TUS, header("Upload-Offset", "Where the part begins: at the end of what is here.")],
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """Adds a part. With the last one the file is looked at, and becomes an upload."""
        if (request.content_type or "").partition(";")[0].strip().lower() != PART:
            raise UnsupportedMediaType(request.content_type)
        offset = _number(request, "Upload-Offset")
        row = self._row(request, upload_id)
        resumable.append(row, offset, request._request)  # DRF reads no body that does not tell its length
        return Response(status=204, headers=_told(row))

    @operation("uploads_abandon", {204: None}, (404, 410, 412), parameters=[TUS])
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Gives it up. One that is complete stays."""
        resumable.abandon(self._row(request, upload_id))
        return Response(status=204)

    def _row(self, request: Request, upload_id: UUID) -> ResumableUpload:
        row = resumable.find(request.user, upload_id)
        if row is None:
            raise NotFound("There is no such upload of yours.")
        return row


def _told(row: ResumableUpload) -> dict[str, str]:
    """The headers that tell how far an upload is."""
    headers = {"Upload-Offset": str(row.sent), "Upload-Length": str(row.size)}
    if row.upload:
        return headers | {"Upload-Id": str(row.upload.pk)}
    return headers | {"Upload-Expires": _http_date(row.expires_at)}


def _data(row: ResumableUpload) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "filename": row.filename,
        "size": row.size,
        "sent": row.sent,
        "expires_at": None if row.upload else moment(row.expires_at),
        "upload": upload_data(row.upload) if row.upload else None,
    }


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= LARGEST):
        given = f"is “{text[:40]}”" if text else "is missing"
        raise BadUploadHeader(f"The header {name} {given}. It must be a number of bytes, such as 1048576.")
    return int(text)


def _filename(request: Request) -> str:
    """What the metadata calls the file; "" if they don't. Pairs of a key and its value in base64."""
    pairs = [pair.split() for pair in request.headers.get("Upload-Metadata", "").split(",")]
    values = {pair[0]: pair[1] if len(pair) == 2 else "" for pair in pairs if pair}
    given = values.get("filename") or values.get("name") or ""
    try:
        return base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadUploadHeader(
            "The header Upload-Metadata can't be read. It is a list such as “filename bm90ZXMudHh0”: each "
            "value is UTF-8 in base64."
        ) from None


def _http_date(time: datetime) -> str:
    return format_datetime(time, usegmt=True)
