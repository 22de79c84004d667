"""Notifications over REST: list, mark as read, choose."""

from __future__ import annotations

import re
from typing import Any, cast

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from notifications import actions, feed
from notifications.api.serializers import (
    ChoiceSerializer,
    NotificationSerializer,
    QuerySerializer,
    ReadAllSerializer,
    TopicSerializer,
)
from notifications.models import Notification
from notifications.preferences import UnknownChoice, choose, switches
from notifications.topics import TOPICS

ID = re.compile(r"\d{1,18}", re.ASCII)


class Newest(CursorPagination):
    """Pages of 50, newest first."""

    page_size = 50
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the address, if it has one. NotFound for one with a place that is no id."""
        cursor: Cursor | None = super().decode_cursor(request)
        place = cursor.position if cursor else None
        if place is not None and not ID.fullmatch(str(place)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class Notifications(ListAPIView[Notification]):
    """The person's notifications, newest first."""

    serializer_class = NotificationSerializer
    pagination_class = Newest
    queryset = Notification.objects.none()  # tells the OpenAPI document the type of the ids

    @extend_schema(parameters=[QuerySerializer])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them; with ``?unread=true`` of those that are not read, with ``false`` of the others."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Notification]:
        """The person's own, as the query wants them."""
        query = QuerySerializer(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        own = Notification.objects.filter(recipient_id=self.request.user.pk)
        unread = query.validated_data.get("unread")
        return own if unread is None else own.filter(read_at__isnull=unread)


class Read(APIView):
    """Marks one as read."""

    @extend_schema(request=None, responses=NotificationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Answers it as it is now; doing it twice changes nothing."""
        try:
            notification = actions.mark_read(_person(request), pk)
        except Notification.DoesNotExist:
            raise NotFound("There is no such notification of yours.") from None
        return Response(NotificationSerializer(notification).data)


class ReadAll(APIView):
    """Marks all as read."""

    @extend_schema(request=None, responses=ReadAllSerializer)
    def post(self, request: Request) -> Response:
        """Answers how many that were, and how many are unread now."""
        count = actions.mark_all_read(_person(request))
        return Response({"read": count, "unread": feed.unread(_person(request).pk)})


class Preferences(APIView):
    """What the person is told of, and over which transports."""

    @extend_schema(responses=TopicSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All that can be chosen, as it stands."""
        return Response(_preferences(_person(request)))

    @extend_schema(request=ChoiceSerializer, responses=TopicSerializer(many=True))
    def post(self, request: Request) -> Response:
        """Makes one choice; answers all of them."""
        choice = ChoiceSerializer(data=request.data)
        choice.is_valid(raise_exception=True)
        try:
            choose(_person(request), **choice.validated_data)
        except UnknownChoice as error:
            raise ValidationError({error.field: [error.message]}) from None
        return Response(_preferences(_person(request)))


def _preferences(user: AbstractUser) -> Any:
    topics = [
        {"event": event, "title": TOPICS[event].title, "transports": transports}
        for event, transports in switches(user).items()
    ]
    return TopicSerializer(topics, many=True).data


def _person(request: Request) -> AbstractUser:
    return cast("AbstractUser", request.user)
