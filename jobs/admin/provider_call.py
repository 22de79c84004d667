"""Calls to providers, in the admin: who asked whom, what it took, what it cost."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from jobs.admin.drawing import duration, link_to
from jobs.admin.looking import LookingAdmin
from jobs.models import ProviderCall


@admin.register(ProviderCall)
class ProviderCallAdmin(LookingAdmin):
    """Calls to providers: what they took, and how much they are; not what was answered."""

    list_display = (
        "started_at", "of_step", "attempt", "task", "provider", "model", "outcome", "used", "took", "size",
    )  # fmt: skip
    list_filter = ("outcome", "provider", "model", "task", "error_code", "started_at")
    list_select_related = ("step",)
    search_fields = ("step__job__id__startswith",)
    ordering = ("-id",)
    exclude = ("answer", "step")
    readonly_fields = ("of_step", "used", "took", "size")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderCall]:
        """Without what steps gave."""
        return super().get_queryset(request).defer("step__output")

    @admin.display(description="step")
    def of_step(self, call: ProviderCall) -> SafeString | str:
        """The step that asked."""
        return link_to(call.step, call.step.name) if call.step else "deleted"

    @admin.display(description="usage")
    def used(self, call: ProviderCall) -> str:
        """Tokens and money."""
        tokens = " + ".join("?" if one is None else str(one) for one in (call.tokens_in, call.tokens_out))
        return f"{tokens} tokens, {'unknown' if call.cost_usd is None else f'${call.cost_usd:f}'}"

    @admin.display(description="duration")
    def took(self, call: ProviderCall) -> str:
        """How long it took."""
        return duration(call.started_at, call.finished_at)

    @admin.display(description="answer")
    def size(self, call: ProviderCall) -> str:
        """How long the answer is."""
        if not call.answer:
            return "–"
        if "vectors" in call.answer:
            return f"{len(call.answer['vectors'])} vectors"
        return f"{len(call.answer['text'])} characters"
