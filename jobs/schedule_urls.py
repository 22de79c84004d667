"""The addresses of the pages of repeated jobs."""

from django.urls import path

from jobs import schedule_views

app_name = "schedules"
urlpatterns = [
    path("", schedule_views.schedule_list, name="list"),
    path("<uuid:pk>/switch/", schedule_views.switch, name="switch"),
    path("<uuid:pk>/delete/", schedule_views.delete, name="delete"),
]
