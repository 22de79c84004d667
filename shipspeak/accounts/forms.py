"""The form by which people sign in."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from shipspeak.accounts import guessing

TOO_MANY = (
    "There were too many wrong passwords for this name, so it can’t sign in for now. Wait an hour at most "
    "and try again, or ask the person who runs this ShipSpeak for a link that signs you in."
)


class SignInForm(AuthenticationForm):
    """Name and password."""

    def get_invalid_login_error(self) -> ValidationError:
        """What to say when it did not work."""
        if self.request and guessing.must_wait(self.request, self.cleaned_data["username"]):
            return ValidationError(TOO_MANY, code="too_many_tries")
        return super().get_invalid_login_error()
