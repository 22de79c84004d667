from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobs.identifiers import uuid7


class ResumableUpload(models.Model):
    """A file that comes in parts, and can go on where it was cut off. See `jobs.resumable`.

    The first ``sent`` of its ``size`` bytes are in `part`, for certain; what follows them there is of a
    write that was cut off. When all are there, it becomes the ``upload``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sent = models.PositiveBigIntegerField(default=0)
    upload = models.OneToOneField("Upload", null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.filename

    @property
    def part(self) -> Path:
        """The file that holds what has come."""
        return Path(settings.MEDIA_ROOT) / "parts" / self.id.hex
