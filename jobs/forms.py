"""What people choose on the jobs pages."""

from __future__ import annotations

from django import forms
from django.db.models import Q, QuerySet

from jobs.kinds import registry
from jobs.models import Job
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
