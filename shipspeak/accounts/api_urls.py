"""The addresses under ``/api/v1/``."""

from django.urls import path

from shipspeak.accounts import api

urlpatterns = [
    path("auth/token/", api.SignInByPassword.as_view(), name="api-token"),
    path("auth/token/refresh/", api.Refresh.as_view(), name="api-token-refresh"),
    path("ws-ticket/", api.Tickets.as_view(), name="api-ticket"),
]
