"""Plain functions that make what tests need."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from shipspeak.accounts.models import User

PASSWORD = "correct horse battery staple"


def make_user(username: str, **fields: Any) -> User:
    """A person who can sign in with `PASSWORD`."""
    user = User(username=username, email=f"{username}@example.org", **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def make_team(name: str, *people: User) -> Group:
    """A team of ``people``."""
    team = Group.objects.create(name=name)
    team.user_set.set(people)
    return team
