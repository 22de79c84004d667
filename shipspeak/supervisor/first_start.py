"""The first administrator, without whom nobody could sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from shipspeak.accounts import sign_in_links
from shipspeak.accounts.models import User

USERNAME = "admin"


@dataclass(frozen=True, slots=True)
class Administrator:
    """The administrator that was made, and the path of a one-time sign-in link if there is no password."""

    username: str
    link: str | None


def first_administrator(environment: Mapping[str, str]) -> Administrator | None:
    """Makes an administrator if there is none; None when there is one already.

    ``DJANGO_SUPERUSER_USERNAME``, ``…_EMAIL`` and ``…_PASSWORD`` say who; with a password no link is made.
    """
    if User.objects.filter(is_superuser=True).exists():
        return None
    username = environment.get("DJANGO_SUPERUSER_USERNAME") or _free_name()
    email = environment.get("DJANGO_SUPERUSER_EMAIL", "")
    password = environment.get("DJANGO_SUPERUSER_PASSWORD") or None
    try:
        with transaction.atomic():
            user = User.objects.create_superuser(username, email, password)
            return Administrator(username, None if password else sign_in_links.issue(user))
    except IntegrityError:  # another machine's first start was quicker
        return None


def unused_administrator() -> str | None:
    """The name of an administrator while no administrator has signed in, nor could with a password."""
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    if any(user.last_login or user.has_usable_password() for user in administrators):
        return None
    return administrators.values_list("username", flat=True).first()


def _free_name() -> str:
    taken = set(User.objects.filter(username__startswith=USERNAME).values_list("username", flat=True))
    names = (USERNAME if number == 1 else f"{USERNAME}{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
