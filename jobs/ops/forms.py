"""What operators fill in."""

from __future__ import annotations

from typing import Any

from django import forms

from jobs import requeueing
from jobs.admission import WHOLE_QUEUE
from jobs.kinds import registry
from jobs.requeueing import Chosen


def _kinds() -> list[tuple[str, str]]:
    titles = sorted((kind.title, kind.name) for kind in registry)
    return [(WHOLE_QUEUE, "The whole queue"), *((name, title) for title, name in titles)]


class PauseForm(forms.Form):
    """What is paused, and how."""

    kind = forms.ChoiceField(label="Pause", required=False, choices=_kinds)
    stop_running = forms.BooleanField(label="Stop what runs; it starts again later", required=False)
    refuse_new = forms.BooleanField(label="Take no new jobs meanwhile", required=False)


class RequeueForm(forms.Form):
    """Which failed jobs get another go; an empty field leaves nothing out."""

    kind = forms.CharField(label="Kind", required=False, max_length=64)
    error = forms.CharField(label="Error", required=False, max_length=40)
    since = forms.CharField(
        label="Failed within the last", required=False, max_length=12, help_text="Like 30m, 2h or 3d."
    )

    def clean_since(self) -> str:
        """Whether it is a time."""
        since: str = self.cleaned_data["since"]
        if since:
            try:
                requeueing.age(since)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
        return since

    def chosen(self) -> Chosen:
        """The choice, once it is valid."""
        asked: dict[str, Any] = self.cleaned_data
        since = requeueing.age(asked["since"]) if asked["since"] else None
        return Chosen(kind=asked["kind"], error=asked["error"], since=since)
