"""Keeps django-q2's own tables out of the admin: its messages and timers say nothing of jobs."""

from __future__ import annotations

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success


def hide() -> None:
    """Takes django-q2's pages away again; it is loaded before us."""
    for model in (Failure, OrmQ, Schedule, Success):
        if admin.site.is_registered(model):
            admin.site.unregister(model)
