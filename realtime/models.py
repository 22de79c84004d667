"""The log: streams, their events, and the commands that were answered."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils import timezone


class Stream(models.Model):
    """An ordered, durable log of events, such as ``user:7`` or ``system``.

    Its row is the lock under which events get their numbers, so it is written in every transaction
    that publishes to the stream, and only by `realtime.log`.
    """

    name = models.CharField(max_length=100, unique=True)
    epoch = models.CharField(max_length=32, help_text="Which life of the stream the numbers belong to.")
    seq = models.PositiveBigIntegerField(default=0, help_text="The number of the newest event.")
    floor = models.PositiveBigIntegerField(default=0, help_text="Events up to this number were pruned.")

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """A durable fact in a stream, kept in the very words in which clients get it."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField()
    name = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    frame = models.TextField(help_text="The frame of the protocol, encoded once, by the writer.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="realtime_event_once_per_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.seq}"

    @property
    def data(self) -> dict[str, Any]:
        """What the event tells, decoded."""
        data: dict[str, Any] = json.loads(self.frame)["data"]
        return data


class AnsweredCommand(models.Model):
    """A command that was carried out or refused, kept so that its repetition gets the same answer."""

    person = models.CharField(max_length=64, help_text="Primary key of who sent it.")
    command = models.UUIDField(help_text="The client's own id of it.")
    name = models.CharField(max_length=100)
    reply = models.TextField(blank=True, help_text="The frame that answered it.")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "command"], name="realtime_command_done_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.command}"
