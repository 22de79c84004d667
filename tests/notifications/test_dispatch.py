from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from notifications.dispatch import Notice, notify, notify_many
from notifications.models import Delivery, Notification
from notifications.preferences import choose
from notifications.wording import LinkNotLocal
from shipspeak.accounts.models import User
from tests.notifications.things import Post, events, notice, runs_asked_for, tell


def ways(user: User) -> dict[str, str]:
    return dict(Delivery.objects.filter(notification__recipient=user).values_list("transport", "status"))


def test_it_writes_what_was_told(alice: User) -> None:
    job = uuid4()
    notify(alice.pk, "job.failed", subject="No", body="Why.", link="/jobs/", level="error", job_id=str(job))
    row = Notification.objects.get()
    assert (row.recipient, row.event, row.subject, row.body) == (alice, "job.failed", "No", "Why.")
    assert (row.link, row.level, row.job_id, row.read_at) == ("/jobs/", "error", job, None)


def test_it_tells_the_persons_stream_with_the_whole_count(alice: User, charlie: User) -> None:
    first, second = tell(alice), tell(alice, subject="Retro is ready")
    told = events(alice)
    assert [name for name, _ in told] == ["notification.created"] * 2
    assert [data["unread"] for _, data in told] == [1, 2]
    assert [data["notification"]["id"] for _, data in told] == [first.pk, second.pk]
    assert told[1][1]["notification"]["subject"] == "Retro is ready"
    assert events(charlie) == []


def test_it_delivers_in_the_app_at_once_and_leaves_the_rest_to_a_worker(alice: User) -> None:
    tell(alice)
    assert ways(alice) == {"in_app": "sent", "email": "pending"}


def test_it_follows_each_persons_preferences(alice: User, bob: User) -> None:
    choose(alice, "job.completed", "email", on=False)
    notify_many([notice(alice), notice(bob)])
    assert ways(alice) == {"in_app": "sent"}
    assert ways(bob) == {"in_app": "sent", "email": "pending"}


def test_it_skips_whom_a_transport_cannot_reach_and_says_why(alice: User) -> None:
    alice.email = ""
    alice.save()
    tell(alice)
    row = Delivery.objects.get(transport="email")
    assert (row.status, row.last_error) == ("skipped", "The account has no email address.")


def test_it_does_nothing_of_it_when_the_caller_rolls_back(
    alice: User, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        tell(alice)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()
    assert events(alice) == []
    assert runs_asked_for() == 0


def test_it_asks_for_one_run_after_the_commit(alice: User, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tell(alice)
        assert runs_asked_for() == 0
    assert runs_asked_for() == 1


def test_it_asks_for_no_second_run_while_one_is_asked_for(
    alice: User, bob: User, django_capture_on_commit_callbacks
) -> None:
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            tell(alice)
            notify_many([notice(bob), notice(alice)])
    assert runs_asked_for() == 1


def test_it_asks_anew_when_the_run_that_was_asked_for_seems_lost(
    alice: User, post: Post, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        tell(alice)
    Delivery.objects.update(next_try_at=timezone.now() - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        tell(alice)
    assert runs_asked_for() == 2


def test_it_asks_for_no_run_when_nothing_is_left_to_send(
    alice: User, django_capture_on_commit_callbacks
) -> None:
    choose(alice, "job.completed", "email", on=False)
    with django_capture_on_commit_callbacks(execute=True):
        tell(alice)
    assert runs_asked_for() == 0


def test_it_takes_as_many_statements_for_many_as_for_one(
    alice: User, bob: User, django_assert_max_num_queries
) -> None:
    notify_many([notice(alice), notice(bob)])
    with django_assert_max_num_queries(8):
        notify_many([notice(alice)])
    with django_assert_max_num_queries(9):  # a stream more to number
        notify_many([notice(alice), notice(bob)] * 25)
    assert Notification.objects.count() == 53


def test_it_does_nothing_for_no_notices(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        notify_many([])


def test_it_passes_over_accounts_that_are_gone(alice: User) -> None:
    gone = Notice(alice.pk + 1000, "job.completed", "Ready", "", "/")
    notify_many([gone, notice(alice)])
    assert Notification.objects.get().recipient == alice


def test_it_cuts_what_is_too_long_and_cleans_what_is_not_text(alice: User) -> None:
    row = tell(alice, subject="x\r\nBcc: a@b.c" + "y" * 300, body="z\x00" * 3000)
    row.refresh_from_db()
    assert len(row.subject) == 200
    assert row.subject.startswith("x Bcc: a@b.cyyy")
    assert len(row.body) == 2000
    assert "\x00" not in row.body


def test_it_refuses_a_notice_that_leads_elsewhere(alice: User) -> None:
    with pytest.raises(LinkNotLocal):
        notice(alice, link="https://evil.example/")


@pytest.mark.parametrize("fields", [{"level": "loud"}, {"job_id": "seven"}])
def test_it_refuses_a_notice_that_makes_no_sense(alice: User, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        notice(alice, **fields)
