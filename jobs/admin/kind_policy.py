"""What operators decided about kinds of jobs, in the admin: how much of each runs at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import Exact
from django.http import HttpRequest

from jobs import pausing
from jobs.admin.looking import PlainAdmin
from jobs.admission import WHOLE_QUEUE
from jobs.errors import UnknownKind
from jobs.kinds import registry
from jobs.models import KindPolicy, Step
from jobs.states import Status


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
    list_display = ("of", "state", "running", "queued", "paused_at", "paused_by")
    list_select_related = ("paused_by",)
    actions = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[KindPolicy]:
        """Each with how many steps run and are queued of it."""
        counts = {"running": _steps(Status.PROCESSING), "queued": _steps(Status.QUEUED)}
        policies: QuerySet[KindPolicy] = super().get_queryset(request).annotate(**counts)
        return policies

    @admin.display(description="kind", ordering="kind")
    def of(self, policy: KindPolicy) -> str:
        """The kind as people call it, and its name."""
        if not policy.kind:
            return "The whole queue"
        if policy.kind not in registry:
            return f"{policy.kind} (no longer installed)"
        return f"{registry.get(policy.kind).title} ({policy.kind})"

    @admin.display(description="now")
    def state(self, policy: KindPolicy) -> str:
        """Whether it goes on, and what a pause does besides."""
        if policy.paused_at is None:
            return "Going on" if policy.max_running != 0 else "Held: 0 steps at once"
        more = [("stops what runs", policy.stop_running), ("refuses new jobs", policy.refuse_new)]
        return ", ".join(["Paused", *(words for words, so in more if so)])

    @admin.display(description="steps running")
    def running(self, policy: Any) -> str:
        """How many steps run, of how many."""
        most = "no limit" if policy.max_running is None else f"at most {policy.max_running:,}"
        return f"{policy.running or 0:,} ({most})"

    @admin.display(description="steps queued")
    def queued(self, policy: Any) -> str:
        """How many steps wait for a slot."""
        return f"{policy.queued or 0:,}"

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


def _steps(status: Status) -> Subquery:
    """How many steps of a policy's kind have this status; of all kinds, for the whole queue."""
    of = Q(kind=OuterRef("kind")) | Q(Exact(OuterRef("kind"), Value(WHOLE_QUEUE)))
    steps = Step.objects.filter(of, status=status).order_by()
    return Subquery(steps.values("status").annotate(count=Count("pk")).values("count"))
