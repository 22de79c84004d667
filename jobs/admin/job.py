"""Jobs in the admin: to look at, to requeue, to cancel."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs import actions, requeueing
from jobs.admin.drawing import badge, dollars, duration, link_to
from jobs.admin.filters import ByError, ByKind
from jobs.admin.looking import Deletable, LookingAdmin, LookingInline, delete_with_file
from jobs.errors import NotAllowedNow
from jobs.models import Job, Step, Upload
from jobs.states import REQUEUEABLE, Status

SHOWN = 50
"""How many of the jobs that are to be requeued are named on the page that asks."""


class Steps(LookingInline):
    """A job's steps, with what became of each attempt."""

    model = Step
    fields = (
        "name",
        "state",
        "items",
        "progress",
        "attempts",
        "tried",
        "provider",
        "model",
        "spent",
        "error_message",
    )
    readonly_fields = ("state", "items", "tried", "spent")
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """Without what they gave, which is the owner's; and without items, which may be a thousand."""
        rows = super().get_queryset(request).filter(part_of="").defer("output", "item")
        steps: QuerySet[Step] = rows.annotate(**_counts()).prefetch_related("history")
        return steps

    @admin.display(description="status")
    def state(self, step: Step) -> SafeString:
        """The status, in its colour."""
        return badge(step.status)

    @admin.display(description="items")
    def items(self, step: Step) -> str:
        """How many of its items are done, if it goes through a list."""
        counts: Any = step
        if not counts.items_made:
            return "–"
        failed = f", {counts.items_failed} failed" if counts.items_failed else ""
        return f"{counts.items_completed} of {counts.items_made}{failed}"

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
    readonly_fields = ("state", "page")
    when_empty = "They are listed here when somebody submits a file or a text."
    inlines = (Steps,)
    actions = ("requeue", "cancel")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Without their input; each knows whether it is of who asks."""
        own = ExpressionWrapper(Q(owner=request.user.pk), output_field=BooleanField())
        jobs: QuerySet[Job] = super().get_queryset(request).defer("input").annotate(is_own=own)
        return jobs

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The way to the job's page first; the status once, in its colour."""
        others = super().get_fields(request, obj)
        return ["page", "state", *(name for name in others if name not in ("page", "state", "status"))]

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Whether they may requeue and cancel: who may change jobs by Django's own rights."""
        return request.user.has_perm("jobs.change_job")

    @admin.display(description="status", ordering="status")
    def state(self, job: Job) -> SafeString:
        """The status, in its colour."""
        return badge(job.status)

    @admin.display
    def page(self, job: Job) -> SafeString:
        """The way to the page on which its owner, and nobody else, sees what came of it."""
        if not job.is_own:  # type: ignore[attr-defined]
            return format_html("Only {} can open it.", job.owner)
        return format_html(
            '<a href="{}" style="text-decoration:underline">Open the job’s page</a>',
            reverse("jobs:job", args=[job.pk]),
        )

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
    def requeue(self, request: HttpRequest, jobs: QuerySet[Job]) -> HttpResponse | None:
        """Gives those that failed or were cancelled another go, once that was confirmed, on a page that says
        how many they are and which."""
        if "confirmed" not in request.POST:
            return self._confirm_requeue(request, jobs)
        count = jobs.count()
        done = sum(requeueing.requeue(jobs))
        self._report(request, "requeued", done, count, "the others did not fail, or wait for one that did")
        return None

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

    def _confirm_requeue(self, request: HttpRequest, jobs: QuerySet[Job]) -> HttpResponse:
        found = requeueing.foresee(jobs)
        context = {
            **self.admin_site.each_context(request),
            "title": "Requeue jobs",
            "opts": self.opts,
            "heaps": found.heaps,
            "count": found.count,
            "blocked": found.blocked,
            "jobs": jobs.filter(status__in=REQUEUEABLE)[:SHOWN],
            "shown": SHOWN,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/jobs/requeue.html", context)

    def _report(self, request: HttpRequest, verb: str, done: int, of: int, why: str) -> None:
        if done == of:
            self.message_user(request, f"{done} {verb}.", messages.SUCCESS)
        else:
            self.message_user(request, f"{done} of {of} {verb}; {why}.", messages.WARNING)


def _counts() -> dict[str, Subquery]:
    """How many items a step has, and how many of them are done and failed."""
    items = Step.objects.filter(job_id=OuterRef("job_id"), part_of=OuterRef("name")).order_by()

    def count(found: QuerySet[Step]) -> Subquery:
        return Subquery(found.values("part_of").annotate(count=Count("pk")).values("count"))

    return {
        "items_made": count(items),
        "items_completed": count(items.filter(status=Status.COMPLETED)),
        "items_failed": count(items.filter(status=Status.FAILED)),
    }


def _cancelled(job: Job) -> bool:
    try:
        actions.cancel(job)
    except NotAllowedNow:
        return False
    return True
