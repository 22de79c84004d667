"""What staff see of the log."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib import admin

from realtime.models import AnsweredCommand, Event, Stream
from tests.realtime.clients import tell


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Stream, Event, AnsweredCommand])
def test_it_shows_everything_and_lets_nobody_change_it(model, olivia, browser_of, rf) -> None:
    tell("user:1", text="<script>")
    AnsweredCommand.objects.create(person="1", command=uuid4(), name="job.cancel", reply="{}")
    browser = browser_of(olivia)
    base = f"/admin/realtime/{model._meta.model_name}/"
    assert browser.get(base).status_code == 200
    page = browser.get(f"{base}{model.objects.first().pk}/change/")
    assert page.status_code == 200
    assert b": &quot;<script>" not in page.content
    request = rf.get(base)
    request.user = olivia
    shown = admin.site.get_model_admin(model)
    assert shown.get_model_perms(request) == {"add": False, "change": False, "delete": False, "view": True}


@pytest.mark.django_db
def test_it_names_its_rows() -> None:
    tell("user:1", name="job.queued")
    assert str(Stream.objects.get()) == "user:1"
    assert str(Event.objects.get()) == "job.queued #1"
