"""What a transport is: a way in which a notification reaches a person."""

from __future__ import annotations

from typing import Protocol

from django.contrib.auth.models import AbstractUser

from notifications.models import Delivery


class TransportError(Exception):
    """A notification could not be sent.

    Args:
        message: what happened, in a sentence for operators. No secrets.
        permanent: whether trying again cannot help.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent


class Transport(Protocol):
    """A way to a person. A folder here with a ``transport.py`` that holds ``TRANSPORT`` adds one.

    Attributes:
        name: the folder's name; stored with each delivery.
        title: what people read beside its switch.
        optional: whether people can turn it off.
        immediate: whether the notification's own row is all that it takes. Its deliveries are born sent,
            and `send` is called only when somebody has one sent again.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def optional(self) -> bool: ...
    @property
    def immediate(self) -> bool: ...

    def reachable(self, user: AbstractUser) -> str | None:
        """Why the person cannot be reached, as a sentence; None when they can. Asks nobody else."""
        ...

    def send(self, delivery: Delivery) -> None:
        """Sends it, within `notifications.outbox.SENDING_TIME`. Called outside of any transaction.

        After a crash in between it may be called twice for one delivery: what goes out should carry
        something of the delivery's by which its doubling is noticed.

        Raises:
            TransportError: it could not be sent.
        """
        ...
