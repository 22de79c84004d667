from __future__ import annotations

from django.conf import settings
from django.db import models


class Choice(models.Model):
    """That a person wants, or does not want, to be told of an event over a transport.

    Where there is no row, the default of the event's topic holds.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notification_choices",
        db_index=False,
    )
    event = models.CharField(max_length=100)
    transport = models.CharField(max_length=30)
    on = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "event", "transport"], name="choice_once_per_transport")
        ]

    def __str__(self) -> str:
        return f"{self.event} by {self.transport}: {'on' if self.on else 'off'}"
