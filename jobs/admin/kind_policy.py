"""What operators decided about kinds of jobs, in the admin: how much of each runs at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import pausing
from jobs.admin.looking import PlainAdmin
from jobs.errors import UnknownKind
from jobs.kinds import registry
from jobs.models import KindPolicy


class KindPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A limit and a pause, explained."""

    paused = forms.BooleanField(
        required=False, help_text="Starts nothing more of it. What is queued stays queued, in its order."
    )

    class Meta:
        model = KindPolicy
        fields = ("kind", "max_running", "stop_running", "refuse_new")
        labels = {
            "max_running": "Steps at once",
            "stop_running": "While it is paused, stop what runs",
            "refuse_new": "While it is paused, refuse new jobs",
        }
        help_texts = {
            "kind": "Whose steps are limited; “the whole queue” is all kinds together.",
            "max_running": "How many steps run at the same time, at most, on all workers together. Empty: no "
            "limit but the free slots. 0: nothing new starts until this is changed.",
            "stop_running": "Gives it back to the queue within a second, unharmed. Else it may finish.",
            "refuse_new": "Tells people that no new jobs are taken. Else their jobs wait.",
        }

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["paused"].initial = self.instance.paused_at is not None
        if "kind" in self.fields:
            kinds = [(kind.name, kind.title) for kind in registry]
            self.fields["kind"] = forms.ChoiceField(
                choices=[("", "The whole queue"), *kinds],
                required=False,
                help_text=self.fields["kind"].help_text,
            )


@admin.register(KindPolicy)
class KindPolicyAdmin(PlainAdmin):
    """Limits of kinds and of the whole queue, and what is paused."""

    form = KindPolicyForm
    list_display = ("__str__", "max_running", "paused_at", "paused_by", "stop_running", "refuse_new")
    list_select_related = ("paused_by",)
    actions = ("pause", "resume")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The kind stays what it is."""
        return ("kind",) if obj else ()

    def save_model(self, request: HttpRequest, obj: KindPolicy, form: Any, change: bool) -> None:
        """Writes the limit; the pause only if that was changed, for it may have begun or ended meanwhile."""
        if change:
            obj.save(update_fields=["max_running"])
        else:
            KindPolicy(kind=obj.kind, max_running=obj.max_running).save()
            obj.pk = KindPolicy.objects.get(kind=obj.kind).pk
        chosen = form.cleaned_data
        if not {"paused", "stop_running", "refuse_new"} & set(form.changed_data):
            return
        if chosen["paused"]:
            pausing.pause(
                obj.kind,
                by=request.user,
                stop_running=chosen["stop_running"],
                refuse_new=chosen["refuse_new"],
            )
        else:
            pausing.resume(obj.kind)

    @admin.action(description="Pause the selected", permissions=["change"])
    def pause(self, request: HttpRequest, policies: QuerySet[KindPolicy]) -> None:
        """Starts nothing more of them; what runs may finish."""
        for policy in policies:
            try:
                pausing.pause(policy.kind, by=request.user)
            except UnknownKind as error:
                self.message_user(request, error.message, messages.ERROR)

    @admin.action(description="Resume the selected", permissions=["change"])
    def resume(self, request: HttpRequest, policies: QuerySet[KindPolicy]) -> None:
        """Lets them go on."""
        for policy in policies:
            pausing.resume(policy.kind)
