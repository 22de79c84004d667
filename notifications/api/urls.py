"""The addresses under ``/api/v1/``."""

from django.urls import path

from notifications.api import views

urlpatterns = [
    path("notifications/", views.Notifications.as_view(), name="notification-list"),
    path("notifications/<int:pk>/read/", views.Read.as_view(), name="notification-read"),
    path("notifications/read-all/", views.ReadAll.as_view(), name="notification-read-all"),
    path("notifications/preferences/", views.Preferences.as_view(), name="notification-preferences"),
]
