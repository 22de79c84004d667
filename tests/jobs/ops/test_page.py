"""The operations page."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.errors import InvalidData
from jobs.models import Door, Job, KindPolicy
from jobs.ops import outlook, page, views
from tests.jobs.engine import claim, job, person, settle
from tests.jobs.ops.samples import busy_site, call

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def _nothing_kept():
    outlook.forget()


@pytest.fixture
def operator(olivia, browser_of):
    return browser_of(olivia)


@pytest.fixture
def busy(alice, bob):
    busy_site()


ADDRESSES = ("/ops/", "/ops/now/", "/ops/outlook/", "/ops/outlook/part/", "/ops/requeue/")
HANDLES = ("/ops/pause/", "/ops/resume/", "/ops/doors/1/open/", "/ops/requeue/")


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_there_for_staff_alone(address, alice, operator, browser_of, client):
    assert operator.get(address).status_code == 200
    assert browser_of(alice).get(address).status_code == 404
    away = client.get(address)
    assert (away.status_code, away["Location"].partition("?")[0]) == (302, "/sign-in/")
    assert "no-store" in operator.get(address)["Cache-Control"]


@pytest.mark.parametrize("address", HANDLES)
def test_its_handles_are_for_staff_alone(address, alice, browser_of):
    Door.objects.create(pk=1, provider="openai", failures=5)
    assert browser_of(alice).post(address).status_code == 404
    assert not KindPolicy.objects.exists()
    assert Door.objects.get().failures == 5


def test_the_way_to_it_is_shown_to_staff_alone(alice, operator, browser_of):
    assert 'href="/ops/"' in operator.get("/").content.decode()
    assert 'href="/ops/"' not in browser_of(alice).get("/").content.decode()


def test_it_shows_an_idle_site(operator):
    text = operator.get("/ops/").content.decode()
    for words in (
        "No worker runs",
        "Nothing waits.",
        "No AI service has been called yet.",
        "No attempt failed.",
    ):
        assert words in text


@pytest.mark.usefixtures("busy")
def test_it_looks_at_everything():
    now = page.look()
    assert (now.queue.queued, now.queue.slots.used, now.queue.slots.most) == (4, 1, 64)
    slow, noop = now.queue.rows
    assert [(cell.priority, cell.steps) for cell in slow.cells] == [("urgent", 1), ("normal", 2)]
    assert [round(cell.width) for cell in (*slow.cells, *noop.cells)] == [33, 67, 33]
    (host,) = now.hosts
    assert (host.name, [beat.is_late for beat in host.beats], now.workers) == ("here", [False, True], 1)
    assert [(one.kind, one.refuse_new) for one in now.pauses] == [("test.slow", False)]
    closed, spare = now.doors
    assert (closed.state, closed.traffic.requests, closed.limits.requests) == ("closed", 32, 2)
    assert (closed.failures.lately.hits, closed.failures.lately.count) == (15, 31)
    assert (spare.state, spare.closed_until) == ("open", None)
    assert {one.code: one.count for one in now.errors} == {"invalid_data": 1, "provider_auth": 1}
    assert sum(one.heap.count for one in now.piles) == now.failed == 2
    assert (now.money.spent, now.money.reserved) == (Decimal("0.3"), Decimal("0.5"))
    assert (now.money.calls, now.money.unpriced) == (32, 1)
    assert [(one.name, one.usd) for one in now.money.spenders] == [
        ("bob", Decimal("0.5")),
        ("alice", Decimal("0.3")),
    ]
    assert (now.money.limit, now.money.left) == (None, None)


def test_it_says_what_is_left_of_the_installations_budget(alice, settings):
    settings.BUDGET_USD_PER_DAY = Decimal(2)
    call(alice, outcome="succeeded", cost_usd=Decimal("0.5"))
    call(alice, usd_reserved=Decimal(1))
    call(alice, cost_usd=Decimal(9), started_at=timezone.now() - timedelta(days=2))
    money = page.look().money
    assert (money.left, money.used.width, money.used.is_full) == (Decimal("0.5"), 75.0, False)


@pytest.mark.usefixtures("busy")
def test_it_shows_all_of_it(operator):
    text = operator.get("/ops/").content.decode()
    for words in (
        "“Test: slow” is paused",
        "Closed",
        "provider_auth",
        "/admin/jobs/job/?status=failed&amp;kind=test.broken&amp;error=invalid_data",
        "$0.30",
        "Open now",
        "missing: last beat 120 s ago",
        "from 32 calls",
        "1 call of unknown price not counted.",
    ):
        assert words in text, words
    told = operator.get("/ops/outlook/part/").content.decode()
    assert "The kind “test.slow” is paused." in told
    assert "from 3 waiting jobs" in told
    assert "The kind “test.slow” is paused." in operator.get("/ops/").content.decode(), (
        "what is kept is shown"
    )


@pytest.mark.parametrize("address", ["/ops/", "/ops/now/"])
@pytest.mark.usefixtures("busy")
def test_it_asks_the_database_little(operator, address):
    for _ in range(2):  # without an outlook that is kept, and with one
        with CaptureQueriesContext(connection) as queries:
            assert operator.get(address).status_code == 200
        assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]
        outlook.look()


@pytest.mark.usefixtures("busy")
def test_it_works_out_what_to_expect_only_now_and_then(operator):
    operator.get("/ops/outlook/part/")
    with CaptureQueriesContext(connection) as queries:
        operator.get("/ops/outlook/part/")
    assert len(queries) == 2, "the session and the person"


def test_it_pauses_and_resumes(operator, olivia):
    operator.get("/ops/")
    done = operator.post("/ops/pause/", {"kind": "test.slow", "refuse_new": "on"}, follow=True)
    assert "“Test: slow” is paused. What waits keeps its place." in done.content.decode()
    policy = KindPolicy.objects.get()
    assert (policy.kind, policy.refuse_new, policy.stop_running, policy.paused_by) == (
        "test.slow",
        True,
        False,
        olivia,
    )
    assert (
        "“Test: slow” goes on."
        in operator.post("/ops/resume/", {"kind": "test.slow"}, follow=True).content.decode()
    )
    again = operator.post("/ops/resume/", {"kind": "test.slow"}, follow=True)
    assert "was not paused any more" in again.content.decode()
    operator.post("/ops/pause/", {"kind": ""})
    assert "The whole queue is paused" in operator.get("/ops/").content.decode()


@pytest.mark.parametrize("address", ["/ops/pause/", "/ops/resume/"])
def test_it_refuses_kinds_that_there_are_not(operator, address):
    answer = operator.post(address, {"kind": "test.unknown"}, follow=True)
    assert 'data-level="error"' in answer.content.decode()
    assert not KindPolicy.objects.filter(paused_at__isnull=False).exists()


def test_it_opens_a_door(operator):
    door = Door.objects.create(
        provider="openai", failures=5, closed_until=timezone.now() + timedelta(hours=1), closed_for="x"
    )
    answer = operator.post(f"/ops/doors/{door.pk}/open/", follow=True)
    assert "The door to openai is open." in answer.content.decode()
    door.refresh_from_db()
    assert (door.failures, door.closed_until) == (0, None)
    assert operator.post("/ops/doors/99/open/").status_code == 404


@pytest.mark.usefixtures("busy")
def test_it_shows_what_would_be_requeued_before_it_does_it(operator):
    dry = operator.get("/ops/requeue/?kind=test.broken").content.decode()
    assert "1 job would be requeued" in dry
    assert Job.objects.filter(status="failed").count() == 2
    done = operator.post("/ops/requeue/", {"kind": "test.broken"}, follow=True)
    assert "1 job is back in the queue" in done.content.decode()
    assert [one.kind for one in Job.objects.filter(status="failed")] == ["test.slow"]


def test_it_says_so_when_there_are_more_than_one_press_takes(operator, monkeypatch):
    monkeypatch.setattr(views, "MOST_REQUEUED", 1)
    for _ in range(2):
        job("broken", owner=person("bob").username)
        settle(claim()[0], InvalidData("No."))
    answer = operator.post("/ops/requeue/", {"error": "invalid_data"}, follow=True)
    assert answer.redirect_chain == [("/ops/requeue/?error=invalid_data", 302)]
    assert "1 job would be requeued" in answer.content.decode()


def test_it_refuses_a_time_that_is_none(operator):
    answer = operator.get("/ops/requeue/?since=soon")
    assert answer.status_code == 400
    assert "“soon” is no time" in answer.content.decode()
    assert operator.post("/ops/requeue/", {"since": "soon"}).status_code == 400
