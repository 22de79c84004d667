"""Tiers, people's shares and limits of kinds, in the admin: who gets how much of the queue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from jobs import wording
from jobs.admin.looking import PlainAdmin
from jobs.models import Share, Tier


class TierForm(forms.ModelForm):  # type: ignore[type-arg]
    """A tier, explained."""

    class Meta:
        model = Tier
        fields = ("name", "weight", "max_running", "max_queued", "budget_usd_per_day")
        labels = {
            "max_running": "Steps at once",
            "max_queued": "Jobs under way",
            "budget_usd_per_day": "Budget a day, in USD",
        }
        help_texts = {
            "name": "What staff call it, such as “Team” or “Trial”.",
            "weight": "How much of the workers' time each person gets while there is not enough for all. "
            "With 2 it is twice as much as with 1, which is what people without a tier have.",
            "max_running": "How many steps of one person run at the same time, at most. Empty: no limit but "
            "the free slots. 0: nothing of theirs runs until this is changed.",
            "max_queued": "How many jobs one person may have that are not done yet. Empty: as many as "
            "QUEUE_MAX_PER_USER says. 0: they can't submit any.",
            "budget_usd_per_day": "What the AI services may cost for one person in a day (UTC). Empty: what "
            "BUDGET_USD_PER_USER_PER_DAY says. 0: nothing that costs money.",
        }

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for name in ("weight", "budget_usd_per_day"):
            if self.initial.get(name) is not None:
                self.initial[name] = f"{Decimal(str(self.initial[name])).normalize():f}"


@admin.register(Tier)
class TierAdmin(PlainAdmin):
    """Classes of people: how large their shares are, and what they may use."""

    form = TierForm
    list_display = ("name", "weight", "max_running", "max_queued", "budget_usd_per_day", "people")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tier]:
        """With the number of their people."""
        tiers: QuerySet[Tier] = super().get_queryset(request).annotate(count=Count("shares"))
        return tiers

    @admin.display(description="people", ordering="count")
    def people(self, tier: Any) -> int:
        """How many have it."""
        return int(tier.count)


class ShareForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person's tier, explained."""

    class Meta:
        model = Share
        fields = ("user", "tier")
        labels = {"user": "Person"}
        help_texts = {
            "tier": "Empty: a weight of 1, and the limits of the settings. A change counts for jobs that are "
            "submitted from now on; a limit on what runs counts within a second.",
        }


@admin.register(Share)
class ShareAdmin(PlainAdmin):
    """People and their tiers. Who never submitted a job is added here to be given one beforehand."""

    form = ShareForm
    list_display = ("user", "tier", "weight", "asked_for")
    exclude = ("finish_tag",)
    list_filter = (("tier", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("user", "tier")
    search_fields = ("user__username", "user__email", "user__first_name", "user__last_name")
    autocomplete_fields = ("user", "tier")
    ordering = ("user__username",)
    list_per_page = 50

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The person stays; what they asked for is the engine's to count."""
        return ("user", "asked_for") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: without it they would be served as if they had asked for nothing yet."""
        return False

    def save_model(self, request: HttpRequest, obj: Share, form: Any, change: bool) -> None:
        """Writes the tier, and not a finish tag that may have moved meanwhile."""
        if change:
            obj.save(update_fields=["tier"])
        else:
            obj.save()

    @admin.display(description="place in virtual time", ordering="finish_tag")
    def asked_for(self, share: Share) -> str:
        """The finish tag: how much of a slot's time they asked for so far, by their weight."""
        return wording.took(share.finish_tag)

    @admin.display
    def weight(self, share: Share) -> str:
        """What their tier weighs."""
        return f"{share.tier.weight:g}" if share.tier else "1 (no tier)"
