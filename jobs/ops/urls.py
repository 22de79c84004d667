"""The addresses of the operations page."""

from django.urls import path

from jobs.ops import views

app_name = "ops"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("now/", views.now_part, name="now"),
    path("outlook/", views.outlook_page, name="outlook"),
    path("outlook/part/", views.outlook_part, name="outlook-part"),
    path("pause/", views.pause, name="pause"),
    path("resume/", views.resume, name="resume"),
    path("doors/<int:pk>/open/", views.open_door, name="open-door"),
    path("requeue/", views.requeue, name="requeue"),
]
