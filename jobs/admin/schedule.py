"""Repeated jobs, in the admin: to look at, to make for somebody, to change and to switch off."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import schedules
from jobs.actions import Submission
from jobs.admin.filters import ByKind
from jobs.admin.looking import PlainAdmin
from jobs.errors import SubmitError
from jobs.kinds import registry
from jobs.models import Schedule
from jobs.schedules import Wish
from jobs.states import Priority

RHYTHM = ("title", "cron", "timezone", "missed", "enabled")


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is repeated and when; checked as if the owner asked for it."""

    class Meta:
        model = Schedule
        fields = ("owner", "kind", "input", "options", "priority", *RHYTHM)
        help_texts = {
            "title": "What it is called in lists.",
            "cron": "Minute, hour, day of the month, month and day of the week, such as “0 9 * * 1-5”.",
            "timezone": "The time zone that this is meant in, such as Europe/Berlin.",
            "missed": "What to do about times that went by while no worker ran.",
            "enabled": "While it is switched off nothing is submitted, and nothing is caught up with.",
            "input": "As JSON; it must fit the kind. It is not shown again: it is the owner’s.",
        }

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if "kind" in self.fields:
            self.fields["kind"] = forms.ChoiceField(choices=[(kind.name, kind.title) for kind in registry])

    def clean(self) -> dict[str, Any]:
        """Says at the fields what can't be."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            schedules.check(self._owner_id(), self.wish())
        except SubmitError as error:
            for one in error.errors or [{"path": "", "message": error.message}]:
                field = one["path"].partition(".")[0]
                self.add_error(field if field in self.fields else None, one["message"])
        return cleaned

    def wish(self) -> Wish:
        """What was filled in, over what was there."""
        chosen = self.cleaned_data
        rhythm = {
            "cron": chosen["cron"],
            "zone": chosen["timezone"],
            "title": chosen["title"],
            "missed": chosen["missed"],
            "enabled": chosen["enabled"],
        }
        if self.instance.pk and "kind" not in self.fields:
            return Wish(schedules.wish_of(Schedule.objects.get(pk=self.instance.pk)).submission, **rhythm)
        submission = Submission(
            kind=chosen["kind"],
            input=chosen["input"],
            options=chosen["options"],
            priority=Priority(chosen["priority"]).label,
        )
        return Wish(submission, **rhythm)

    def _owner_id(self) -> int:
        owner = self.cleaned_data.get("owner")
        return int(owner.pk if owner else self.instance.owner_id)


@admin.register(Schedule)
class ScheduleAdmin(PlainAdmin):
    """Jobs that are submitted again and again. What people put in is theirs, and not shown here."""

    form = ScheduleForm
    list_display = (
        "title",
        "owner",
        "kind",
        "cron",
        "timezone",
        "enabled",
        "next_at",
        "last_at",
        "last_error",
    )
    list_filter = ("enabled", ByKind)
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username")
    autocomplete_fields = ("owner",)
    actions = ("switch_on", "switch_off")
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All to make one; what is the owner's is left out later."""
        if obj is None:
            return ScheduleForm.Meta.fields
        return ("owner", "kind", "priority", *RHYTHM, "next_at", "last_at", "last_error")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What it is stays; what the engine writes is the engine's."""
        return ("owner", "kind", "priority", "next_at", "last_at", "last_error") if obj else ()

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Makes or changes it by the same way as its owner would."""
        wish = form.wish()
        if change:
            schedules.change(
                obj,
                cron=wish.cron,
                zone=wish.zone,
                title=wish.title,
                missed=wish.missed,
                enabled=wish.enabled,
            )
        else:
            obj.pk = schedules.create(obj.owner, wish).pk
        obj.refresh_from_db()

    @admin.action(description="Switch the selected on", permissions=["change"])
    def switch_on(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        """They come at their next time."""
        self._switch(request, chosen, on=True)

    @admin.action(description="Switch the selected off", permissions=["change"])
    def switch_off(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        """They submit nothing."""
        self._switch(request, chosen, on=False)

    def _switch(self, request: HttpRequest, chosen: QuerySet[Schedule], *, on: bool) -> None:
        for schedule in chosen:
            try:
                schedules.change(schedule, enabled=on)
            except SubmitError as error:
                self.message_user(request, f"{schedule.title}: {error.message}", messages.ERROR)
