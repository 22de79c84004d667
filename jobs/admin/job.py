"""Jobs in the admin: to look at, to requeue, to cancel."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from jobs import actions
from jobs.admin.drawing import badge, dollars, duration, link_to
from jobs.admin.filters import ByError, ByKind
from jobs.admin.looking import Deletable, LookingAdmin, LookingInline, delete_with_file
from jobs.errors import NotAllowedNow
from jobs.models import Job, Step, Upload

AT_ONCE = 100
"""How many jobs are requeued in one transaction, so that the queue goes on meanwhile."""


class Steps(LookingInline):
    """A job's steps, with what became of each attempt."""

    model = Step
    fields = ("name", "state", "progress", "attempts", "tried", "provider", "model", "spent", "error_message")
    readonly_fields = ("state", "tried", "spent")
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """Without what they gave, which is the owner's."""
        return super().get_queryset(request).defer("output").prefetch_related("history")

    @admin.display(description="status")
    def state(self, step: Step) -> SafeString:
        """The status, in its colour."""
        return badge(step.status)

    @admin.display(description="history")
    def tried(self, step: Step) -> SafeString:
        """Each attempt: what came of it, and its error."""
        told = (
            (link_to(one, f"{one.number}: {one.outcome} {one.error_code}"),) for one in step.history.all()
        )
        return format_html_join(" · ", "{}", told)

    @admin.display(description="cost")
    def spent(self, step: Step) -> str:
        """What it cost."""
        return dollars(step.cost_usd) if step.provider else "–"


@admin.register(Job)
class JobAdmin(Deletable, LookingAdmin):
    """Jobs. What people put in and got out is theirs, and not shown here."""

    list_display = ("title", "owner", "kind", "state", "done", "cost", "created_at", "took", "error_code")
    list_filter = ("status", ByKind, ByError, "created_at")
    list_select_related = ("owner",)
    search_fields = ("id__startswith", "title", "owner__username")
    ordering = ("-created_at", "-id")
    exclude = ("input",)
    readonly_fields = ("state",)
    inlines = (Steps,)
    actions = ("requeue", "cancel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Without their input."""
        return super().get_queryset(request).defer("input")

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether they may requeue and cancel: who may change jobs by Django's own rights."""
        return request.user.has_perm("jobs.change_job")

    @admin.display(description="status", ordering="status")
    def state(self, job: Job) -> SafeString:
        """The status, in its colour."""
        return badge(job.status)

    @admin.display(description="progress", ordering="progress")
    def done(self, job: Job) -> str:
        """How far it is."""
        return f"{job.progress:.0%}"

    @admin.display(ordering="cost_usd")
    def cost(self, job: Job) -> str:
        """What it cost so far."""
        return dollars(job.cost_usd)

    @admin.display(description="duration")
    def took(self, job: Job) -> str:
        """From its first step's start to its end, or until now."""
        return duration(job.started_at, job.finished_at or timezone.now())

    @admin.action(description="Requeue the selected jobs", permissions=["act"])
    def requeue(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Gives those that failed or were cancelled another go."""
        ids = list(jobs.order_by("created_at").values_list("pk", flat=True))
        done = sum(actions.requeue(ids[at : at + AT_ONCE]) for at in range(0, len(ids), AT_ONCE))
        self._report(request, "requeued", done, len(ids), "only failed and cancelled jobs can be")

    @admin.action(description="Cancel the selected jobs", permissions=["act"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Stops those that are not over."""
        chosen = list(jobs.order_by("created_at"))
        done = sum(_cancelled(job) for job in chosen)
        self._report(request, "cancelled", done, len(chosen), "the others were over already")

    def delete_model(self, request: HttpRequest, obj: Job) -> None:
        """Deletes it, and its file if no other job has it."""
        self.delete_queryset(request, Job.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        """Deletes them, and the files that no other job has."""
        with transaction.atomic():
            files = list(Upload.objects.filter(job__in=queryset).distinct())
            super().delete_queryset(request, queryset)
            for upload in files:
                if not upload.job_set.exists():
                    delete_with_file(upload)

    def _report(self, request: HttpRequest, verb: str, done: int, of: int, why: str) -> None:
        if done == of:
            self.message_user(request, f"{done} {verb}.", messages.SUCCESS)
        else:
            self.message_user(request, f"{done} of {of} {verb}; {why}.", messages.WARNING)


def _cancelled(job: Job) -> bool:
    try:
        actions.cancel(job)
    except NotAllowedNow:
        return False
    return True
