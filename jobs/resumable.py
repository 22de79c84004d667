"""Uploads that come in parts, and go on where they were cut off.

What has come is kept in a file (`ResumableUpload.part`), and how much of it is certain in the row. A part is
written to the disk before the row says so; what a crash leaves behind that is cut off by the next part. One
part at a time: who writes holds a lock on the file, which ends with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from jobs.errors import ErrorClass, SubmitError
from jobs.models import ResumableUpload
from jobs.uploads import EmptyUpload, UploadTooBig, keep_quota, shown_name, take_in
from realtime import signals

KEPT = timedelta(days=1)
"""How long it may pause. Files without a row are deleted after as long, see `jobs.retention`."""
MOST_OPEN = 20
"""So many may a person have open at once."""
CHUNK = 2**20


class WrongOffset(SubmitError):
    """The part does not begin where the last one ended. Ask with HEAD where that is, and go on there."""

    code = "wrong_offset"
    status = 409

    def __init__(self, sent: int) -> None:
        super().__init__(f"{sent:,} bytes are here. Send the next part from there on.")
        self.extra = {"sent": str(sent)}


class PartTooBig(SubmitError):
    """The part has more bytes than are missing of the file. Begin the upload anew, with the right length."""

    code = "part_too_big"
    error_class = ErrorClass.RESOURCE
    status = 413


class UploadBusy(SubmitError):
    """Another part of this upload is being written just now. Ask again in a moment where it stands."""

    code = "upload_busy"
    status = 423


class UploadExpired(SubmitError):
    """This upload has paused for too long, and what had come of it is gone. Begin it anew."""

    code = "upload_expired"
    status = 410


class TooManyOpenUploads(SubmitError):
    """You have begun as many uploads as one person may. Finish or delete one of them first."""

    code = "too_many_open_uploads"
    error_class = ErrorClass.RESOURCE
    status = 429


class Stream(Protocol):
    """What a part is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at its end."""


def begin(owner: Any, size: int, filename: str) -> ResumableUpload:
    """Opens an upload of ``size`` bytes for ``owner``.

    Raises:
        EmptyUpload, UploadTooBig, TooManyUploads, TooManyOpenUploads: nothing was opened.
    """
    if not size:
        raise EmptyUpload
    if size > settings.UPLOAD_MAX_BYTES:
        raise UploadTooBig
    opened = _opened(owner)
    if opened.count() >= MOST_OPEN:
        raise TooManyOpenUploads(retry_after=60)
    keep_quota(owner, size + sum(opened.values_list("size", flat=True)))
    row = ResumableUpload(owner=owner, size=size, filename=shown_name(filename), expires_at=_expiry())
    row.part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(row.part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    row.save(force_insert=True)
    return row


def find(owner: Any, upload_id: Any) -> ResumableUpload | None:
    """The upload of ``owner`` that is called so. One that is complete is taken in, if that was cut off.

    Raises:
        UploadExpired: there is one, but it has paused for too long.
        UnknownType, EmptyUpload: it turned out to be no file that is taken, and is gone.
    """
    row = ResumableUpload.objects.filter(owner=owner, pk=upload_id).select_related("upload").first()
    if row and row.upload is None:
        if row.expires_at < timezone.now():
            raise UploadExpired
        if row.sent == row.size:
            with _writing(row) as part:
                _finish(row, part)
    return row


def append(row: ResumableUpload, offset: int, stream: Stream) -> None:
    """Adds a part, which begins at ``offset``; with the last one the upload is taken in.

    Raises:
        WrongOffset, PartTooBig, UploadBusy, UploadExpired: nothing was added.
        UnknownType, EmptyUpload, TooManyUploads: it is complete, but no file that is taken. It is gone.
    """
    if row.upload and offset == row.sent:
        return
    with _writing(row) as part:
        if row.sent != offset:
            raise WrongOffset(row.sent)
        part.seek(offset)
        part.truncate()
        row.sent += _copied(stream, part, row.size - offset)
        part.flush()
        os.fsync(part.fileno())
        row.expires_at = _expiry()
        row.save(update_fields=["sent", "expires_at"])
        _tell(row)
        if row.sent == row.size:
            _finish(row, part)


def abandon(row: ResumableUpload) -> None:
    """Deletes an upload that is not complete, and what had come of it. One that is complete stays."""
    if row.upload:
        return
    with _writing(row):
        _drop(row)
        _tell(row, is_over=True)


@contextmanager
def _writing(row: ResumableUpload) -> Iterator[Any]:
    """The upload's file, to be read and written by nobody else; ``row`` is as it stands then. When the upload
    has been taken in meanwhile there is no such file."""
    try:
        part = row.part.open("r+b")
    except FileNotFoundError:
        _refresh(row)
        if row.upload is None:
            raise UploadExpired from None
        raise WrongOffset(row.sent) from None
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadBusy(retry_after=1) from None
        _refresh(row)
        yield part


def _refresh(row: ResumableUpload) -> None:
    try:
        row.refresh_from_db()
    except ResumableUpload.DoesNotExist:
        raise UploadExpired from None


def _copied(stream: Stream, part: Any, most: int) -> int:
    """How many bytes it wrote. Raises `PartTooBig` when there are more than ``most``."""
    count = 0
    while chunk := stream.read(CHUNK):
        count += len(chunk)
        if count > most:
            raise PartTooBig
        part.write(chunk)
    return count


def _finish(row: ResumableUpload, part: Any) -> None:
    """Takes in the file that is complete. The part goes when the upload is certain, or refused."""
    if row.upload:
        return
    try:
        with transaction.atomic():
            row.upload = take_in(row.owner, File(part, row.filename), row.filename)
            row.save(update_fields=["upload"])
    except SubmitError:
        _drop(row)
        raise
    finally:
        _tell(row, is_over=True)
    row.part.unlink(missing_ok=True)


def _drop(row: ResumableUpload) -> None:
    ResumableUpload.objects.filter(pk=row.pk).delete()
    row.part.unlink(missing_ok=True)


def _tell(row: ResumableUpload, *, is_over: bool = False) -> None:
    """Tells the owner's pages how far it is."""
    data = {"upload": str(row.pk), "filename": row.filename, "size": row.size, "sent": row.sent}
    signals.send(f"user:{row.owner_id}", "upload.progress", {**data, "is_over": is_over})


def _opened(owner: Any) -> Any:
    return ResumableUpload.objects.filter(owner=owner, upload=None, expires_at__gt=timezone.now())


def _expiry() -> Any:
    return timezone.now() + KEPT
