"""What all admin pages of the engine are: to look at, and safe to delete from."""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError, transaction
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from jobs.admin.drawing import readable
from jobs.models import Upload

if TYPE_CHECKING:
    Admin = admin.ModelAdmin[Any]
    PlainInline = admin.TabularInline[Any, Any]
else:
    Admin, PlainInline = ModelAdmin, TabularInline


BARE_ID = re.compile(r"[0-9a-fA-F]{9,32}")


class PlainAdmin(Admin):
    """A list that people can read, whatever its address asks for."""

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns; numbers and JSON as people write them."""
        return readable(self.model, super().get_list_display(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list. A filter that no database can look for, such as a year 99999, is left out, and that is
        said."""
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, ValueError, DataError):
            messages.error(
                request,
                "A filter in the address has a value that no row can have, so the list is shown without "
                "filters. Choose a smaller one.",
            )
            raise IncorrectLookupParameters from None


class Looking:
    """To look at, not to touch: rows that the engine writes, and nobody by hand."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The lines of the page; numbers and JSON as people write them."""
        return readable(self.model, super().get_fields(request, obj))  # type: ignore[misc,attr-defined]

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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All, also those that are drawn by a function."""
        return [*super().get_readonly_fields(request, obj), *self.get_fields(request, obj)]


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
