"""What all admin pages of the engine are: to look at, and safe to delete from."""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise
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


BARE_ID = re.compile(r"[0-9a-fA-F]{9,32}")


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
    when_empty = ""
    """What an empty list says about when there will be rows."""
    show_full_result_count = False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Finds ids also without their dashes, which PostgreSQL shows them with."""
        found, may_double = super().get_search_results(request, queryset, search_term)
        dashed = with_dashes(search_term)
        if dashed == search_term:
            return found, may_double
        also, also_double = super().get_search_results(request, queryset, dashed)
        return found | also, may_double or also_double


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

    def get_actions(self, request: HttpRequest) -> Any:
        """The actions, and last the one that can't be undone."""
        actions = super().get_actions(request)  # type: ignore[misc]
        delete = actions.pop("delete_selected", None)
        return {**actions, "delete_selected": delete} if delete else actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with them: parts may go with their whole, though they can't be deleted alone."""
        shown, counts, _, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        return shown, counts, set(), protected


def with_dashes(text: str) -> str:
    """``text`` with the dashes of a UUID, if it is the beginning of one without any; else as it is."""
    if not BARE_ID.fullmatch(text):
        return text
    cuts = (0, 8, 12, 16, 20, 32)
    return "-".join(filter(None, (text[at:end] for at, end in pairwise(cuts))))


def delete_with_file(upload: Upload) -> None:
    """Deletes the row now, and the file once that is certain."""
    storage, name = upload.file.storage, upload.file.name
    upload.delete()
    transaction.on_commit(partial(storage.delete, str(name)))
