"""The addresses of the meetings pages."""

from django.urls import path

from shipspeak.meetings import views

app_name = "meetings"
urlpatterns = [
    path("", views.meeting_list, name="list"),
    path("new/", views.new, name="new"),
]
