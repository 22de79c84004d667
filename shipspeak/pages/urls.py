"""The addresses of dashboard and settings."""

from django.urls import path

from shipspeak.pages import account, dashboard

app_name = "pages"
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("dashboard/jobs/", dashboard.jobs_part, name="dashboard_jobs"),
    path("settings/", account.account, name="settings"),
    path("settings/keys/", account.make_key, name="make_key"),
    path("settings/keys/<int:pk>/revoke/", account.revoke_key, name="revoke_key"),
]
