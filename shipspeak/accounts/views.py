"""Signing in and out, and changing one's password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from shipspeak.accounts import sign_in_links
from shipspeak.accounts.forms import SignInForm
from shipspeak.accounts.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(LoginView):
    """The sign-in form; leads on to where the person wanted to go."""

    form_class = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


@method_decorator(never_cache, name="dispatch")
class SignOut(LogoutView):
    """Ends the session, on POST only, so that no foreign page can do it with an image."""

    template_name = "accounts/signed_out.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one_time(request: HttpRequest, token: str) -> HttpResponse:
    """A link that signs in once. Looking at it changes nothing; its button does.

    Mail and chat programs fetch links to preview them: one that worked on GET would be used up by that.
    """
    if request.method != "POST":
        return _one_time_page(request, sign_in_links.user_of(token))
    person = sign_in_links.redeem(token)
    if person is None:
        return _one_time_page(request, None)
    login(request, person, backend=BACKEND)
    if not person.has_usable_password():
        messages.info(
            request, "You are signed in. Choose a password in the settings, to sign in again later."
        )
    return redirect("/")


@sensitive_post_parameters()
@never_cache
@login_required
def password(request: HttpRequest) -> HttpResponse:
    """Changes the person's password, or sets the first one; their other sessions and their links end."""
    assert isinstance(request.user, User)
    form = _password_form(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        update_session_auth_hash(request, form.save())
        sign_in_links.withdraw(request.user)
        messages.success(request, "Your password is changed.")
        return redirect("accounts:password")
    return render(request, "accounts/password.html", {"form": form})


def _one_time_page(request: HttpRequest, person: User | None) -> HttpResponse:
    return render(request, "accounts/one_time.html", {"person": person}, status=200 if person else 410)


def _password_form(user: User, data: Any) -> SetPasswordForm[User]:
    return PasswordChangeForm(user, data) if user.has_usable_password() else SetPasswordForm(user, data)
