"""People and their keys in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from shipspeak.accounts import api_keys
from shipspeak.accounts.models import ApiKey, User

if TYPE_CHECKING:
    KeyAdmin = admin.ModelAdmin[ApiKey]
    PersonAdmin = UserAdmin[User]
    TeamAdmin = GroupAdmin
else:
    KeyAdmin, PersonAdmin, TeamAdmin = ModelAdmin, UserAdmin, GroupAdmin

admin.site.unregister(Group)


@admin.register(User)
class People(PersonAdmin, ModelAdmin):  # type: ignore[misc]
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class Groups(TeamAdmin, ModelAdmin):  # type: ignore[misc]
    """Groups of people, and what they may do in the admin."""


@admin.register(ApiKey)
class ApiKeys(KeyAdmin):
    """Keys: to see and to revoke. They are made by their owners, who alone may see them once."""

    list_display = ("name", "prefix", "owner", "scopes", "created_at", "last_used_at", "revoked_at")
    list_filter = ("revoked_at", "scopes")
    list_select_related = ("owner",)
    search_fields = ("name", "prefix", "owner__username")
    readonly_fields = ("owner", "prefix", "scopes", "created_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: a key made here would be seen by someone who is not its owner."""
        return False

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """Takes the selected keys back."""
        count = api_keys.revoke_all(keys)
        self.message_user(request, f"{count} revoked.")
