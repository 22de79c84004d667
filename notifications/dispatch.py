"""Telling people: what the rest of ShipSpeak calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils import timezone

from notifications import feed, outbox, preferences
from notifications.models import Delivery, Level, Notification
from notifications.models.notification import BODY_LENGTH, LINK_LENGTH, SUBJECT_LENGTH
from notifications.transports import transports
from notifications.transports.contract import Transport
from notifications.wording import local_path, one_line, paragraph


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is to be told.

    Args:
        user_id: whom. When the account is gone, nobody is told.
        event: what happened, such as "job.completed"; decides over which transports.
        subject: the news in one line. Longer than 200 characters, it is cut.
        body: more of it, or "". Longer than 2,000 characters, it is cut.
        link: the path on this site where it leads, or "".
        level: "info", "success", "warning" or "error".
        job_id: the job it is about.

    Raises:
        LinkNotLocal: ``link`` leads elsewhere.
        ValueError: ``level`` or ``job_id`` is not one.
    """

    user_id: int
    event: str
    subject: str
    body: str
    link: str
    level: str = "info"
    job_id: str | None = None

    def __post_init__(self) -> None:
        local_path(self.link, LINK_LENGTH)
        Level(self.level)
        _uuid(self.job_id)


def notify(
    user_id: int,
    event: str,
    *,
    subject: str,
    body: str,
    link: str,
    level: str = "info",
    job_id: str | None = None,
) -> None:
    """Tells one person; see `Notice` and `notify_many`."""
    notify_many([Notice(user_id, event, subject, body, link, level, job_id)])


def notify_many(notices: Iterable[Notice]) -> None:
    """Tells people, in a handful of statements however many they are.

    Writes the notifications, ``notification.created`` to the stream of each person, and a delivery for
    each transport that the person's preferences give. What is not delivered with that is sent by a
    worker, after the commit. Inside the caller's transaction: all of it happens if that commits.
    """
    wanted = list(notices)
    if not wanted:
        return
    with transaction.atomic(savepoint=False):
        people = get_user_model().objects.in_bulk({each.user_id for each in wanted})
        feed.hold(people)
        rows = [_row(each, people[each.user_id]) for each in wanted if each.user_id in people]
        written = Notification.objects.bulk_create(rows)
        feed.tell_created(written)
        outbox.wake_on_commit(Delivery.objects.bulk_create(_deliveries(written)))


def _row(notice: Notice, recipient: Any) -> Notification:
    return Notification(
        recipient=recipient,
        event=notice.event,
        level=notice.level,
        subject=one_line(notice.subject, SUBJECT_LENGTH),
        body=paragraph(notice.body, BODY_LENGTH),
        link=notice.link,
        job_id=_uuid(notice.job_id),
    )


def _deliveries(notifications: list[Notification]) -> list[Delivery]:
    available = transports().values()
    chosen: Mapping[int, preferences.Choices] = preferences.choices_of(
        {each.recipient_id for each in notifications}
    )
    return [
        _delivery(notification, transport)
        for notification in notifications
        for transport in preferences.transports_for(
            notification.event, chosen.get(notification.recipient_id, {}), available
        )
    ]


def _delivery(notification: Notification, transport: Transport) -> Delivery:
    recipient: AbstractUser = notification.recipient
    row = Delivery(notification=notification, transport=transport.name)
    if obstacle := transport.reachable(recipient):
        row.status, row.last_error = Delivery.Status.SKIPPED, obstacle
    elif transport.immediate:
        row.status, row.sent_at = Delivery.Status.SENT, timezone.now()
    return row


def _uuid(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)
