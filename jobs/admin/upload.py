"""Uploads in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import uploads
from jobs.admin.looking import Deletable, LookingAdmin, delete_with_file
from jobs.models import Upload


@admin.register(Upload)
class UploadAdmin(Deletable, LookingAdmin):
    """Files that people handed in; what is in them is theirs."""

    list_display = ("filename", "owner", "media_type", "shown_size", "created_at")
    list_filter = ("media_type", "created_at")
    list_select_related = ("owner",)
    search_fields = ("id__startswith", "filename", "owner__username", "sha256")
    exclude = ("file", "size")
    when_empty = "Each file that somebody hands in is listed here."
    readonly_fields = ("shown_size",)

    @admin.display(description="size", ordering="size")
    def shown_size(self, upload: Upload) -> str:
        """How big it is."""
        return uploads.readable(upload.size)

    def delete_model(self, request: HttpRequest, obj: Upload) -> None:
        """Deletes it with its file."""
        delete_with_file(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        """Deletes them with their files."""
        with transaction.atomic():
            for upload in queryset:
                delete_with_file(upload)
