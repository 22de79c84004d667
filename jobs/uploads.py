"""Taking in a file that a person hands us: what it is, how big, and where it is kept."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Sum

from jobs.errors import ErrorClass, SubmitError
from jobs.kinds import Kind, registry
from jobs.models import Upload
from jobs.presentation import moment
from realtime.log import publish

HEAD = 65_536
"""How many bytes of a file are looked at to tell what it is."""
JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji are spelled with."""
NOTHING = b" \t\r\n\v\f\0\xef\xbb\xbf\xfe\xff"
"""The bytes of white space and byte order marks in UTF-8 and UTF-16: a file of only these says nothing."""
UNUSED_FILES = 20
"""So many of the largest files may a person have lying here that no job uses."""
LONGEST_NAME = 255
LONGEST_ENDING = 16


class NoFile(SubmitError):
    """There is no file in the request. Send one as the multipart field “file”."""

    code = "no_file"


class EmptyUpload(SubmitError):
    """The file is empty. Choose one that has something in it."""

    code = "empty_file"


class UploadTooBig(SubmitError):
    """The file is larger than what is taken."""

    code = "file_too_big"
    error_class = ErrorClass.RESOURCE
    status = 413

    def __init__(self) -> None:
        limit = settings.UPLOAD_MAX_BYTES
        super().__init__(f"The file is too big; at most {readable(limit)} are taken. Hand in a smaller one.")


class TooManyUploads(SubmitError):
    """You have handed in many files that no job uses. Use them, or wait until they are gone."""

    code = "too_many_uploads"
    error_class = ErrorClass.RESOURCE
    status = 429


class UnknownType(SubmitError):
    """The file is of no type that can be analysed."""

    code = "unsupported_file_type"
    status = 415

    def __init__(self, filename: str) -> None:
        super().__init__(
            f"“{filename}” can't be read: by its content it is none of the types that are taken. "
            f"What is taken: {in_words()}."
        )


def take_in(owner: Any, file: File[Any], filename: str = "") -> Upload:
    """Keeps ``file`` for ``owner``, and tells them that it is there.

    The file itself stays when the surrounding transaction is rolled back after this returned.

    Args:
        owner: whose it is.
        file: open for reading, with its size known.
        filename: what the person calls it; ``file.name`` if empty.

    Raises:
        EmptyUpload, UploadTooBig, TooManyUploads, UnknownType: nothing was kept.
    """
    name = shown_name(filename or file.name or "")
    size = _checked_size(file)
    keep_quota(owner, size)
    media_type = media_type_of(_head(file), name)
    if media_type is None:
        raise UnknownType(name)
    upload = Upload(owner=owner, filename=name, size=size, media_type=media_type, sha256=fingerprint(file))
    _keep(upload, file)
    return upload


def forget(upload: Upload) -> None:
    """Deletes an upload, row and file."""
    upload.file.delete(save=False)
    upload.delete()


def media_type_of(head: bytes, filename: str) -> str | None:
    """What the file that begins with ``head`` is to the first kind that takes it; None if none does."""
    found = (media_type for kind in registry if (media_type := _as_seen_by(kind, head, filename)))
    return next(found, None)


def kinds_for(media_type: str) -> list[Kind]:
    """The kinds that take files of this type."""
    return [kind for kind in registry if media_type in kind.accepts]


def accepted() -> list[str]:
    """The media types that any kind takes."""
    return sorted({media_type for kind in registry for media_type in kind.accepts})


def in_words() -> str:
    """What any kind takes, as people call it."""
    return "; ".join(kind.files or ", ".join(kind.accepts) for kind in registry if kind.accepts) or "no files"


def upload_data(upload: Upload) -> dict[str, Any]:
    """The upload as the API and its event show it."""
    return {
        "id": str(upload.id),
        "filename": upload.filename,
        "size": upload.size,
        "media_type": upload.media_type,
        "sha256": upload.sha256,
        "created_at": moment(upload.created_at),
    }


def shown_name(filename: str) -> str:
    """``filename`` fit for showing: no folders, nothing invisible, at most 255 characters."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", filename))[-1]
    name = visible(last).strip(". ")
    if len(name) > LONGEST_NAME:
        ending = PurePath(name).suffix[:LONGEST_ENDING]
        name = name[: LONGEST_NAME - len(ending)] + ending
    return name or "file"


def visible(text: str) -> str:
    """``text`` on one line, without what can't be seen, such as what turns text around."""
    shown = "".join(" " if char.isspace() else char for char in text if not _is_invisible(char))
    return " ".join(shown.split())


def readable(size: int) -> str:
    """A number of bytes for people: “25 MB”."""
    value = float(size)
    for unit in ("bytes", "KB", "MB"):
        if value < 1024:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} GB"


def fingerprint(file: File[Any]) -> str:
    """SHA-256 of the whole file, in hexadecimal, read a chunk at a time."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _checked_size(file: File[Any]) -> int:
    size = int(file.size)
    if not size:
        raise EmptyUpload
    if size > settings.UPLOAD_MAX_BYTES:
        raise UploadTooBig
    if not any(chunk.strip(NOTHING) for chunk in file.chunks()):
        raise EmptyUpload
    return size


def keep_quota(owner: Any, size: int) -> None:
    """Raises `TooManyUploads` when ``size`` bytes more are too many: files that no job needs are few, or who
    hands in ever more of them would fill the disk."""
    unused = Upload.objects.filter(owner=owner, job=None, schedule=None)
    held = unused.aggregate(size=Sum("size"))["size"] or 0
    if held + size > UNUSED_FILES * settings.UPLOAD_MAX_BYTES:
        raise TooManyUploads


def _head(file: File[Any]) -> bytes:
    file.seek(0)
    head: bytes = file.read(HEAD)
    file.seek(0)
    return head


def _as_seen_by(kind: Kind, head: bytes, filename: str) -> str | None:
    media_type = kind.sniff(head, filename) if kind.sniff else None
    return media_type if media_type in kind.accepts else None


def _keep(upload: Upload, file: File[Any]) -> None:
    """Writes file, row and event; without the row, the file goes as well."""
    place = Upload.file.field.generate_filename(upload, upload.filename)
    storage = Upload.file.field.storage
    kept = False
    try:
        file.seek(0)
        upload.file.save(upload.filename, file, save=False)
        with transaction.atomic():
            upload.save(force_insert=True)
            publish(f"user:{upload.owner_id}", "upload.completed", {"upload": upload_data(upload)})
        kept = True
    finally:
        if not kept:
            storage.delete(place)


def _is_invisible(char: str) -> bool:
    """Control and format characters (which can turn text around), surrogates, unassigned ones."""
    return unicodedata.category(char)[0] == "C" and not char.isspace() and char not in JOINERS
