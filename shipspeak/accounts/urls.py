"""The addresses of signing in and out."""

from django.urls import path

from shipspeak.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-in/once/<str:token>/", views.one_time, name="one_time"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("settings/password/", views.password, name="password"),
]
