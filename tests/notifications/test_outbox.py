from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from notifications import outbox
from notifications.backoff import MAX_ATTEMPTS
from notifications.models import Delivery
from notifications.outbox import PATIENCE, deliver_due, send_again
from notifications.transports import transports
from shipspeak.accounts.models import User
from tests.notifications.things import (
    Post,
    email_of,
    events,
    hurry,
    permanent,
    runs_asked_for,
    tell,
    transient,
)


def test_it_sends_what_is_due_once(alice: User, post: Post) -> None:
    first, second = email_of(tell(alice)), email_of(tell(alice))
    deliver_due()
    deliver_due()
    assert post.sent == [first.pk, second.pk]
    first.refresh_from_db()
    assert (first.status, first.attempts, first.last_error) == ("sent", 1, "")
    assert first.sent_at is not None


def test_it_leaves_what_is_not_due(alice: User, post: Post) -> None:
    tell(alice)
    Delivery.objects.update(next_try_at=timezone.now() + timedelta(minutes=1))
    deliver_due()
    assert post.calls == 0


def test_it_tries_again_later_after_a_transient_error(alice: User, post: Post) -> None:
    row = email_of(tell(alice))
    post.errors = [transient()]
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.last_error) == ("pending", 1, "The post is on strike.")
    assert timedelta(seconds=10) < row.next_try_at - timezone.now() <= timedelta(seconds=30)
    deliver_due()
    assert post.calls == 1
    hurry()
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.last_error) == ("sent", 2, "")


def test_it_gives_up_after_a_permanent_error(alice: User, post: Post) -> None:
    row = email_of(tell(alice))
    post.errors = [permanent()]
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.last_error) == ("failed", 1, "There is no such house.")
    hurry()
    deliver_due()
    assert post.calls == 1


def test_it_gives_up_after_the_last_attempt(alice: User, post: Post) -> None:
    row = email_of(tell(alice))
    post.errors = [transient() for _ in range(MAX_ATTEMPTS + 5)]
    for _ in range(MAX_ATTEMPTS + 2):
        hurry()
        deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("failed", MAX_ATTEMPTS)
    assert post.calls == MAX_ATTEMPTS


def test_it_goes_on_after_a_transport_broke(
    alice: User, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = email_of(tell(alice)), email_of(tell(alice))
    post.errors = [ZeroDivisionError("oh")]
    deliver_due()
    broken.refresh_from_db()
    assert (broken.status, broken.last_error) == (
        "pending",
        "The transport is at fault: ZeroDivisionError: oh",
    )
    assert post.sent == [fine.pk]
    assert "broke on delivery" in caplog.text


def test_it_leaves_a_transport_alone_that_keeps_failing(alice: User, post: Post) -> None:
    for _ in range(PATIENCE + 4):
        tell(alice)
    post.errors = [transient() for _ in range(100)]
    deliver_due()
    assert post.calls == PATIENCE
    assert Delivery.objects.filter(transport="email", attempts=0, status="pending").count() == 4


def test_it_goes_on_with_a_transport_that_only_refuses_some(alice: User, post: Post) -> None:
    for _ in range(PATIENCE + 4):
        tell(alice)
    post.errors = [permanent() for _ in range(PATIENCE + 1)]
    deliver_due()
    assert len(post.sent) == 3


def test_it_skips_whom_it_cannot_reach_any_more(alice: User, post: Post) -> None:
    row = email_of(tell(alice))
    post.obstacle = "Moved away."
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.last_error) == ("skipped", "Moved away.")
    assert post.calls == 0


def test_it_skips_what_a_transport_that_was_taken_out_left(
    alice: User, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = email_of(tell(alice))
    monkeypatch.delitem(transports(), "email")  # type: ignore[arg-type]
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.last_error) == ("skipped", "There is no transport email any more.")


def test_it_takes_up_what_a_dead_worker_left(alice: User, post: Post) -> None:
    row = email_of(tell(alice))

    def die(delivery: Delivery) -> None:
        raise KeyboardInterrupt

    post.during = die
    with pytest.raises(KeyboardInterrupt):
        deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("pending", 1)
    deliver_due()
    assert post.calls == 1, "until its time is over, the first worker may still be sending"
    hurry()
    post.during = lambda delivery: None
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("sent", 2)


def test_it_ends_what_kills_every_worker(alice: User, post: Post) -> None:
    row = email_of(tell(alice))
    Delivery.objects.filter(pk=row.pk).update(attempts=MAX_ATTEMPTS)
    deliver_due()
    row.refresh_from_db()
    assert row.status == "failed"
    assert post.calls == 0


@pytest.mark.parametrize(("errors", "status"), [([], "sent"), ([transient()], "pending")])
def test_it_lets_a_late_worker_write_nothing(
    alice: User, post: Post, errors: list[Exception], status: str
) -> None:
    row = email_of(tell(alice))

    def overtaken(delivery: Delivery) -> None:
        post.during = lambda delivery: None
        post.errors = list(errors)
        hurry()
        deliver_due()
        post.errors = [permanent()]

    post.during = overtaken
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == (status, 2)


def test_it_makes_room_for_others_after_a_while(
    alice: User, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        tell(alice)
    clock = count(0, outbox.RUN_SECONDS / 2)
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    deliver_due()
    assert len(post.sent) == 2
    assert runs_asked_for() == 1


def test_it_goes_on_until_nothing_is_due(alice: User, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_BATCH", 2)
    for _ in range(5):
        tell(alice)
    deliver_due()
    assert len(post.sent) == 5


def test_it_sends_again_what_is_at_an_end(
    alice: User, post: Post, django_capture_on_commit_callbacks
) -> None:
    failed, pending = email_of(tell(alice)), email_of(tell(alice))
    Delivery.objects.filter(pk=failed.pk).update(status="failed", attempts=8, last_error="No.")
    Delivery.objects.filter(pk=pending.pk).update(attempts=1)
    with django_capture_on_commit_callbacks(execute=True):
        assert send_again(Delivery.objects.filter(transport="email")) == 1
    assert runs_asked_for() == 1
    pending.refresh_from_db()
    assert pending.attempts == 1
    deliver_due()
    failed.refresh_from_db()
    assert (failed.status, failed.attempts, failed.last_error) == ("sent", 1, "")


def test_it_tells_open_pages_again_when_sent_again_in_the_app(alice: User, post: Post) -> None:
    notification = tell(alice)
    send_again(Delivery.objects.filter(transport="in_app"))
    deliver_due()
    told = [data["notification"]["id"] for _, data in events(alice)]
    assert told == [notification.pk, notification.pk]
    assert Delivery.objects.get(transport="in_app").status == "sent"


@pytest.mark.django_db(transaction=True)
def test_it_sends_nothing_twice_when_workers_race(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = User.objects.create(username="alice", email="alice@example.org")
    wanted = sorted(email_of(tell(alice)).pk for _ in range(12))
    threads = [threading.Thread(target=_deliver_and_close) for _ in range(4)]
    holding, sending = Gate(threads), Gate(threads)
    due = outbox._due

    def read_together(without: list[str]) -> list[Delivery]:
        rows = due(without)
        holding.wait()
        return rows

    monkeypatch.setattr(outbox, "_due", read_together)
    post.during = lambda delivery: sending.wait()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(post.sent) == wanted
    assert not Delivery.objects.exclude(status="sent").exists()
    assert set(Delivery.objects.filter(transport="email").values_list("attempts", flat=True)) == {1}


class Gate:
    """Holds each thread up once, until all are there."""

    def __init__(self, threads: list[threading.Thread]) -> None:
        self._awaited = set(threads)
        self._barrier = threading.Barrier(len(threads))

    def wait(self) -> None:
        if threading.current_thread() in self._awaited:
            self._awaited.remove(threading.current_thread())
            self._barrier.wait(timeout=20)


def _deliver_and_close() -> None:
    try:
        deliver_due()
    finally:
        connection.close()
