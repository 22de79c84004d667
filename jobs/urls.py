"""The addresses of the jobs pages."""

from django.urls import path

from jobs import schedule_views, views

app_name = "jobs"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("rows/", views.rows_part, name="rows"),
    path("<uuid:pk>/", views.job, name="job"),
    path("<uuid:pk>/view/", views.view_part, name="view"),
    path("<uuid:pk>/card/", views.card_part, name="card"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("<uuid:pk>/retry/", views.retry, name="retry"),
    path("<uuid:pk>/repeat/", schedule_views.repeat, name="repeat"),
    path("<uuid:pk>/priority/", views.priority, name="priority"),
]
