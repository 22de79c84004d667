from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command

from jobs.errors import InvalidData
from jobs.models import Worker
from tests.jobs.engine import claim, job, settle

pytestmark = pytest.mark.django_db


def shown(*arguments):
    out = io.StringIO()
    call_command("queue", *arguments, stdout=out)
    return out.getvalue()


def test_it_shows_the_queue_in_words():
    job("broken")
    settle(claim()[0], InvalidData("No."))
    job("slow", priority="high")
    text = shown()
    assert "1 queued, 0 processing, 0 retrying" in text
    assert "1 of test.slow, high" in text
    assert "1 × invalid_data" in text
    assert "No worker is running" in text


def test_it_tells_workers_from_those_kept_for_housekeeping():
    for host, slot in (("here", 0), ("here", 1), ("there", 0)):
        Worker.objects.create(host=host, pid=1, slot=slot, concurrency=64)
    assert "3 working on jobs, 2 for housekeeping" in shown()


def test_it_shows_an_idle_queue():
    assert "none lately" in shown()
    assert "nothing holds the queue up" in shown()


def test_it_shows_the_queue_as_json():
    job("slow")
    assert json.loads(shown("--json"))["queued"] == 1
