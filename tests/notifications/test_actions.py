from __future__ import annotations

import pytest

from notifications import feed
from notifications.actions import mark_all_read, mark_read
from notifications.models import Notification
from shipspeak.accounts.models import User
from tests.notifications.things import events, tell


def test_it_marks_one_as_read_and_tells(alice: User) -> None:
    first, _ = tell(alice), tell(alice)
    assert mark_read(alice, first.pk).read_at is not None
    assert events(alice)[2:] == [("notification.read", {"id": first.pk, "unread": 1})]


def test_it_reads_twice_as_once(alice: User) -> None:
    notification = tell(alice)
    once = mark_read(alice, notification.pk)
    assert mark_read(alice, notification.pk).read_at == once.read_at
    assert len(events(alice)) == 2


def test_it_knows_no_notification_of_another(alice: User, charlie: User) -> None:
    notification = tell(alice)
    with pytest.raises(Notification.DoesNotExist):
        mark_read(charlie, notification.pk)
    notification.refresh_from_db()
    assert notification.read_at is None
    assert events(charlie) == []


def test_it_marks_all_of_ones_own_as_read(alice: User, bob: User) -> None:
    tell(alice)
    newest = tell(alice)
    tell(bob)
    assert mark_all_read(alice) == 2
    assert events(alice)[2:] == [("notification.read", {"up_to": newest.pk, "unread": 0})]
    assert (feed.unread(alice.pk), feed.unread(bob.pk)) == (0, 1)
    assert mark_all_read(alice) == 0
    assert len(events(alice)) == 3
