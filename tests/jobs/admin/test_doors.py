"""Doors in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.models import Door

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed() -> Door:
    return Door.objects.create(
        provider="openai",
        endpoint="host:1",
        model="m",
        failures=5,
        closed_until=timezone.now() + timedelta(minutes=3),
        closed_for="provider_unavailable",
    )


def test_it_shows_why_a_door_is_closed(admin_client, closed):
    page = admin_client.get(reverse("admin:jobs_door_changelist")).content.decode()
    assert "openai host:1 m" in page
    assert "provider_unavailable" in page
    assert ">Closed<" in page


def test_staff_set_limits_and_move_nothing_else(admin_client, closed):
    address = reverse("admin:jobs_door_change", args=[closed.pk])
    assert admin_client.get(address).status_code == 200
    Door.objects.update(failures=9)
    answer = admin_client.post(
        address, {"max_running": "4", "requests_per_minute": "60", "tokens_per_minute": ""}
    )
    assert answer.status_code == 302
    closed.refresh_from_db()
    assert (closed.max_running, closed.requests_per_minute, closed.tokens_per_minute) == (4, 60, None)
    assert closed.failures == 9


def test_staff_open_a_door(admin_client, closed):
    chosen = {"action": "open_now", "_selected_action": [str(closed.pk)]}
    answer = admin_client.post(reverse("admin:jobs_door_changelist"), chosen, follow=True)
    assert "1 opened" in answer.content.decode()
    closed.refresh_from_db()
    assert (closed.closed_until, closed.failures) == (None, 0)


def test_nobody_adds_a_door(admin_client):
    assert admin_client.get(reverse("admin:jobs_door_add")).status_code == 403
