"""The addresses under ``/api/v1/``."""

from django.urls import path

from realtime.api import events

urlpatterns = [path("streams/<str:stream>/events/", events, name="stream-events")]
