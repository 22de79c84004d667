"""What people fill in on the settings page."""

from __future__ import annotations

from django import forms

from shipspeak.accounts.models.api_key import Scope


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        max_length=100,
        label="Name",
        help_text="What the key is for, so that you know later which one to revoke.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Nightly import"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=[(Scope.READ, "Read jobs and results"), (Scope.WRITE, "Submit and change jobs")],
        initial=[Scope.READ, Scope.WRITE],
        label="Allowed to",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that the key may do."},
    )
