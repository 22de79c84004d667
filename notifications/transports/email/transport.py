"""By email, through the mail server that `EMAIL_URL` names."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.urls import reverse

from notifications.models import Delivery
from notifications.transports.contract import TransportError

_TEMPLATES = Engine(dirs=[str(Path(__file__).parent / "templates")])


@dataclass(frozen=True, slots=True)
class Email:
    """Text, and the same as simple HTML."""

    name: str = "email"
    title: str = "By email"
    optional: bool = True
    immediate: bool = False

    def reachable(self, user: AbstractUser) -> str | None:
        """Why there is no one to write to."""
        if not user.is_active:
            return "The account is switched off."
        return None if user.email else "The account has no email address."

    def send(self, delivery: Delivery) -> None:
        """Sends it; raises `TransportError`."""
        try:
            message(delivery).send()
        except (OSError, ValueError) as error:
            raise explained(error) from error


def message(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail for ``delivery``. Its Message-ID is always the same, so that a doubled one is noticed."""
    notification = delivery.notification
    context = {
        "notification": notification,
        "link": settings.SITE_URL + notification.link if notification.link else "",
        "preferences": settings.SITE_URL + reverse("notifications:preferences"),
    }
    mail = EmailMultiAlternatives(
        subject=_render("subject.txt", context).strip(),
        body=_render("body.txt", context),
        to=[notification.recipient.email],
        headers={
            "Message-ID": f"<delivery-{delivery.pk}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: no absence notes in return, please
        },
    )
    mail.attach_alternative(_render("body.html", context), "text/html")
    return mail


def explained(error: OSError | ValueError) -> TransportError:
    """What went wrong, and whether it can go better later (RFC 5321, section 4.2.1: 4yz may, 5yz not).

    A refused password is the operator's to mend, and then all that waited goes out: not permanent.
    """
    match error:
        case smtplib.SMTPAuthenticationError():
            return TransportError(f"The mail server refused our user name or password ({error.smtp_code}).")
        case smtplib.SMTPRecipientsRefused():
            return _recipient_refused(error)
        case smtplib.SMTPResponseException():
            return TransportError(
                f"The mail server answered {_answer(error.smtp_code, error.smtp_error)}",
                permanent=error.smtp_code >= 500,
            )
        case ValueError():
            return TransportError(f"This cannot be written as a mail: {error}", permanent=True)
    return TransportError(f"The mail could not be handed over: {type(error).__name__}: {error}")


def _recipient_refused(error: smtplib.SMTPRecipientsRefused) -> TransportError:
    code, text = next(iter(error.recipients.values()))
    return TransportError(
        f"The mail server refused the address: {_answer(code, text)}", permanent=code >= 500
    )


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _render(template: str, context: dict[str, Any]) -> str:
    return _TEMPLATES.get_template(template).render(Context(context))


TRANSPORT = Email()
