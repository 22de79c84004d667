"""What all admin pages of the engine are: to look at, and safe to delete from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from jobs.models import Upload

if TYPE_CHECKING:
    PlainAdmin = admin.ModelAdmin[Any]
    PlainInline = admin.TabularInline[Any, Any]
else:
    PlainAdmin, PlainInline = ModelAdmin, TabularInline


class Looking:
    """To look at, not to touch: rows that the engine writes, and nobody by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: they come of submitting jobs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a status, once written by hand, would be one that no event told."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: parts go with their job."""
        return False


class LookingAdmin(Looking, PlainAdmin):
    """A list and pages to look at."""

    list_per_page = 50
    show_full_result_count = False


class LookingInline(Looking, PlainInline):
    """Rows of a page to look at."""

    extra = 0
    can_delete = False
    show_change_link = True


class Deletable(Looking):
    """Rows that superusers may delete, with their files."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with them: parts may go with their whole, though they can't be deleted alone."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        return shown, counts, set(), protected


def delete_with_file(upload: Upload) -> None:
    """Deletes the row now, and the file once that is certain."""
    storage, name = upload.file.storage, upload.file.name
    upload.delete()
    transaction.on_commit(partial(storage.delete, str(name)))
