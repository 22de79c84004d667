"""Filters of the admin's lists whose choices cost no query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import errors
from jobs.kinds import registry


class Choice(admin.SimpleListFilter):
    """A filter whose choices are known without asking the database; they stand for values of a field."""

    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices."""
        return [(name, name) for name in sorted(set(self.names()))]

    def names(self) -> Iterator[str]:
        """The values there are."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that have the chosen value."""
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class ByKind(Choice):
    """By kind of job."""

    title, parameter_name, field = "kind", "kind", "kind"

    def names(self) -> Iterator[str]:
        """All kinds."""
        return (kind.name for kind in registry)


class ByStep(Choice):
    """By the name of a step."""

    title, parameter_name, field = "step", "name", "name"

    def names(self) -> Iterator[str]:
        """All steps of all kinds."""
        return (step.name for kind in registry for step in kind.steps)


class ByError(Choice):
    """By what went wrong."""

    title, parameter_name, field = "error", "error", "error_code"

    def names(self) -> Iterator[str]:
        """The codes of all errors."""
        return iter(errors.codes())
