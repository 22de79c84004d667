"""The notifications' objects of the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notifications.feed import notification_data
from notifications.models import Notification


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """A notification: the same object as in events."""

    job = serializers.UUIDField(source="job_id", allow_null=True)

    class Meta:
        model = Notification
        fields = ("id", "event", "level", "subject", "body", "link", "job", "created_at", "read_at")
        read_only_fields = fields

    def to_representation(self, instance: Notification) -> dict[str, Any]:
        """See `notifications.feed.notification_data`."""
        return notification_data(instance)


class QuerySerializer(serializers.Serializer[Any]):
    """What may follow the question mark."""

    unread = serializers.BooleanField(required=False)


class ReadAllSerializer(serializers.Serializer[dict[str, int]]):
    """How many were marked as read, and how many are left."""

    read = serializers.IntegerField()
    unread = serializers.IntegerField()


class ChoiceSerializer(serializers.Serializer[dict[str, Any]]):
    """A choice: whether an event is told over a transport."""

    event = serializers.CharField()
    transport = serializers.CharField()
    on = serializers.BooleanField()


class SwitchSerializer(serializers.Serializer[Any]):
    """A transport for an event: whether it is on, whether that can be changed, and what stands in its way."""

    transport = serializers.CharField(source="transport.name")
    title = serializers.CharField(source="transport.title")
    on = serializers.BooleanField()
    fixed = serializers.BooleanField()
    obstacle = serializers.CharField(allow_null=True)


class TopicSerializer(serializers.Serializer[Any]):
    """An event that one can be told of, and over what."""

    event = serializers.CharField()
    title = serializers.CharField()
    transports = SwitchSerializer(many=True)
