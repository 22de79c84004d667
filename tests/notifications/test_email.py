from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from notifications.outbox import deliver_due
from notifications.transports import transports
from notifications.transports.email.transport import explained, message
from shipspeak.accounts.models import User
from tests.notifications.things import email_of, hurry, tell


def sent() -> EmailMultiAlternatives:
    (only,) = mail.outbox
    assert isinstance(only, EmailMultiAlternatives)
    return only


def test_it_writes_to_the_person_from_us_with_absolute_links(alice: User, settings: Any) -> None:
    settings.SITE_URL, settings.DEFAULT_FROM_EMAIL = "https://ship.example", "ShipSpeak <ship@ship.example>"
    tell(alice, subject="Standup is ready", body="Two decisions.", link="/jobs/7/")
    deliver_due()
    assert sent().to == ["alice@example.org"]
    assert sent().from_email == "ShipSpeak <ship@ship.example>"
    assert sent().subject == "Standup is ready"
    for text in (sent().body, sent().alternatives[0].content):
        assert "Two decisions." in text
        assert "https://ship.example/jobs/7/" in text
        assert "https://ship.example/notifications/preferences/" in text
    assert sent().alternatives[0].mimetype == "text/html"


def test_it_escapes_html_and_leaves_text_as_it_is(alice: User) -> None:
    tell(alice, subject="<b>R&D</b> is ready", body="<script>alert('x')</script>")
    deliver_due()
    assert sent().subject == "<b>R&D</b> is ready"
    assert "<script>alert('x')</script>" in sent().body
    html = sent().alternatives[0].content
    assert "<script>" not in html
    assert "&lt;b&gt;R&amp;D&lt;/b&gt; is ready" in html


def test_it_leaves_out_a_link_that_is_not_there(alice: User) -> None:
    tell(alice, link="", body="")
    deliver_due()
    assert "Open it" not in sent().alternatives[0].content


def test_it_carries_the_same_id_whenever_it_is_sent(alice: User, settings: Any) -> None:
    settings.SITE_URL = "https://ship.example:8443"
    row = email_of(tell(alice))
    ids = {message(row).message()["Message-ID"] for _ in range(2)}
    assert ids == {f"<delivery-{row.pk}@ship.example>"}
    assert message(row).message()["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"email": ""}, "The account has no email address."),
        ({"is_active": False}, "The account is switched off."),
        ({}, None),
    ],
)
def test_it_knows_whom_it_can_reach(fields: dict[str, Any], why: str | None) -> None:
    user = User(username="x", **({"email": "x@example.org"} | fields))
    assert transports()["email"].reachable(user) == why


@pytest.mark.parametrize(
    ("error", "permanent", "says"),
    [
        (ConnectionRefusedError(111, "Connection refused"), False, "Connection refused"),
        (TimeoutError("timed out"), False, "timed out"),
        (smtplib.SMTPServerDisconnected("gone"), False, "gone"),
        (smtplib.SMTPConnectError(421, b"too busy"), False, "421 too busy"),
        (smtplib.SMTPDataError(451, b"later"), False, "451 later"),
        (smtplib.SMTPDataError(554, b"spam"), True, "554 spam"),
        (smtplib.SMTPSenderRefused(550, b"who?", "us"), True, "550 who?"),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (450, b"greylisted")}), False, "450 greylisted"),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (550, b"unknown \xff")}), True, "550 unknown"),
        (smtplib.SMTPAuthenticationError(535, b"secret"), False, "535"),
        (smtplib.SMTPNotSupportedError("STARTTLS"), False, "STARTTLS"),
        (ValueError("Invalid address"), True, "Invalid address"),
    ],
)
def test_it_tells_errors_that_pass_from_those_that_stay(error, permanent: bool, says: str) -> None:
    found = explained(error)
    assert found.permanent is permanent
    assert says in found.message
    assert "secret" not in found.message


class Letterbox:
    """What a mail server got, and the answers that it gives: those in ``answers`` come first."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server(letterbox: Letterbox, port: int) -> Iterator[None]:
    controller = Controller(letterbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def port(settings: Any) -> int:
    """A free port, where mail goes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    return port


def test_it_waits_while_the_mail_server_is_down_and_sends_when_it_is_back(alice: User, port: int) -> None:
    row = email_of(tell(alice, subject="Prüfung ist fertig"))
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("pending", 1)
    assert "ConnectionRefusedError" in row.last_error

    letterbox = Letterbox()
    with mail_server(letterbox, port):
        hurry()
        deliver_due()
        deliver_due()
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("sent", 2)
    (got,) = letterbox.mails
    assert isinstance(got, EmailMessage)
    assert (got["Subject"], got["To"]) == ("Prüfung ist fertig", "alice@example.org")
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("answer", "status"), [("451 come back later", "pending"), ("554 we do not want this", "failed")]
)
def test_it_believes_what_the_mail_server_says(alice: User, port: int, answer: str, status: str) -> None:
    row = email_of(tell(alice))
    letterbox = Letterbox()
    letterbox.answers = [answer]
    with mail_server(letterbox, port):
        deliver_due()
    row.refresh_from_db()
    assert row.status == status
    assert answer in row.last_error


def test_it_holds_up_no_one_for_an_address_that_is_none(alice: User, bob: User, port: int) -> None:
    alice.email = "alice@\nexample.org"
    alice.save()
    refused, fine = email_of(tell(alice)), email_of(tell(bob))
    letterbox = Letterbox()
    with mail_server(letterbox, port):
        deliver_due()
    refused.refresh_from_db()
    fine.refresh_from_db()
    assert (refused.status, fine.status) == ("failed", "sent")
    assert len(letterbox.mails) == 1
