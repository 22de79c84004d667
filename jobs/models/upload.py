from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobs.identifiers import uuid7


def _place(upload: Upload, filename: str) -> str:
    """A path that owes nothing to what the person called the file."""
    return f"{upload.created_at:%Y/%m}/{upload.id.hex}"


class Upload(models.Model):
    """A file that a person handed in. ``filename`` is theirs and only for showing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to=_place, max_length=100)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.filename
