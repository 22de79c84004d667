"""Steps, attempts and providers' answers in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.drawing import as_written, badge, duration, link_to
from jobs.admin.filters import ByError, ByKind, ByStep
from jobs.admin.looking import LookingAdmin
from jobs.models import Attempt, Step


@admin.register(Step)
class StepAdmin(LookingAdmin):
    """Steps of all jobs."""

    list_display = (
        "name",
        "of_job",
        "kind",
        "state",
        "attempts",
        "provider",
        "model",
        "error_code",
        "started_at",
    )
    list_filter = ("status", ByKind, ByStep, ByError)
    list_select_related = ("job",)
    search_fields = ("job__id__startswith", "job__title")
    ordering = ("-id",)
    exclude = ("output", "item", "status", "job")
    when_empty = "Each job that is submitted brings its steps."
    readonly_fields = ("state", "of_job")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """Without what they gave."""
        return super().get_queryset(request).defer("output", "item", "job__input")

    @admin.display(description="status", ordering="status")
    def state(self, step: Step) -> SafeString:
        """The status, in its colour."""
        return badge(step.status)

    @admin.display(description="job")
    def of_job(self, step: Step) -> SafeString:
        """Its job."""
        return link_to(step.job, step.job.title)


@admin.register(Attempt)
class AttemptAdmin(LookingAdmin):
    """Attempts: when, where, with which provider, and what went wrong."""

    list_display = ("started_at", "of_step", "number", "outcome", "provider", "model", "error_code", "took")
    list_filter = ("outcome", "provider", ByError, "started_at")
    list_select_related = ("step__job",)
    search_fields = ("step__job__id__startswith", "step__job__title", "error_message")
    ordering = ("-id",)
    exclude = ("error_detail", "step")
    when_empty = "Each time a worker takes up a step, its attempt is listed here."
    readonly_fields = ("of_step", "took", "detail")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Without what steps gave."""
        return super().get_queryset(request).defer("step__output", "step__job__input")

    @admin.display(description="step")
    def of_step(self, attempt: Attempt) -> SafeString:
        """Its step."""
        return link_to(attempt.step, f"{attempt.step.name} of {attempt.step.job.title}")

    @admin.display(description="duration")
    def took(self, attempt: Attempt) -> str:
        """How long it took."""
        return duration(attempt.started_at, attempt.finished_at)

    @admin.display(description="error detail")
    def detail(self, attempt: Attempt) -> SafeString:
        """What operators need to know of the error, such as its traceback."""
        return as_written(attempt.error_detail or "–")
