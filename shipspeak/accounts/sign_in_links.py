"""Links that sign a person in once: how the first administrator gets in without a password."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from shipspeak.accounts.models import SignInLink, User
from shipspeak.accounts.tokens import digest_of, new_token

VALID_FOR = timedelta(hours=24)


def issue(user: User) -> str:
    """Makes a link for ``user``; returns its path, which is never seen again."""
    token = new_token()
    SignInLink.objects.create(user=user, digest=digest_of(token), expires_at=timezone.now() + VALID_FOR)
    return reverse("accounts:one_time", args=[token])


def user_of(token: str) -> User | None:
    """Whom the link with ``token`` would sign in; None when it is unknown, used or expired."""
    link = _usable(token).select_related("user").first()
    return link.user if link else None


def redeem(token: str) -> User | None:
    """Uses the link up and returns whom to sign in; None when someone was quicker, or it can't be used."""
    user = user_of(token)
    used = _usable(token).update(used_at=timezone.now())
    return user if used else None


def withdraw(user: User) -> None:
    """Makes the links that ``user`` did not use yet useless."""
    SignInLink.objects.filter(user=user, used_at=None).update(used_at=timezone.now())


def _usable(token: str) -> QuerySet[SignInLink]:
    links = SignInLink.objects.filter(used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
    return links.filter(digest=digest_of(token))
