"""What people choose on the jobs pages."""

from __future__ import annotations

from django import forms
from django.db.models import Q, QuerySet
from django.utils.http import urlencode

from jobs.errors import SubmitError
from jobs.kinds import registry
from jobs.models import Job, Schedule
from jobs.states import ACTIVE, Priority, Status

UNDER_WAY = "active"
INPUT = {"class": "input"}


class JobFilter(forms.Form):
    """Which of one's jobs to list. What is not understood is not filtered by."""

    status = forms.ChoiceField(required=False, widget=forms.Select(attrs=INPUT))
    kind = forms.ChoiceField(required=False, widget=forms.Select(attrs=INPUT))
    q = forms.CharField(
        required=False,
        max_length=100,
        label="Search",
        widget=forms.TextInput(attrs={**INPUT, "type": "search", "placeholder": "Title, file or tag"}),
    )

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            ("", "Any status"),
            (UNDER_WAY, "Under way"),
            *Status.choices,
        ]
        kinds = [(kind.name, kind.title) for kind in registry]
        self.fields["kind"].choices = [("", "Any kind"), *kinds]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """The choices that were made and understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def query(self) -> str:
        """The choices as the query of an address."""
        return urlencode(self.chosen)

    def apply(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        """Those of ``jobs`` that fit the choices."""
        chosen = self.chosen
        if "status" in chosen:
            active = chosen["status"] == UNDER_WAY
            jobs = jobs.filter(status__in=ACTIVE if active else [chosen["status"]])
        if "kind" in chosen:
            jobs = jobs.filter(kind=chosen["kind"])
        if "q" in chosen:
            words = chosen["q"]
            jobs = jobs.filter(
                Q(title__icontains=words) | Q(filename__icontains=words) | Q(tags__icontains=words)
            )
        return jobs


class PriorityForm(forms.Form):
    """How much of a head start a job gets in the queue."""

    priority = forms.ChoiceField(
        choices=[(priority.label, priority.label.title()) for priority in Priority],
        widget=forms.Select(attrs=INPUT),
    )


class RepeatForm(forms.Form):
    """When a job is to be repeated."""

    EVERY = (
        ("hour", "Every hour"),
        ("day", "Every day"),
        ("weekday", "Every weekday (Monday to Friday)"),
        ("week", "Every week"),
        ("month", "Every month"),
        ("own", "By the cron expression below"),
    )
    WEEKDAYS = tuple(
        enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), 1)
    )

    every = forms.ChoiceField(
        choices=EVERY, initial="day", label="How often", widget=forms.Select(attrs=INPUT)
    )
    time = forms.TimeField(
        initial="09:00",
        label="At",
        help_text="Every hour counts its minutes only.",
        input_formats=["%H:%M", "%H:%M:%S"],
        error_messages={"invalid": "Write the time like 09:30."},
        widget=forms.TimeInput(attrs={**INPUT, "type": "time"}, format="%H:%M"),
    )
    weekday = forms.TypedChoiceField(
        choices=WEEKDAYS,
        coerce=int,
        initial=1,
        label="Day of the week",
        help_text="For every week.",
        widget=forms.Select(attrs=INPUT),
    )
    day = forms.IntegerField(
        min_value=1,
        max_value=31,
        initial=1,
        label="Day of the month",
        help_text="For every month; those that are too short are left out.",
        widget=forms.NumberInput(attrs=INPUT),
    )
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Cron expression",
        help_text="Minute, hour, day of the month, month and day of the week, such as “0 9 * * 1-5”.",
        widget=forms.TextInput(attrs={**INPUT, "autocomplete": "off"}),
    )
    timezone = forms.CharField(
        initial="UTC",
        max_length=64,
        label="Time zone",
        help_text="Such as Europe/Berlin.",
        error_messages={"required": "Write a time zone, such as Europe/Berlin or UTC."},
        widget=forms.TextInput(attrs={**INPUT, "autocomplete": "off"}),
    )
    missed = forms.ChoiceField(
        choices=Schedule.Missed.choices,
        initial=Schedule.Missed.ONCE,
        label="Times missed while nothing ran",
        widget=forms.Select(attrs=INPUT),
    )

    @property
    def expression(self) -> str:
        """The cron expression that was chosen."""
        chosen = self.cleaned_data
        minute, hour = chosen["time"].minute, chosen["time"].hour
        expressions: dict[str, str] = {
            "hour": f"{minute} * * * *",
            "day": f"{minute} {hour} * * *",
            "weekday": f"{minute} {hour} * * 1-5",
            "week": f"{minute} {hour} * * {chosen['weekday']}",
            "month": f"{minute} {hour} {chosen['day']} * *",
            "own": chosen["cron"],
        }
        return expressions[chosen["every"]]

    def blame(self, error: SubmitError) -> None:
        """Puts what was refused to the fields it is about; to the whole form where there is none."""
        for one in error.errors or [{"path": "", "message": error.message}]:
            self.add_error(one["path"] if one["path"] in self.fields else None, one["message"])
